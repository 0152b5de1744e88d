"""Finds the columns of time, label, group and recording of a table, where names and values leave no doubt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from tsnas.data.column_names import CLOCKS, split_name, word_set
from tsnas.data.tables.notes import Notes
from tsnas.data.tables.numbers import NO_LABEL, detect_decimal_mark, is_missing, is_number
from tsnas.data.tables.table import Table
from tsnas.data.tables.times import EPOCH, SECONDS, parse_times
from tsnas.errors import TableError

# Words that stand beside those of clocks in the names of time columns.
BESIDE_CLOCKS = word_set(
    """
    arrival at boot creation day dd device epoc fine gmt h hh hi host in index local logging measurement mi mm mo of
    phone reboot received recorded recording relative sample sampling sensor server since start system the txt unix utc
    yyyy
    """
)
STAMPS = frozenset(["timestamp", "timestamps"])
# Names without their blanks, digits and other marks.
LABELS = word_set(
    """
    activities activity activitylabel annotation behavior behaviour class classlabel classname condition exercise fault
    gesture gt groundtruth label labels movement state target
    """
)
GROUPS = word_set(
    """
    animal animalid dogid group groupid individual participant participantid patient patientid person personid subject
    subjectid subjectname user userid username volunteer volunteerid wearer
    """
)
RECORDINGS = word_set(
    """
    episode experiment experimentid file fileid filename recordid recording recordingid recordingname run runid
    sequenceid seriesid session sessionid take trial trialid
    """
)
# A label holds for many rows; what differs in every other row is no label.
ROWS_PER_LABEL = 5
LOOKED_AT = 20_000
# A clock starts anew with each recording in a file.
MOST_FALLS = 0.05
# Rates of sensors; a range of a factor of a thousand leaves one unit.
LEAST_HZ, MOST_HZ = 4.0, 4000.0


def find_roles(table: Table) -> dict[str, Any]:
    """Returns arguments of `Columns`: time with its unit, and label, group and recording if there are such columns.

    Returns:
        dict; empty if no column is certainly the time.
    """
    time = _find_time(table)
    if time is None:
        return {}
    found: dict[str, Any] = {"time": time[0], "time_unit": time[1]}
    if not table.named:
        return found
    for role, names, most in (
        ("label", LABELS, len(table.lines) / ROWS_PER_LABEL),
        ("group", GROUPS, len(table.lines) / ROWS_PER_LABEL),
        ("recording", RECORDINGS, len(table.lines) / 2),
    ):
        fitting = [
            index
            for index, name in enumerate(table.names)
            if re.sub(r"[^a-z]", "", name.lower()) in names and 1 <= _distinct(table.columns[index]) <= most
        ]
        if len(fitting) == 1:
            found[role] = fitting[0]
    return found


def _distinct(cells: Sequence[Any]) -> int:
    if isinstance(cells, np.ndarray):
        # A measured value has fractions, a code has none.
        if cells.dtype.kind == "f" and not np.all(cells == np.round(cells)):
            return len(cells)
        return len(np.unique(cells))
    return len({str(cell).strip() for cell in cells if str(cell).strip().lower() not in NO_LABEL})


def is_time_name(name: str) -> bool:
    """Tells whether a name has the words of a clock and no others, as `time_ms` and `Time since start in ms` do."""
    words = split_name(re.sub(r"[(\[][+-]?\d\d:?\d\d[)\]]", "", name)) or {name.strip().lower()}
    # A stamp may be that of any sensor.
    return bool(words & CLOCKS) and (words <= CLOCKS | BESIDE_CLOCKS or bool(words & STAMPS))


def find_clocks(table: Table) -> list[int]:
    """Returns all columns that are clocks by their names and values."""
    if not table.named:
        return []
    return [index for index, name in enumerate(table.names) if is_time_name(name) and _time_unit(table, index)[1]]


def _find_time(table: Table) -> tuple[int, str | None] | None:
    """Returns the column of the clock that tells most moments apart, and its unit."""
    best: tuple[int, str | None] | None = None
    most = 0
    for index, name in enumerate(table.names):
        cells = table.columns[index]
        # Without a header only dates say that they are times.
        if is_time_name(name) if table.named else _has_dates(cells):
            unit, distinct = _time_unit(table, index)
            if distinct > most:
                best, most = (index, unit), distinct
    return best


def _has_dates(cells: Sequence[Any]) -> bool:
    if isinstance(cells, np.ndarray):
        return cells.dtype.kind == "M"
    first = next((str(cell) for cell in cells if not is_missing(str(cell))), "0")
    return not is_number(first) and re.match(r"(\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d", first) is not None


def _time_unit(table: Table, index: int) -> tuple[str | None, int]:
    """Returns the unit of a column of times, and how many it tells apart; 0 if it is no clock or its unit is open."""
    head = table.select(np.arange(min(len(table.lines), LOOKED_AT)))
    cells = head.columns[index]
    for unit in (None, _guess_unit(cells)):
        try:
            times = parse_times(head, index, unit, None, detect_decimal_mark(head, [index]), Notes())
        except TableError:
            continue
        times = times[~np.isnan(times)]
        steps = np.diff(times)
        falls = int(np.count_nonzero(steps < 0))
        if len(times) < 2 or not (steps > 0).any() or falls > MOST_FALLS * len(times) + 1:
            return None, 0
        return unit, len(np.unique(times))
    return None, 0


def _guess_unit(cells: Sequence[Any]) -> str | None:
    """Returns the unit in which whole stamps are a date of today, or steps a rate of sensors; None if there is none."""
    try:
        stamps = np.array([float(str(cell).replace(",", ".")) for cell in cells if not is_missing(str(cell))])
    except ValueError:
        return None
    steps = np.diff(stamps)
    steps = steps[steps > 0]
    if not len(steps) or not np.isfinite(stamps).all():
        return None
    for unit, size in SECONDS.items():
        if EPOCH[0] <= stamps[0] * size < EPOCH[1]:
            return unit
    step = float(np.median(steps))
    # Steps of one count rows as well as milliseconds.
    fitting = [unit for unit, size in SECONDS.items() if LEAST_HZ <= 1 / (step * size) < MOST_HZ]
    return fitting[0] if len(fitting) == 1 and not (steps == 1).all() else None
