"""Windows that are all the same, or too fine for float32, are said to be, and no others."""

import warnings

import numpy as np
import pytest

from tsnas.data import Standardizer, raw_windows
from tsnas.data.resolution import coarse_channels, warn_of_poor_signal
from tsnas.errors import PoorSignalWarning

SIGNAL = np.random.default_rng(0).normal(size=(20, 16, 2))


def found(x):
    windows = raw_windows(x)
    return coarse_channels(windows, Standardizer.fit(windows))


@pytest.mark.parametrize("offset", [1e5, 1e6, -1e9, 1.7e18])
def test_a_small_signal_on_a_large_offset_is_found(offset):
    x = SIGNAL * 0.01
    x[..., 1] = offset + np.round(x[..., 1], 6) * (1e4 if abs(offset) > 1e17 else 1)
    ((channel, (mean, deviation, step)),) = found(x).items()
    assert channel == 1
    assert mean == pytest.approx(offset)
    assert deviation == pytest.approx(x[..., 1].std(), rel=0.01)
    assert deviation < 32 * step
    windows = raw_windows(x)
    with pytest.warns(PoorSignalWarning, match=r"Channel 1 lies about .*Subtract"):
        warn_of_poor_signal(windows.select([0, 5, 7]), Standardizer.fit(windows))


@pytest.mark.parametrize(
    "x",
    [
        SIGNAL,
        SIGNAL + 1e3,
        SIGNAL * 1e-9,
        SIGNAL.astype(np.float32) + np.float32(1e6),
        (SIGNAL * 100 + 30_000).astype(np.uint16),
        (SIGNAL * 1_000 + 8_000_000).astype(np.int32),
        np.concatenate([SIGNAL, np.full((20, 16, 1), 1e9)], 2),
    ],
    ids=["plain", "offset", "small", "float32", "uint16", "24 bits", "constant channel"],
)
def test_others_are_not(x):
    assert not found(x)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_poor_signal(raw_windows(x), Standardizer.fit(raw_windows(x)))


def test_windows_that_float32_makes_the_same_are_said_to_be_too_fine():
    windows = raw_windows(1e6 + 0.001 * SIGNAL)
    with pytest.warns(PoorSignalWarning) as told:
        warn_of_poor_signal(windows, Standardizer.fit(windows))
    assert [str(one.message)[:14] for one in told] == ["Channel 0 lies", "Channel 1 lies"]


@pytest.mark.parametrize("window", [np.zeros((1, 16, 2)), SIGNAL[:1]], ids=["zeros", "one window again and again"])
def test_windows_that_are_all_the_same_are_said_to_be(window):
    windows = raw_windows(np.repeat(window, 20, 0))
    with pytest.warns(PoorSignalWarning, match="All 20 windows are the same"):
        warn_of_poor_signal(windows, Standardizer.fit(windows))
    windows = raw_windows(np.concatenate([np.repeat(window, 20, 0), SIGNAL[1:2]]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_poor_signal(windows, Standardizer.fit(windows))
