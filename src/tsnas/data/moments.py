"""Moments of the channels of windows: extremes, means and standard deviations, of a draw where there are many."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tsnas.data.lazy_windows import AnyWindows, parts

# Of more windows so many are drawn; then a mean is off by at most half a percent of the standard deviation.
MOST_WINDOWS = 2**16


class Moments(NamedTuple):
    """Moments of each channel; arrays (channels,).

    Args:
        low, high: smallest and largest value.
        mean, std: mean and standard deviation, in float64.
    """

    low: np.ndarray
    high: np.ndarray
    mean: np.ndarray
    std: np.ndarray


def moments(x: AnyWindows) -> Moments:
    """Computes the moments of each channel, of 65,536 windows if there are more; the same ones each time.

    Args:
        x: array (windows, time, channels), or `Windows`.

    Returns:
        `Moments`.

    Example:
        >>> moments(x).mean
        array([0.02, -0.71, 9.64])
    """
    rows = None
    if len(x) > MOST_WINDOWS:
        rows = np.sort(np.random.default_rng(0).choice(len(x), MOST_WINDOWS, replace=False))
    count = (len(x) if rows is None else len(rows)) * math.prod(x.shape[1:-1])
    found = [
        (part.min(axis=(0, 1)), part.max(axis=(0, 1)), part.sum(axis=(0, 1), dtype=np.float64))
        for part in parts(x, rows)
    ]
    low, high = np.min([one[0] for one in found], axis=0), np.max([one[1] for one in found], axis=0)
    mean = np.sum([one[2] for one in found], axis=0) / count
    squares = []
    for part in parts(x, rows):
        deviations = part - mean
        squares.append(np.multiply(deviations, deviations, out=deviations).sum(axis=(0, 1)))
    return Moments(low, high, mean, np.sqrt(np.sum(squares, axis=0) / count))
