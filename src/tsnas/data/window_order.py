"""The order of windows in time: the number of each, where the next window of its recording has the next number."""

from __future__ import annotations

import numpy as np

from tsnas.data.lazy_windows import AnyWindows

# Pairs of neighbours by which the stride is found, and windows that are compared at once.
PAIRS, PORTION = 256, 4096
# Windows overlap by at least one of so many parts.
LEAST_OVERLAP = 8


def find_order(x: AnyWindows, groups: np.ndarray | None = None) -> np.ndarray | None:
    """Finds the order of windows that overlap: the end of one is the beginning of the next, sample by sample.

    Args:
        x: array (windows, time, channels), or such `Windows`, in raw sensor units.
        groups: array (windows,); windows of two groups do not follow each other. Defaults to None.

    Returns:
        int array (windows,), or None if fewer than half of the windows overlap with the one before them.
    """
    stride = _stride(x)
    if stride is None:
        return None
    follows = np.zeros(len(x), bool)
    for start in range(0, len(x) - 1, PORTION):
        part = np.asarray(x[start : start + PORTION + 1])
        follows[start + 1 : start + len(part)] = (part[:-1, stride:] == part[1:, :-stride]).all(axis=(1, 2))
    if groups is not None:
        follows[1:] &= groups[1:] == groups[:-1]
    if 2 * follows.sum() < len(x):
        return None
    # A number is left out between two that do not follow each other.
    return np.cumsum(np.where(follows, 1, 2))


def _stride(x: AnyWindows) -> int | None:
    """Returns the stride by which most of a sample of neighbours overlap, or None."""
    places = np.unique(np.linspace(0, len(x) - 2, PAIRS).astype(int)) if len(x) > 1 else np.zeros(0, int)
    counts = np.zeros(x.shape[1], int)
    for place in places:
        first, second = np.asarray(x[place : place + 2])
        if (first == first[0]).all():
            continue  # A constant window overlaps with another one by any stride.
        # Few samples in common may be equal by chance.
        most = len(first) - len(first) // LEAST_OVERLAP
        for stride in 1 + np.flatnonzero((first[1 : most + 1] == second[0]).all(axis=1)):
            if (first[stride:] == second[:-stride]).all():
                counts[stride] += 1
                break
    return int(counts.argmax()) if counts.any() else None


def keeps_order(order: np.ndarray) -> bool:
    """Returns whether at least half of the windows of a part follow another one in it.

    Args:
        order: int array (windows,), sorted numbers of the windows of the part.

    Returns:
        bool.
    """
    return 2 * int(np.sum(np.diff(order) == 1)) >= len(order)
