"""Moments: those of NumPy bit for bit where windows are few, in parts and of a draw where they are many."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tsnas.data import Windows, lazy_windows
from tsnas.data import moments as module
from tsnas.data.moments import moments


@given(st.integers(1, 50), st.integers(1, 40), st.integers(1, 9), st.floats(-1e3, 1e3), st.integers(0, 9))
def test_few_windows_have_exactly_the_moments_of_numpy(windows, time, channels, offset, seed):
    x = (np.random.default_rng(seed).standard_normal((windows, time, channels)) + offset).astype(np.float32)
    for found in (moments(x), moments(Windows(x))):
        np.testing.assert_array_equal(found.low, x.min(axis=(0, 1)))
        np.testing.assert_array_equal(found.high, x.max(axis=(0, 1)))
        np.testing.assert_array_equal(found.mean, x.mean(axis=(0, 1), dtype=np.float64))
        np.testing.assert_array_equal(found.std, x.std(axis=(0, 1), dtype=np.float64))


def test_parts_have_the_moments_of_the_whole(monkeypatch):
    monkeypatch.setattr(lazy_windows, "PART_VALUES", 70)
    x = np.random.default_rng(0).normal(1e4, 1, (31, 8, 3)).astype(np.float32)
    found = moments(x)
    np.testing.assert_array_equal(found.low, x.min(axis=(0, 1)))
    np.testing.assert_array_equal(found.high, x.max(axis=(0, 1)))
    np.testing.assert_allclose(found.mean, x.mean(axis=(0, 1), dtype=np.float64), rtol=1e-13)
    np.testing.assert_allclose(found.std, x.std(axis=(0, 1), dtype=np.float64), rtol=1e-10)


def test_of_many_windows_the_same_are_drawn_each_time(monkeypatch):
    monkeypatch.setattr(module, "MOST_WINDOWS", 40)
    x = np.arange(1000 * 8, dtype=np.int32).reshape(1000, 8, 1)
    found, again = moments(x), moments(Windows(x))
    assert found == again
    assert found.mean != x.mean()
    assert abs(found.mean - x.mean()) < x.std() / 2
