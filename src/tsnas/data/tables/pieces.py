"""Rows of one recording to pieces without gaps: order, doubled stamps, missing values."""

from __future__ import annotations

import dataclasses

import numpy as np

from tsnas.data.tables.notes import Notes
from tsnas.errors import SettingError, TableTimeError

# Without max_gap_s, so many steps may be bridged by a straight line.
STEPS_BRIDGED = 5
# More steps back than this share of all, and the rows have no order that could be kept.
SHUFFLED = 0.1
# More doubled stamps than this share of all, and the stamps are too coarse to tell when a sample was taken.
COARSE = 0.25
SLACK = 1 + 1e-6


@dataclasses.dataclass(frozen=True)
class Piece:
    """Samples without a gap.

    Args:
        times: float64 array (samples,), rising, in seconds.
        values: float64 array (samples, channels), finite.
        labels: array (samples,) of the label of each sample, or None.
    """

    times: np.ndarray
    values: np.ndarray
    labels: np.ndarray | None

    def __getitem__(self, rows) -> Piece:
        return Piece(self.times[rows], self.values[rows], None if self.labels is None else self.labels[rows])


def cut_pieces(rows: Piece, max_gap_s: float | None, source: str, notes: Notes) -> list[Piece]:
    """Puts rows in order and cuts them where more is missing than a straight line can stand for.

    Args:
        rows: `Piece` in the order of the file; times and values may be NaN.
        max_gap_s: float, longest time that is bridged. Defaults to None: five median steps.
        source: str, the file, for messages and notes.
        notes: `Notes` to add to.

    Returns:
        list of `Piece`, of at least two samples each; it may be empty.

    Raises:
        TableTimeError: time stamps too coarse to tell when a sample was taken.
        SettingError: a `max_gap_s` below the median step.
    """
    timed = ~np.isnan(rows.times)
    notes.add("Rows without a time stamp, left out", source, np.count_nonzero(~timed))
    rows = rows[timed]
    if len(rows.times) < 2:
        notes.add("Rows that stand alone, left out", source, len(rows.times))
        return []
    step = _median_step(rows.times, source)
    gap = STEPS_BRIDGED * step if max_gap_s is None else max_gap_s
    if gap < step:
        raise SettingError(
            f"max_gap_s={max_gap_s:g} is shorter than the step from one sample to the next, {step:.4g} s in {source}, "
            "so nothing would be left; give several steps."
        )
    parts = _ordered(rows, gap, source, notes)
    distinct = [_distinct(part, source, notes) for part in parts]
    doubled = len(rows.times) - sum(len(part.times) for part in distinct)
    if doubled > COARSE * len(rows.times):
        raise TableTimeError(
            f"{source} has {len(rows.times):,} samples, but {doubled:,} of them share their time stamp with another, "
            "so the stamps do not tell when a sample was taken; leave time out and give rate_hz."
        )
    found = []
    for part in distinct:
        filled = _filled(part, gap, source, notes)
        cuts = np.flatnonzero(np.diff(filled.times) > gap * SLACK) + 1
        notes.add(f"Gaps of more than {gap:.3g} s, at which recordings were divided", source, len(cuts))
        found += [filled[run] for run in np.split(np.arange(len(filled.times)), cuts)]
    alone = sum(len(piece.times) for piece in found if len(piece.times) < 2)
    notes.add("Rows that stand alone, left out", source, alone)
    return [piece for piece in found if len(piece.times) >= 2]


def _median_step(times: np.ndarray, source: str) -> float:
    steps = np.diff(times)
    steps = steps[steps > 0]
    if not len(steps):
        raise TableTimeError(f"The time stamps of {source} never go up; give another time column, or none and rate_hz.")
    return float(np.median(steps))


def _ordered(rows: Piece, gap: float, source: str, notes: Notes) -> list[Piece]:
    """Parts with times that do not fall: a clock that starts anew begins a part, other rows are sorted."""
    steps = np.diff(rows.times)
    back = np.flatnonzero(steps < -gap) + 1
    if len(back) > SHUFFLED * len(rows.times):
        back = back[:0]
    notes.add("Clocks that start anew, where a new recording begins", source, len(back))
    parts = []
    for run in np.split(np.arange(len(rows.times)), back):
        part = rows[run]
        falls = np.count_nonzero(np.diff(part.times) < 0)
        notes.add("Rows out of order, sorted by their time stamps", source, falls)
        parts.append(part[np.argsort(part.times, kind="stable")] if falls else part)
    return parts


def _distinct(part: Piece, source: str, notes: Notes) -> Piece:
    kept = np.concatenate([[True], np.diff(part.times) > 0])
    notes.add("Rows with the time stamp of the row before, left out", source, np.count_nonzero(~kept))
    return part[kept]


def _filled(part: Piece, gap: float, source: str, notes: Notes) -> Piece:
    """Missing values on the straight line between neighbours; rows where these are too far apart are left out."""
    values = part.values.copy()
    for channel in range(values.shape[1]):
        missing = np.isnan(values[:, channel])
        if not missing.any() or missing.all():
            continue
        known = np.flatnonzero(~missing)
        holes = np.flatnonzero(missing)
        after = np.searchsorted(known, holes)
        inside = (after > 0) & (after < len(known))
        holes, after = holes[inside], after[inside]
        near = part.times[known[after]] - part.times[known[after - 1]] <= gap * SLACK
        holes = holes[near]
        values[holes, channel] = np.interp(part.times[holes], part.times[known], part.values[known, channel])
        notes.add("Missing values, interpolated", source, len(holes))
    whole = ~np.isnan(values).any(axis=1)
    notes.add("Rows with values missing for too long, left out", source, np.count_nonzero(~whole))
    return Piece(part.times, values, part.labels)[whole]
