"""Features of series: against their definitions, and finite whatever the window."""

import itertools

import numpy as np
import pytest

from tsnas.plain.series_features import FEATURES, series_features


def test_against_the_definitions():
    x = np.random.default_rng(0).normal(size=(4, 100, 2)).astype(np.float32) + [5, -300]
    found = series_features(x)
    assert found.dtype == np.float32
    assert found.shape == (4, 2 * FEATURES)
    for window, features in zip(x, found, strict=True):
        for channel in range(2):
            series = window[:, channel]
            mean, std, low, high, slope, median, *bands = features[channel::2]
            assert (low, high) == (np.float32(series.min()), np.float32(series.max()))
            expected = [series.mean(), series.std(), np.polyfit(np.arange(100), series, 1)[0], np.median(series)]
            np.testing.assert_allclose([mean, std, slope, median], expected, rtol=1e-3, atol=1e-6)
            amplitudes = np.abs(np.fft.fft(series - series.mean()))[1:51]
            # Powers of the eighth root of 50, rounded.
            edges = [0, *sorted({round(50 ** (k / 8)) for k in range(1, 9)})]
            expected = [amplitudes[a:b].mean() for a, b in itertools.pairwise(edges)]
            np.testing.assert_allclose(bands, expected, rtol=1e-3)


def test_a_wave_is_in_the_band_of_its_frequency():
    time = np.arange(256) / 256
    lows, highs = (np.sin(2 * np.pi * cycles * time)[np.newaxis, :, np.newaxis] for cycles in (1, 120))
    assert series_features(lows)[0, 6:].argmax() == 0
    assert series_features(highs)[0, 6:].argmax() == 7


@pytest.mark.parametrize("time", [2, 8, 9, 500])
@pytest.mark.parametrize("value", [0.0, 1e30, -0.1])
def test_constant_windows_give_finite_features(time, value):
    found = series_features(np.full((3, time, 60), value, np.float32))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[:, :60], value, rtol=1e-6)
