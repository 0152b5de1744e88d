"""A shared array is read from its file, or sent if it has none."""

import pickle

import hypothesis.extra.numpy as arrays
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tsnas.data.mapped import piece_of
from tsnas.workers.shared import SharedArray


@given(array=arrays.arrays(st.sampled_from([np.float32, np.int16]), arrays.array_shapes(max_dims=4, max_side=5)))
def test_both_ways_give_the_same_array(array, tmp_path_factory):
    path = tmp_path_factory.mktemp("shared") / "array.bin"
    for shared in (SharedArray(array), SharedArray(array, path)):
        received = pickle.loads(pickle.dumps(shared))
        np.testing.assert_array_equal(np.asarray(received), array)
        assert len(received) == len(array)
        assert np.asarray(received).dtype == array.dtype
        assert np.asarray(shared) is array or np.shares_memory(np.asarray(shared), array)
    assert path.exists()
    del received
    assert path.exists()
    del shared
    assert not path.exists()


def test_a_file_is_sent_as_its_path(tmp_path):
    array = np.zeros(100_000)
    assert len(pickle.dumps(SharedArray(array, tmp_path / "array.bin"))) < 1000 < len(pickle.dumps(SharedArray(array)))


def test_a_piece_of_a_file_is_not_written_again(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(24).reshape(6, 4))
    piece = piece_of(np.load(tmp_path / "x.npy", mmap_mode="r")[2:])
    here, elsewhere = SharedArray(piece, tmp_path / "array.bin"), SharedArray(piece)
    for shared in (here, elsewhere):
        np.testing.assert_array_equal(np.asarray(shared), np.arange(24).reshape(6, 4)[2:])
        assert len(shared) == 4
    sent = [pickle.dumps(shared) for shared in (here, elsewhere)]
    assert [path.name for path in tmp_path.iterdir()] == ["x.npy"]
    (tmp_path / "x.npy").unlink()
    # On another machine there is no such file.
    np.testing.assert_array_equal(np.asarray(pickle.loads(sent[1])), np.arange(8, 24).reshape(4, 4))
