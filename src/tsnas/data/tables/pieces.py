"""Divides the rows of one recording into pieces without gaps: order, duplicate time stamps, missing values."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from tsnas.data.tables.notes import Notes
from tsnas.errors import SettingError, TableTimeError

# Without max_gap_s, a straight line may bridge this many steps.
STEPS_BRIDGED = 5
# If more than this fraction of all steps go back in time, the rows have no order worth keeping.
SHUFFLED = 0.1
# If more than this fraction of all time stamps are duplicates, they are too coarse to tell when a sample was taken.
COARSE = 0.25
SLACK = 1 + 1e-6
# A channel without values in more than this fraction of the rows is measured less often than others.
SPARSE = 0.5


@dataclasses.dataclass(frozen=True)
class Piece:
    """Samples without a gap.

    Args:
        times: float64 array (samples,) of increasing times in seconds.
        values: float64 array (samples, channels), finite.
        labels: array (samples,) of the label of each sample, or None.
    """

    times: np.ndarray
    values: np.ndarray
    labels: np.ndarray | None

    def __getitem__(self, rows) -> Piece:
        return Piece(self.times[rows], self.values[rows], None if self.labels is None else self.labels[rows])


def cut_pieces(
    rows: Piece, max_gap_s: float | None, source: str, notes: Notes, names: Sequence[str] | None = None
) -> list[Piece]:
    """Sorts rows by time and cuts them at gaps that are too long for interpolation.

    Args:
        rows: `Piece` in the order of the file; times and values may be NaN.
        max_gap_s: float, longest time in seconds that is bridged by interpolation; None for five median steps.
        source: str, the file, for messages and notes.
        notes: `Notes` to add to.
        names: sequence of str, the names of the channels. Defaults to None: their indices.

    Returns:
        list of `Piece`, of at least two samples each; it may be empty.

    Raises:
        TableTimeError: the time stamps are too coarse to tell when a sample was taken.
        SettingError: `max_gap_s` is below the median step.
    """
    timed = ~np.isnan(rows.times)
    notes.add("Rows without a time stamp, left out", source, np.count_nonzero(~timed))
    rows = rows[timed]
    if len(rows.times) < 2:
        notes.add("Isolated rows, left out", source, len(rows.times))
        return []
    step = _median_step(rows.times, source)
    gap = STEPS_BRIDGED * step if max_gap_s is None else max_gap_s
    if gap < step:
        raise SettingError(
            f"max_gap_s={max_gap_s:g} is shorter than the step from one sample to the next, {step:.4g} s in {source}, "
            "so nothing would be left; give the length of several steps."
        )
    parts = _sort_by_time(rows, gap, source, notes)
    distinct = [_drop_duplicates(part, source, notes) for part in parts]
    duplicates = len(rows.times) - sum(len(part.times) for part in distinct)
    if duplicates > COARSE * len(rows.times):
        raise TableTimeError(
            f"{source} has {len(rows.times):,} samples, but {duplicates:,} of them share their time stamp with another "
            "one, so the time stamps do not tell when a sample was taken; leave time out and give rate_hz."
        )
    names = names or [str(index) for index in range(rows.values.shape[1])]
    gaps = [_gap_of(rows, index, gap, max_gap_s, name, source, notes) for index, name in enumerate(names)]
    found = []
    for part in distinct:
        filled = _fill_gaps(part, gaps, source, notes)
        cuts = np.flatnonzero(np.diff(filled.times) > gap * SLACK) + 1
        notes.add(f"Gaps of more than {gap:.3g} s, at which recordings were divided", source, len(cuts))
        found += [filled[run] for run in np.split(np.arange(len(filled.times)), cuts)]
    isolated = sum(len(piece.times) for piece in found if len(piece.times) < 2)
    notes.add("Isolated rows, left out", source, isolated)
    return [piece for piece in found if len(piece.times) >= 2]


def _median_step(times: np.ndarray, source: str) -> float:
    steps = np.diff(times)
    steps = steps[steps > 0]
    if not len(steps):
        raise TableTimeError(
            f"The time stamps of {source} never increase; give another time column, or none and rate_hz."
        )
    return float(np.median(steps))


def _sort_by_time(rows: Piece, gap: float, source: str, notes: Notes) -> list[Piece]:
    """Returns parts whose times do not decrease: a part begins where the clock restarts; other rows are sorted."""
    steps = np.diff(rows.times)
    back = np.flatnonzero(steps < -gap) + 1
    if len(back) > SHUFFLED * len(rows.times):
        back = back[:0]
    notes.add("Clock restarts, at each of which a new recording begins", source, len(back))
    parts = []
    for run in np.split(np.arange(len(rows.times)), back):
        part = rows[run]
        falls = np.count_nonzero(np.diff(part.times) < 0)
        notes.add("Rows out of order, sorted by their time stamps", source, falls)
        parts.append(part[np.argsort(part.times, kind="stable")] if falls else part)
    return parts


def _drop_duplicates(part: Piece, source: str, notes: Notes) -> Piece:
    kept = np.concatenate([[True], np.diff(part.times) > 0])
    notes.add("Rows with the same time stamp as the row before, left out", source, np.count_nonzero(~kept))
    return part[kept]


def _gap_of(
    rows: Piece, channel: int, gap: float, max_gap_s: float | None, name: str, source: str, notes: Notes
) -> float:
    """Returns the longest time that may be bridged in a channel: longer in one that is measured less often."""
    known = ~np.isnan(rows.values[:, channel])
    share = 1 - np.count_nonzero(known) / len(known)
    if share <= SPARSE:
        return gap
    what = f"Column {name!r} has no value in {100 * share:.0f}% of the rows"
    steps = np.diff(rows.times[known])
    steps = steps[steps > 0]
    own = STEPS_BRIDGED * float(np.median(steps)) if len(steps) else gap
    if max_gap_s is None and own > gap:
        notes.tell(
            f"{what}, but one every {own / STEPS_BRIDGED:.3g} s, and those between were put on straight lines; leave "
            "it out of channels, or give max_gap_s, if that is not what you want",
            source,
        )
        return own
    if own > gap:
        notes.tell(f"{what}, which are left out for it: leave it out of channels, or give a longer max_gap_s", source)
    return gap


def _fill_gaps(part: Piece, gaps: list[float], source: str, notes: Notes) -> Piece:
    """Interpolates missing values linearly; drops rows whose neighbours are too far apart for that."""
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
        near = part.times[known[after]] - part.times[known[after - 1]] <= gaps[channel] * SLACK
        holes = holes[near]
        values[holes, channel] = np.interp(part.times[holes], part.times[known], part.values[known, channel])
        notes.add("Missing values, interpolated", source, len(holes))
    whole = ~np.isnan(values).any(axis=1)
    notes.add("Rows with values missing for too long, left out", source, np.count_nonzero(~whole))
    return Piece(part.times, values, part.labels)[whole]
