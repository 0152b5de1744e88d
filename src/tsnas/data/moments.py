"""Moments of the channels of windows: extremes, means and deviations, of a draw where many, without wild values."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tsnas.data.lazy_windows import AnyWindows, parts
from tsnas.data.wild import Reach, Tally, are_wild, may_hold_wild, reach, tally

# Of more windows so many are drawn; then a mean is off by at most half a percent of the standard deviation.
MOST_WINDOWS = 2**16
# So many windows tell what is ordinary.
TYPICAL_WINDOWS = 2**11


class Moments(NamedTuple):
    """Moments of each channel; arrays (channels,).

    Args:
        low, high: smallest and largest value that is not wild.
        mean, std: mean and standard deviation of those values, in float64.
        wild: number of wild values (`tsnas.data.wild`); usually 0.
    """

    low: np.ndarray
    high: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    wild: np.ndarray


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
    found_all = Moments(low, high, mean, np.sqrt(np.sum(squares, axis=0) / count), np.zeros(len(mean), int))
    doubtful = [
        index for index in range(len(mean)) if may_hold_wild(low[index], high[index], mean[index], found_all.std[index])
    ]
    return _without_wild(x, rows, found_all, doubtful) if doubtful else found_all


def _without_wild(x: AnyWindows, rows: np.ndarray | None, found: Moments, doubtful: list[int]) -> Moments:
    """Returns the moments of the values that are not wild; those of a channel without wild values stay as they are."""
    every = np.arange(len(x)) if rows is None else rows
    typical = x[np.sort(np.random.default_rng(0).permutation(every)[:TYPICAL_WINDOWS])]
    ends = {index: reach(typical[..., index]) for index in doubtful}
    counts = {index: Tally(0, 0, 0, 0) for index in doubtful}
    for part in parts(x, rows):
        for index, own in ends.items():
            more = tally(part[..., index], own)
            counts[index] = Tally(*(one + other for one, other in zip(counts[index], more, strict=True)))
    low, high, mean, std = (array.astype(np.float64) for array in found[:4])
    wild = found.wild.copy()
    for index in (index for index in doubtful if are_wild(counts[index])):
        low[index], high[index], mean[index], std[index] = _moments_within(x, rows, index, ends[index])
        wild[index] = counts[index].beyond
    return Moments(low, high, mean, std, wild) if wild.any() else found


def _moments_within(x: AnyWindows, rows: np.ndarray | None, index: int, ends: Reach) -> tuple[float, ...]:
    total, squares, count, low, high = 0.0, 0.0, 0, np.inf, -np.inf
    middle = (ends.lower + ends.upper) / 2
    for part in parts(x, rows):
        values = part[..., index].astype(np.float64)
        values = values[(values >= ends.lower) & (values <= ends.upper)]
        if len(values):
            total, squares = total + (values - middle).sum(), squares + np.square(values - middle).sum()
            count, low, high = count + len(values), min(low, values.min()), max(high, values.max())
    mean = total / count
    return low, high, middle + mean, math.sqrt(max(squares / count - mean**2, 0.0))
