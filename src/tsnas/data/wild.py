"""Wild values: a few samples so far from all others that they are no measurement, such as those of a loose wire."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# Ordinary values lie within so many times the range of the middle nine tenths, about 50 standard deviations of noise.
REACH = 16.0
MIDDLE = (5.0, 95.0)
# More of them are an event rather than a fault,
MOST_WILD = 0.01
# and so are those that neighbours lead up to: a fault lasts for a sample or two, or repeats one value.
LONGEST_SPIKE = 2
MOST_IN_EVENTS = 0.1
# Between ordinary and wild values there is a gap; it begins at this part of the reach.
GAP = 0.2
# Where no value is further from the mean, in standard deviations, wild values cannot be what the deviation is of.
HARMLESS = 8.0


class Reach(NamedTuple):
    """Ends of what ordinary values of a channel can be.

    Args:
        lower, upper: float, ends beyond which values may be wild; infinite if that cannot be said.
        gap_lower, gap_upper: float, ends of what nearly all ordinary values lie within.
    """

    lower: float
    upper: float
    gap_lower: float
    gap_upper: float


class Tally(NamedTuple):
    """Counts of the values of a channel; those of parts are added.

    Args:
        values: int, all values.
        beyond: int, values beyond the reach.
        in_events: int, values beyond it that look like those of an event.
        in_gap: int, values in the gap.
    """

    values: int
    beyond: int
    in_events: int
    in_gap: int


def reach(values: np.ndarray) -> Reach:
    """Returns the reach of a channel, by robust statistics.

    Args:
        values: float array, values of the channel or a draw of them.
    """
    low, high = np.percentile(values, MIDDLE)
    if not high > low:
        # A switch, or a sensor that mostly rests at one value.
        return Reach(-np.inf, np.inf, -np.inf, np.inf)
    most = REACH * (high - low)
    return Reach(low - most, high + most, low - GAP * most, high + GAP * most)


def tally(pieces: np.ndarray | list[np.ndarray], ends: Reach) -> Tally:
    """Counts the values of one channel that may be wild.

    Args:
        pieces: float array (windows, time), or list of float arrays (time,).
        ends: `Reach`.
    """
    values = beyond = in_events = in_gap = 0
    for piece in pieces if isinstance(pieces, list) else [pieces]:
        outside = (piece < ends.lower) | (piece > ends.upper)
        values += piece.size
        in_gap += int(np.count_nonzero((piece < ends.gap_lower) | (piece > ends.gap_upper))) - int(outside.sum())
        beyond += int(outside.sum())
        if outside.any():
            rows = np.atleast_2d(piece)[np.atleast_2d(outside).any(axis=1)]
            in_events += sum(_count_in_events(row, ends) for row in rows)
    return Tally(values, beyond, in_events, in_gap)


def _count_in_events(row: np.ndarray, ends: Reach) -> int:
    outside = (row < ends.lower) | (row > ends.upper)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], outside.astype(np.int8), [0]])))
    runs = zip(edges[::2], edges[1::2], strict=True)
    return sum(int(end - start) for start, end in runs if end - start > LONGEST_SPIKE and np.ptp(row[start:end]) > 0)


def are_wild(found: Tally) -> bool:
    """Tells whether the values beyond the reach are wild: few, apart from the others, and no events."""
    return bool(
        0 < found.beyond <= MOST_WILD * found.values
        and found.in_events <= MOST_IN_EVENTS * found.beyond
        and found.in_gap <= found.beyond
    )


def may_hold_wild(low: float, high: float, mean: float, std: float) -> bool:
    """Tells whether wild values can matter to mean and standard deviation, which then are worth a closer look."""
    return max(high - mean, mean - low) > HARMLESS * std
