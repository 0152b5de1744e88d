"""Epochs of few windows: how often they pass over them, and that none is copied."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tsnas.data import Windows
from tsnas.training.epochs import repeated


@given(windows=st.integers(1, 300), batch_size=st.integers(1, 40), most_steps=st.integers(0, 20) | st.none())
def test_an_epoch_has_sixteen_steps_unless_fewer_are_enough(windows, batch_size, most_steps):
    least_steps = 16 if most_steps is None else min(16, most_steps)
    rows = np.arange(windows)
    data = rows.reshape(windows, 1, 1, 1).astype(np.float32), rows, rows / 2
    x, y, weights = repeated(data, batch_size, most_steps)
    if windows >= least_steps * batch_size:
        assert x is data[0]
        return
    assert len(x) // batch_size >= least_steps > (len(x) - windows) // batch_size
    np.testing.assert_array_equal(x[:].ravel(), y)
    np.testing.assert_array_equal(weights, y / 2)
    np.testing.assert_array_equal(np.bincount(y), len(x) // windows)


def test_repeated_windows_are_those_of_the_source():
    source = np.zeros((4, 8, 1, 1), np.float32)
    x, _ = repeated((Windows(source), np.zeros(4, int)), 4)
    assert len(x) == 64
    assert x.source is source
