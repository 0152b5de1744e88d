"""Converts time stamps to seconds: numbers in some unit, and ISO 8601 dates."""

from __future__ import annotations

import datetime
import re

import numpy as np

from tsnas.data.tables.notes import Notes
from tsnas.data.tables.numbers import is_missing, is_number, parse_numbers
from tsnas.data.tables.table import Table
from tsnas.errors import TableTimeError

SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
UNITS = (*SECONDS, "iso")
# Seconds since 1970, from 2001 to 2040.
EPOCH = (1.0e9, 2.21e9)
# Units are a factor of a thousand apart, so a step can be within a factor of 16 of the expected one in one unit only.
LARGEST_RATIO = 16.0
# Units as people write them, the micro sign as u; the first four are units only after a separator.
_SPELLINGS = {
    "s": "s ss sec secs second seconds",
    "ms": "ms msec msecs milli millis millisecond milliseconds",
    "us": "us usec usecs micro micros microsecond microseconds",
    "ns": "ns nsec nsecs nano nanos nanosecond nanoseconds",
}
_UNIT_OF = {spelling: unit for unit, spellings in _SPELLINGS.items() for spelling in spellings.split()}
# U+00B5, U+03BC, and U+00B5 in UTF-8 that was read as Latin-1.
_MICRO = re.compile("\u00c2?\u00b5|\u03bc")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d):(\d\d(?:[.,]\d+)?)")
_DAY = 86_400.0


def parse_times(
    table: Table, index: int, unit: str | None, rate_hz: float | None, decimal: str, notes: Notes
) -> np.ndarray:
    """Parses a column of time stamps as seconds since the first of them.

    Args:
        table: `Table`.
        index: int, index of the column.
        unit: str, one of `UNITS`; None to detect it: ISO 8601 dates are recognised by their form, and the unit of
            numbers is the one in which the column's name ends, such as `time_ms` or `t [s]`, follows from `rate_hz`,
            or makes them moments of these decades.
        rate_hz: float or None, approximate number of samples per second.
        decimal: str, the decimal mark.
        notes: `Notes` to add to.

    Returns:
        float64 array (rows,); NaN where the time stamp is missing.

    Raises:
        TableTimeError: a time stamp cannot be read, or the unit is not known.
        TableValueError: a time stamp is not a number.
    """
    cells = table.columns[index]
    if isinstance(cells, np.ndarray) and cells.dtype.kind == "M":
        return _convert_datetime64(cells)
    if unit == "iso" or (unit is None and _looks_like_dates(cells)):
        return _parse_dates(table, index)
    stamps = _subtract_first(cells)
    if stamps is None:
        stamps = parse_numbers(table, index, decimal)
        present = stamps[~np.isnan(stamps)]
        stamps = stamps - (present[0] if len(present) else 0.0)
    if unit is None:
        unit = _detect_unit(table, index, stamps, rate_hz)
        notes.tell(f"Time stamps were taken to be in {unit}", table.source)
    return stamps * SECONDS[unit]


def _unit_in_name(name: str) -> str | None:
    """Returns the unit that a name ends in, such as `time_ms`, `t [s]`, `timeUs` or `t/ms`, or that is a word of it."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", _MICRO.sub("u", name))
    words = re.findall(r"[a-z]+", spaced.lower())
    if words and words[-1] in _UNIT_OF:
        return _UNIT_OF[words[-1]]
    # A short word may be anything, but "seconds_elapsed" says what it is.
    long = [_UNIT_OF[word] for word in words if len(word) > 4 and word in _UNIT_OF]
    return long[0] if long else None


def _looks_like_dates(cells) -> bool:
    if isinstance(cells, np.ndarray):
        return False
    first = next((cell for cell in cells if not is_missing(cell)), "0")
    return not is_number(first)


def _convert_datetime64(cells: np.ndarray) -> np.ndarray:
    missing = np.isnat(cells)
    if missing.all():
        return np.full(len(cells), np.nan)
    since = (cells - cells[~missing][0]).astype("timedelta64[ns]").astype(np.int64)
    return np.where(missing, np.nan, since / 1e9)


def _parse_dates(table: Table, index: int) -> np.ndarray:
    first: datetime.datetime | None = None
    found = np.full(len(table.lines), np.nan)
    for row, cell in enumerate(table.columns[index]):
        text = str(cell).strip()
        if is_missing(text):
            continue
        clock = _CLOCK.fullmatch(text)
        if clock:
            found[row] = 3600 * int(clock[1]) + 60 * int(clock[2]) + float(clock[3].replace(",", "."))
            continue
        try:
            stamp = datetime.datetime.fromisoformat(text)
            first = first or stamp
            found[row] = (stamp - first).total_seconds()
        except ValueError:
            raise TableTimeError(
                f"{table.locate(row)}, column {table.quote(index)}, holds {text[:40]!r}, which is not an ISO 8601 "
                "time such as 2024-05-01T09:30:00.125; write it in that form, or as a number of s, ms, us or ns."
            ) from None
        except TypeError:
            raise TableTimeError(
                f"{table.locate(row)}, column {table.quote(index)}, holds {text[:40]!r}: some time stamps have a time "
                "zone and some have none; write all of them in the same form."
            ) from None
    return found if first else _add_days(found)


def _add_days(found: np.ndarray) -> np.ndarray:
    """Adds a day at each midnight to times of a clock, and counts from the first."""
    known = np.flatnonzero(~np.isnan(found))
    steps = np.diff(found[known], prepend=found[known[0]] if len(known) else 0.0)
    found[known] += _DAY * np.cumsum(steps < -_DAY / 2)
    return found - found[known[0]] if len(known) else found


def _subtract_first(cells) -> np.ndarray | None:
    """Subtracts the first of whole numbers exactly, as nanoseconds since 1970 exceed a float; None for other cells."""
    if isinstance(cells, np.ndarray):
        return (cells - cells[0]).astype(np.float64) if cells.dtype.kind in "iu" and len(cells) else None
    try:
        whole = [int(cell) for cell in cells]
        return np.array([float(value - whole[0]) for value in whole])
    except (ValueError, OverflowError):
        return None


def _unit_of_date(cells) -> str | None:
    """Returns the unit in which the first stamp is a moment of these decades; None if it is none in any."""
    first = next((str(cell) for cell in cells if not is_missing(str(cell))), "")
    value = float(first.replace(",", ".")) if is_number(first) else float("nan")
    return next((unit for unit, size in SECONDS.items() if EPOCH[0] <= value * size < EPOCH[1]), None)


def _detect_unit(table: Table, index: int, stamps: np.ndarray, rate_hz: float | None) -> str:
    name = table.names[index]
    named = _unit_in_name(name) if table.named else None
    said = _unit_in_name(f"t {table.units[name]}") if table.units and name in table.units else None
    if named or said:
        return named or said  # type: ignore[return-value]
    steps = np.diff(stamps)
    steps = steps[steps > 0]
    if not len(steps):
        raise TableTimeError(
            f"The time stamps of {table.source}, column {table.quote(index)}, never increase; give another time "
            "column, or none and rate_hz."
        )
    step = float(np.median(steps))
    dated = _unit_of_date(table.columns[index])
    if rate_hz is None and dated:
        return dated
    if rate_hz is None:
        rates = ", ".join(f"{1 / (step * size):,.4g} Hz if {unit!r}" for unit, size in SECONDS.items())
        raise TableTimeError(
            f"The unit of the time stamps of {table.source}, column {table.quote(index)}, is not known: their median "
            f"step is {step:.6g}, so the rate is {rates}. Give time_unit (--time_unit=UNIT), or rate_hz "
            "(--rate_hz=HZ)."
        )
    unit = min(SECONDS, key=lambda unit: abs(np.log(step * SECONDS[unit] * rate_hz)))
    if abs(np.log(step * SECONDS[unit] * rate_hz)) > np.log(LARGEST_RATIO):
        raise TableTimeError(
            f"The time stamps of {table.source}, column {table.quote(index)}, have a median step of {step:.6g}, "
            f"which is far from {rate_hz:g} Hz in each of the units s, ms, us and ns; give time_unit, or correct "
            "rate_hz."
        )
    return unit
