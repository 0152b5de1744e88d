"""The roles of a table's columns: checked arguments, and the choice of channels if none are named."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from tsnas.data.tables.names import check_sources, compile_pattern
from tsnas.data.tables.notes import Notes
from tsnas.data.tables.numbers import detect_decimal_mark, holds_numbers, is_missing, parse_numbers
from tsnas.data.tables.table import Column, Table, list_columns
from tsnas.data.tables.times import UNITS
from tsnas.errors import SettingError, TableColumnError
from tsnas.system.arguments import is_int, is_number

EMPTY = "is empty"
# What becomes of lines that do not fit.
STOP, SKIP = "stop", "skip"
# Usual names of columns that only count rows; the name may also be empty.
COUNTERS = frozenset({"", "#", "counter", "id", "idx", "index", "no", "nr", "row", "sample", "seq", "unnamed: 0"})


@dataclasses.dataclass(frozen=True)
class Columns:
    """The caller's arguments about columns, checked; `from_csv` describes them.

    Raises:
        SettingError: arguments are out of range or exclude each other.
    """

    time: Column | None = None
    label: Column | None = None
    group: Column | None = None
    channels: Any = None
    recording: Column | None = None
    label_from: str | None = None
    group_from: str | None = None
    pattern: Any = None
    time_unit: str | None = None
    rate_hz: float | None = None
    max_gap_s: float | None = None
    decimal: str | None = None
    bad_lines: str = STOP
    segments: Any = None
    drop_label: Any = ()
    sensor: Column | None = None
    sensor_from: str | None = None

    def __post_init__(self) -> None:
        for role in ("time", "label", "group", "recording", "sensor"):
            _check_column(role, getattr(self, role))
        if self.channels is not None:
            is_single = isinstance(self.channels, str) or not hasattr(self.channels, "__iter__")
            channels = (self.channels,) if is_single else tuple(self.channels)
            if not channels or len(set(channels)) < len(channels):
                raise SettingError(f"channels={self.channels!r} must be distinct columns, such as ['ax', 'ay', 'az'].")
            for channel in channels:
                _check_column("channels", channel)
            object.__setattr__(self, "channels", channels)
        object.__setattr__(self, "pattern", compile_pattern(self.pattern))
        for role in ("label", "group"):
            check_sources(role, getattr(self, role), getattr(self, f"{role}_from"), self.pattern)
        if self.sensor_from not in (None, "file"):
            raise SettingError(f"sensor_from={self.sensor_from!r} is not known; choose 'file', or give pattern.")
        if self.segments is not None and (self.label is not None or self.label_from or self.in_pattern("label")):
            raise SettingError("segments and another source each define the label; give only one of them.")
        dropped = (self.drop_label,) if isinstance(self.drop_label, str | int) else tuple(self.drop_label or ())
        object.__setattr__(self, "drop_label", tuple(map(str, dropped)))
        if self.time_unit is not None and self.time_unit not in UNITS:
            raise SettingError(f"time_unit={self.time_unit!r} is not known; choose {', '.join(map(repr, UNITS))}.")
        for name in ("rate_hz", "max_gap_s"):
            value = getattr(self, name)
            if value is not None and not (is_number(value) and value > 0):
                raise SettingError(f"{name}={value!r} must be a number above 0, or None.")
        if self.time is None and self.rate_hz is None:
            raise SettingError(
                "Neither time nor rate_hz is given; name the column of time stamps, or give the sampling rate."
            )
        if self.decimal not in (None, ".", ","):
            raise SettingError(f"decimal={self.decimal!r} must be '.', ',' or None.")
        if self.bad_lines not in (STOP, SKIP):
            raise SettingError(f"bad_lines={self.bad_lines!r} is not known; choose 'stop' or 'skip'.")

    def in_pattern(self, role: str) -> bool:
        """Tells whether the pattern of file names gives a role, such as the label."""
        return self.pattern is not None and role in self.pattern.groupindex


def _check_column(role: str, value: Any) -> None:
    if not (value is None and role != "channels") and not is_int(value, 0) and not isinstance(value, str):
        raise SettingError(f"{role}={value!r} must be the name of a column, or its index, counted from 0.")


def find_channels(tables: list[Table], columns: Columns, notes: Notes) -> list[list[int]]:
    """Finds the columns of each table that are channels, in the same order for all tables.

    Without `columns.channels` these are the columns of the first table that hold numbers and have no other role;
    columns that are empty or only count rows are left out.

    Raises:
        TableColumnError: a table lacks one of the channels, or there is none at all.
    """
    if columns.channels is not None:
        return [[table.index(channel, "channels") for channel in columns.channels] for table in tables]
    first = tables[0]
    taken = _columns_with_roles(first, columns)
    chosen = []
    for index, name in enumerate(first.names):
        if index in taken:
            continue
        reason = _explain_exclusion(first, index)
        if reason is None:
            chosen.append(index)
        elif name or reason != EMPTY:
            notes.tell(f"Column {name!r} was left out, because it {reason}", first.source)
    if not chosen:
        raise TableColumnError(
            f"{first.source} has no column of numbers besides those for time, label and group: its columns are "
            f"{list_columns(first.names)}; name the channels, or the delimiter if one of these is really several."
        )
    if not first.named:
        return [[table.index(index, "channels") for index in chosen] for table in tables]
    names = [first.names[index] for index in chosen]
    for table in tables[1:]:
        further = [n for n in table.names if n not in first.names]
        if further:
            notes.tell(f"Columns that {first.source} lacks were left out: {list_columns(further)}", table.source)
    return [chosen] + [[table.index(name, "channels") for name in names] for table in tables[1:]]


def _columns_with_roles(table: Table, columns: Columns) -> set[int]:
    given = ((role, getattr(columns, role)) for role in ("time", "label", "group", "recording", "sensor"))
    return {table.index(column, role) for role, column in given if column is not None}


def _explain_exclusion(table: Table, index: int) -> str | None:
    cells = table.columns[index]
    if isinstance(cells, list) and all(map(is_missing, cells)):
        return EMPTY
    if not holds_numbers(cells):
        return "holds text"
    if table.named and table.names[index].strip().lower() in COUNTERS:
        values = parse_numbers(table, index, detect_decimal_mark(table, [index]))
        if (np.diff(values) == 1).all():
            return "counts rows"
    return None
