"""Windows that a test out of fold may meet: few, short, constant, of many channels or classes."""

import numpy as np
import pytest

SIZES = [(2, 8, 1, 2), (7, 8, 1, 7), (3, 1, 2, 2), (30, 9, 60, 4), (12, 1000, 1, 3)]


def of_sizes(*further):
    """Parametrises a test by (windows, time, channels, classes), and by whether windows have groups."""

    def marked(test):
        sizes = pytest.mark.parametrize(("windows", "time", "channels", "classes"), [*SIZES, *further])
        return sizes(pytest.mark.parametrize("grouped", [False, True])(test))

    return marked


def check_ratio(ratio, windows, time, channels, classes, grouped):
    """Returns (ratio, error) of such windows, whose first channel is constant, after a look that both are numbers."""
    x = np.random.default_rng(0).normal(size=(windows, time, channels))
    x[:, :, 0] = 0
    found, error = ratio(x, np.arange(windows) % classes, np.arange(windows) // 3 if grouped else None)
    assert 0 < found < np.inf
    assert 0 <= error < np.inf
    return found, error
