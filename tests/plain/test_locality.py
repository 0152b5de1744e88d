"""Test of locality: shapes of a few samples are told by short kernels, shapes over a window by dilated ones."""

import numpy as np
import pytest

from tests.plain.odd_windows import check_ratio, of_sizes
from tsnas.data import Standardizer
from tsnas.plain.locality import locality_loss_ratio

CODES = np.arange(40) % 2


def ratio(x, codes=CODES, groups=None, seed=0):
    return locality_loss_ratio(Standardizer.fit(x)(x.astype(np.float32)), codes, groups, seed)


def walks(rng):
    """Windows of slow noise, which is the same for both classes and hides what is spread over a window."""
    return np.cumsum(rng.normal(size=(40, 160, 1)), axis=1)


def test_shapes_of_a_few_samples_are_local():
    # One class has three quick saws, at any place.
    rng = np.random.default_rng(0)
    x = walks(rng)
    for window in x[CODES == 1]:
        for place in rng.integers(0, 150, size=3):
            window[place : place + 8, 0] += 6 * (-1.0) ** np.arange(8)
    found, error = ratio(x)
    assert found + error < 1.0


def test_shapes_over_a_window_are_not():
    # Slow waves of two lengths below quick noise.
    rng, times = np.random.default_rng(0), np.arange(160)
    phases = rng.uniform(0, 2 * np.pi, (40, 1))
    waves = np.sin(2 * np.pi * times / np.where(CODES, 40, 60)[:, np.newaxis] + phases)
    found, error = ratio((waves + 0.7 * rng.normal(size=waves.shape))[..., np.newaxis])
    assert found - error > 1.2


def test_the_seed_decides():
    x = walks(np.random.default_rng(0))
    assert ratio(x, seed=1) == ratio(x, seed=1) != ratio(x, seed=2)


@pytest.mark.filterwarnings("error")
@of_sizes((20, 24, 1, 2), (20, 25, 1, 2))
def test_any_windows_are_taken(windows, time, channels, classes, grouped):
    found = check_ratio(ratio, windows, time, channels, classes, grouped)
    # Too few windows of a class, or windows too short for a dilation of two.
    if windows == classes or time <= 24:
        assert found == (1.0, 0.0)
