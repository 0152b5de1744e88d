"""A .npz file with anything in it is a data set that can be checked, or a DatasetFileError."""

import contextlib
import io
import pickle

import numpy as np
import pytest
from fuzzing import DAMAGE, damaged, fuzzed
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tsnas.commands.job import check_dataset
from tsnas.datasets import load_npz
from tsnas.errors import DatasetFileError, TsnasError

NAMES = ["x_train", "y_train", "groups_train", "x_test", "y_test", "groups_test", "subject_train", "scale"]
ARRAYS = {
    "x_train": np.arange(12 * 10 * 2, dtype=np.int16).reshape(12, 10, 2),
    "y_train": np.array(["a", "b", "c"] * 4),
    "groups_train": np.arange(12) // 3,
    "x_test": np.arange(4 * 10 * 2, dtype=np.int16).reshape(4, 10, 2),
    "y_test": np.array(["a", "b", "c", "a"]),
    "scale": np.array([0.5, 2.0]),
}


def saved(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


GOOD = saved(**ARRAYS)


def used(path, content):
    path.write_bytes(content)
    with contextlib.suppress(TsnasError):
        check_dataset(load_npz(path))


@pytest.mark.parametrize("kind", DAMAGE)
@fuzzed(10)
@given(st.data())
def test_bytes(tmp_path_factory, kind, data):
    used(tmp_path_factory.getbasetemp() / "bytes.npz", data.draw(damaged(GOOD, kind)))


SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=12)
ODD = hnp.scalar_dtypes().flatmap(lambda dtype: hnp.arrays(dtype, SHAPES))


@fuzzed(50)
@given(st.dictionaries(st.sampled_from(NAMES), st.one_of(st.none(), ODD), min_size=1, max_size=4))
def test_arrays(tmp_path_factory, changes):
    arrays = {name: array for name, array in (ARRAYS | changes).items() if array is not None}
    used(tmp_path_factory.getbasetemp() / "arrays.npz", saved(**arrays))


@pytest.mark.parametrize(
    "header", ["{'descr': '<f4', 'fortran_order': False, 'shape': (%s,), }", "{" * 50, "__import__('os')"]
)
@pytest.mark.parametrize("size", [10**9, 10**18, -1])
def test_headers_that_lie(tmp_path, header, size):
    """An array of exabytes by its header, with no data behind it."""
    import zipfile

    text = (header % size if "%s" in header else header).ljust(117) + "\n"
    member = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()
    with zipfile.ZipFile(tmp_path / "data.npz", "w") as archive:
        archive.writestr("x_train.npy", member)
    with pytest.raises(DatasetFileError):
        load_npz(tmp_path / "data.npz")


def test_pickles_are_not_loaded(tmp_path):
    class Touch:
        def __reduce__(self):
            return (open, (str(tmp_path / "touched"), "w"))

    for content in (saved(**ARRAYS | {"y_train": np.array([Touch()] * 12, dtype=object)}), pickle.dumps(Touch())):
        (tmp_path / "data.npz").write_bytes(content)
        with pytest.raises(DatasetFileError):
            load_npz(tmp_path / "data.npz")
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize("path", ["", "\0", "a" * 5000, "\ud800", "."])
def test_odd_paths(path):
    with pytest.raises(DatasetFileError):
        load_npz(path)
