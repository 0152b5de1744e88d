"""Finds channels that are no sensor: clocks, counters, codes of class, group or file, and computed ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from tsnas.data.column_names import CLOCKS, CODES, COUNTERS, NO_NAMES, OWNERS, SENSORS, split_name
from tsnas.data.column_tests import counts, drift, find_copies, find_formula, moves_within, repeats
from tsnas.system.words import listed, number

CLOCK, COUNTER, CLASS, GROUP, RECORDING, DERIVED, COPY = (
    "clock",
    "counter",
    "class code",
    "group code",
    "recording code",
    "derived",
    "copy",
)
# Fewer samples of a recording do not show that a column counts.
FEWEST_ROWS = 16
SAME_STEP = 0.02
# What a second may be in a clock.
UNITS = (1.0, 1e3, 1e6, 1e9)
# Seconds since 1970, of 1990 and of 2100.
DATED = (6.3e8, 4.1e9)


@dataclasses.dataclass(frozen=True)
class Suspect:
    """A channel that is probably no sensor.

    Args:
        index: int, the channel.
        kind: str, one of the constants of this module, such as `"clock"`.
        reason: str, what its values do, to follow "because it" or the name of the channel.
        harm: str, what a model would do with it.
        certain: bool, whether name and values leave no doubt, so that it may be left out.
    """

    index: int
    kind: str
    reason: str
    harm: str
    certain: bool


@dataclasses.dataclass(frozen=True)
class Series:
    """Rows of recordings or windows, as `find_suspects` takes them.

    Args:
        rows: float array (rows, channels).
        lengths: int array (pieces,), rows of each piece.
        names: sequence of str, names of the channels.
        classes: int array (rows,), code of the class of each row; None without labels.
        groups: int array (rows,), code of the group of each row; None without groups.
        class_names: sequence of str, what classes and the column of labels are called. Defaults to ().
        are_recordings: bool, whether a piece is a whole recording rather than a window of one. Defaults to True.
        times: float array (rows,), in seconds, from any moment for each piece. Defaults to None: not known.
    """

    rows: np.ndarray
    lengths: np.ndarray
    names: Sequence[str]
    classes: np.ndarray | None = None
    groups: np.ndarray | None = None
    class_names: Sequence[str] = ()
    are_recordings: bool = True
    times: np.ndarray | None = None


def find_suspects(series: Series) -> list[Suspect]:
    """Finds the channels that are probably no sensor.

    Args:
        series: `Series`.

    Returns:
        list of `Suspect`, at most one for each channel, in their order.
    """
    starts = np.concatenate([[0], np.cumsum(series.lengths)[:-1]])
    found = []
    for index in range(series.rows.shape[1]):
        values = series.rows[:, index]
        if np.isfinite(values).all() and (values != values[0]).any():
            suspect = _rises(series, index, starts) or _counts(series, index, starts) or _is_code(series, index, starts)
            if suspect:
                found.append(suspect)
    taken = {one.index for one in found}
    copies = find_copies(series.rows)
    found += [_derived(series, index, COPY, (source,)) for index, source in copies.items() if index not in taken]
    made: set[int] = set()
    for index in set(range(series.rows.shape[1])) - taken - set(copies):
        # Of columns that follow from each other, such as four of which one is the sum, one is enough.
        formula = find_formula(series.rows, index)
        if formula and not made & {index, *formula[1]}:
            found.append(_derived(series, index, *formula))
            made |= {index, *formula[1]}
    return sorted(found, key=lambda one: one.index)


def _rises(series: Series, index: int, starts: np.ndarray) -> Suspect | None:
    values = series.rows[:, index]
    slopes = drift(values, starts, series.times)
    if slopes is None:
        return None
    slope = float(np.median(slopes))
    same = bool(np.ptp(slopes) <= SAME_STEP * abs(slope))
    steps = np.unique(np.diff(values[: series.lengths[0]]))
    exact = len(steps) == 1 and float(steps[0]).is_integer()
    units = [unit for unit in UNITS if series.times is not None and abs(slope / unit - 1) <= SAME_STEP]
    # Whatever its name is, a sensor does not show the seconds since 1970.
    dated = bool(units) and DATED[0] <= values.min() / units[0] and values.max() / units[0] <= DATED[1]
    return Suspect(
        index,
        COUNTER if exact else CLOCK,
        f"{'rises' if slope > 0 else 'falls'} evenly in every "
        f"{'recording' if series.are_recordings else 'window'}, as a clock or a counter does",
        "a model can read the class from the time or the order of the recordings",
        certain=same and len(values) >= FEWEST_ROWS and (dated or _is_named(series, index, exact or bool(units))),
    )


def _is_named(series: Series, index: int, exactly: bool) -> bool:
    """Tells whether a column has the name of a clock or counter, or has no name but the values of one."""
    words = split_name(series.names[index]) - NO_NAMES
    return (bool(words & (CLOCKS | COUNTERS)) if words else exactly) and not words & SENSORS


def _counts(series: Series, index: int, starts: np.ndarray) -> Suspect | None:
    values = series.rows[:, index]
    found = counts(values, starts)
    if found is None:
        return None
    step, wrap = found
    anew = f" and begins anew after {number(wrap / abs(step))} steps" if wrap else ""
    return Suspect(
        index,
        COUNTER,
        f"counts {'up' if step > 0 else 'down'} by {number(abs(step))}{anew}, as a counter of samples or packets does",
        "a model can read the class from the order of the recordings",
        certain=len(values) >= FEWEST_ROWS and _is_named(series, index, len(values) >= 4 * FEWEST_ROWS),
    )


def _is_code(series: Series, index: int, starts: np.ndarray) -> Suspect | None:
    values = series.rows[:, index]
    words = split_name(series.names[index])
    if series.classes is not None and repeats(values, series.classes):
        told = {word for name in series.class_names for word in split_name(str(name))}
        return Suspect(
            index,
            CLASS,
            "has one value for each class",
            "a model can read the class from it without any sensor",
            certain=bool(words & (CODES | told)) and not words & SENSORS,
        )
    if moves_within(values, starts):
        return None
    owner = bool(words & OWNERS) and not words & SENSORS
    if series.groups is not None and repeats(values, series.groups):
        return Suspect(
            index,
            GROUP,
            "has one value for each group",
            "a model can learn the group from it, and the class where a group has more of one",
            certain=owner,
        )
    if series.are_recordings and len(series.lengths) > 1:
        return Suspect(
            index,
            RECORDING,
            "never changes within a recording, but differs between recordings",
            "a model can recognise the recording, and so the class, from it",
            certain=owner,
        )
    return None


def _derived(series: Series, index: int, formula: str, sources: tuple[int, ...]) -> Suspect:
    names = listed([series.names[source] for source in sources])
    if formula == COPY:
        reason = f"is {names} once more, perhaps in another unit"
        return Suspect(index, COPY, reason, "it costs time on the board and adds nothing", certain=False)
    return Suspect(
        index,
        DERIVED,
        f"was computed from others: the {formula} of {names}",
        "the board would have to compute it as well, and it adds nothing that is not in them",
        certain=formula == "norm",
    )
