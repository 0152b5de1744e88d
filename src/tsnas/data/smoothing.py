"""Smoothing of answers: the mean over the last windows of a stream, and the delay that it costs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tsnas.data.signal import Signal

# As many windows may be averaged at most.
MOST_WINDOWS = 64


def smooth_answers(probabilities: np.ndarray, k: int, rejected: np.ndarray | None = None) -> np.ndarray:
    """Returns the mean probabilities of each window and the ones right before it, as the exported C computes them.

    Args:
        probabilities: array (windows, classes) of the windows of one stream, in its order; levels of an int8 output do
            as well, and their means are exact.
        k: int, number of windows that are averaged; the first windows of the stream use those that there are.
        rejected: bool array (windows,), windows that are rejected, which do not count. Defaults to None: none is.

    Returns:
        float64 array (windows, classes); 0 where all of the last `k` windows are rejected.

    Example:
        >>> smooth_answers(np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]]), 2).argmax(axis=1)
        array([0, 0, 1])
    """
    counted = np.ones(len(probabilities)) if rejected is None else 1.0 - rejected
    sums = _last_summed(probabilities.astype(np.float64) * counted[:, np.newaxis], k)
    return sums / np.maximum(_last_summed(counted, k), 1)[:, np.newaxis]


def smooth_rejections(rejected: np.ndarray, k: int) -> np.ndarray:
    """Returns which answers are a rejection: where more than half of the last windows are rejected.

    If it is half of them, the last window decides.

    Args:
        rejected: bool array (windows,), the windows of one stream, in its order.
        k: int, as in `smooth_answers`.

    Returns:
        bool array (windows,).

    Example:
        >>> smooth_rejections(np.array([False, True, False, True, True]), 3)
        array([False,  True, False,  True,  True])
    """
    found = 2 * _last_summed(rejected.astype(np.int64), k) - _last_summed(np.ones(len(rejected), np.int64), k)
    return (found > 0) | ((found == 0) & rejected)


def _last_summed(values: np.ndarray, k: int) -> np.ndarray:
    """Returns the sum of each row and the k - 1 before it. A running sum would round differently."""
    sums = np.zeros_like(values)
    for back in range(min(k, len(values))):
        sums[back:] += values[: len(values) - back]
    return sums


class Delay(NamedTuple):
    """The delay that smoothing adds to the answer after a change of the class.

    Args:
        mean: float, the delay of the mean of the windows.
        worst: float, until no window from before the change counts any more.
    """

    mean: float
    worst: float


def delay_of(k: int, stride: float = 1.0) -> Delay:
    """Returns the delay by smoothing over `k` windows, in the unit of the stride.

    Args:
        k: int, number of windows that are averaged.
        stride: float, time or samples from one window to the next. Defaults to 1: the delay is in strides.

    Returns:
        A `Delay`.

    Example:
        >>> delay_of(5, stride=320.0)
        Delay(mean=640.0, worst=1280.0)
    """
    return Delay((k - 1) / 2 * stride, (k - 1) * stride)


def smoothing_note(k: int, signal: Signal | None) -> str:
    """Returns in words what smoothing does and costs; an empty string for `k` = 1.

    Args:
        k: int, number of windows that are averaged.
        signal: `Signal` by which the windows are cut, or None; without its rate the delay is in strides.

    Example:
        >>> smoothing_note(5, Signal(window=64, stride=32, rate_hz=100))
        'answers are the mean of 5 windows, which delays a change by 640 ms in the mean and 1280 ms at most'
    """
    if k == 1:
        return ""
    stride_ms = None if signal is None else signal.deadline_ms
    unit = "strides" if stride_ms is None else "ms"
    mean, worst = (f"{value:.4g} {unit}" for value in delay_of(k, stride_ms or 1.0))
    return f"answers are the mean of {k} windows, which delays a change by {mean} in the mean and {worst} at most"
