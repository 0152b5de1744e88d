"""Windows that are read lazily: the same values as all at once, and no memory for those that are not read."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsnas.data import Standardizer, Windows, lazy_windows
from tsnas.data.lazy_windows import parts

RNG = np.random.default_rng(0)


@given(
    code=st.sampled_from("bBhHiIlefd?"),
    rows=st.none() | st.lists(st.integers(0, 11), min_size=1, max_size=20),
    index=st.sampled_from([slice(None), slice(1, 3), slice(None, None, -2), 0, [0, 0], np.zeros((2, 3), int)]),
    standardised=st.booleans(),
    fortran=st.booleans(),
)
def test_what_is_read_is_what_all_windows_have_there(code, rows, index, standardised, fortran):
    raw = (50 * RNG.random((12, 9, 2))).astype(code)
    rows = None if rows is None else np.array(rows)
    standardizer = Standardizer((3.0, -1.0), (0.7, 20.0)) if standardised else None
    expected = raw.astype(np.float32)
    if standardised:
        expected = ((expected - np.array([3.0, -1.0])) / np.array([0.7, 20.0])).astype(np.float32)[..., np.newaxis]
    expected = expected if rows is None else expected[rows]
    windows = Windows(np.asfortranarray(raw) if fortran else raw, standardizer, rows)
    found = windows[index]
    assert found.dtype == windows.dtype == np.float32
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(found, expected[index])
    assert (len(windows), windows.shape) == (len(expected), expected.shape)
    np.testing.assert_array_equal(windows.select([0, -1, 0])[:], expected[[0, -1, 0]])
    np.testing.assert_array_equal(windows.select(slice(0, 5)).select([0])[:], expected[[0]])


def test_a_batch_takes_memory_for_itself_alone():
    raw = np.zeros((20_000, 128, 2), np.int16)
    tracemalloc.start()
    windows = Windows(raw, Standardizer((0.0, 0.0), (1.0, 1.0))).select(np.arange(10_000, 12_000))
    assert windows[np.arange(64)].shape == (64, 128, 2, 1)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < raw.nbytes / 10


def test_numpy_does_not_copy_all_by_accident():
    with pytest.raises(TypeError, match="12 windows are not copied by accident"):
        np.asarray(Windows(np.zeros((12, 8, 1))))


def test_parts_are_all_windows_in_order(monkeypatch):
    monkeypatch.setattr(lazy_windows, "PART_VALUES", 50)
    x = RNG.random((11, 8, 2))
    assert [len(part) for part in parts(x)] == [3, 3, 3, 2]
    np.testing.assert_array_equal(np.concatenate(list(parts(x))), x)
    np.testing.assert_array_equal(np.concatenate(list(parts(x, np.array([9, 2, 2, 4])))), x[[9, 2, 2, 4]])
    assert [len(part) for part in parts(np.zeros((2, 100, 3)))] == [1, 1]


def test_the_digest_is_that_of_the_values_and_taken_once(monkeypatch):
    x = np.arange(12 * 8).reshape(12, 8, 1)
    windows = Windows(x.astype(np.int16))
    assert windows.digest == Windows(x.astype(np.float64)).digest
    others = [
        Windows(x + 1),
        Windows(x.reshape(6, 16, 1)),
        windows.select([1, 0]),
        Windows(x, Standardizer((0,), (2,))),
    ]
    assert len({windows.digest, *(other.digest for other in others)}) == 5
    monkeypatch.setattr(lazy_windows, "parts", None)
    assert windows.digest
