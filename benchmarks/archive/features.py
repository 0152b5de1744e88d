"""Features of windows for a forest: statistics of each channel and its spectrum in eight bands."""

from __future__ import annotations

import numpy as np

BANDS = 8


def series_features(x: np.ndarray) -> np.ndarray:
    """Returns features of each channel: mean, deviation, smallest and largest value, slope, median and spectrum.

    Args:
        x: array (windows, time, channels).

    Returns:
        array (windows, 14 * channels). The slope is that of the least-squares line; a band is the mean amplitude of an
        eighth of the frequencies above zero. Windows of fewer than 16 samples have fewer bands.
    """
    time = np.linspace(-1.0, 1.0, x.shape[1])
    slope = np.einsum("t,ntc->nc", time, x) / np.sum(time**2)
    amplitudes = np.abs(np.fft.rfft(x, axis=1))[:, 1:]
    bands = [part.mean(axis=1) for part in np.array_split(amplitudes, min(BANDS, amplitudes.shape[1]), axis=1)]
    statistics = [x.mean(axis=1), x.std(axis=1), x.min(axis=1), x.max(axis=1), slope, np.median(x, axis=1)]
    return np.concatenate([*statistics, *bands], axis=1)
