"""Features of each channel of a window: mean, deviation, extremes, slope, median, and the bands of its spectrum."""

from __future__ import annotations

import numpy as np

BANDS = 8
# Of each channel of a long window.
FEATURES = 6 + BANDS


def series_features(x: np.ndarray) -> np.ndarray:
    """Computes features of windows for a classifier that knows nothing of time, such as a forest.

    Args:
        x: float array (windows, time, channels), at least two samples long.

    Returns:
        float32 array (windows, features x channels): for all channels the mean, then the standard deviation, minimum,
        maximum, slope (per sample, by least squares), median, and mean amplitude in eight bands of the spectrum above
        zero, each wider than the last by the same ratio (fewer bands for short windows).

    Example:
        >>> series_features(np.zeros((10, 128, 3))).shape
        (10, 42)
    """
    x = x.astype(np.float64)
    time = x.shape[1]
    mean = x.mean(axis=1)
    centred = x - mean[:, np.newaxis]
    place = np.arange(time) - (time - 1) / 2.0
    slope = np.einsum("t,ntc->nc", place, centred) / (place @ place)
    spectrum = np.abs(np.fft.rfft(centred, axis=1)[:, 1:])
    edges = np.unique(np.round(spectrum.shape[1] ** (np.arange(1, BANDS + 1) / BANDS)).astype(int))
    bands = [band.mean(axis=1) for band in np.split(spectrum, edges[:-1], axis=1)]
    found = [mean, x.std(axis=1), x.min(axis=1), x.max(axis=1), slope, np.median(x, axis=1), *bands]
    return np.concatenate(found, axis=1).astype(np.float32)
