"""Which columns of tables are what: checked arguments, and the channels where none are named."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from tsnas.data.tables.names import check_sources, compiled
from tsnas.data.tables.notes import Notes
from tsnas.data.tables.numbers import decimal_mark, holds_numbers, is_missing, numbers
from tsnas.data.tables.table import Column, Table, listed_columns
from tsnas.data.tables.times import UNITS
from tsnas.errors import SettingError, TableColumnError
from tsnas.system.arguments import is_int, is_number

EMPTY = "is empty"
# What columns that count rows are called, if anything.
COUNTERS = frozenset({"", "#", "counter", "id", "idx", "index", "no", "nr", "row", "sample", "seq", "unnamed: 0"})


@dataclasses.dataclass(frozen=True)
class Columns:
    """What the caller says about the columns, as `from_csv` explains it; checked.

    Raises:
        SettingError: arguments that are out of range or do not go together.
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

    def __post_init__(self) -> None:
        for role in ("time", "label", "group", "recording"):
            _check_column(role, getattr(self, role))
        if self.channels is not None:
            alone = isinstance(self.channels, str) or not hasattr(self.channels, "__iter__")
            channels = (self.channels,) if alone else tuple(self.channels)
            if not channels or len(set(channels)) < len(channels):
                raise SettingError(f"channels={self.channels!r} must be different columns, such as ['ax', 'ay', 'az'].")
            for channel in channels:
                _check_column("channels", channel)
            object.__setattr__(self, "channels", channels)
        object.__setattr__(self, "pattern", compiled(self.pattern))
        for role in ("label", "group"):
            check_sources(role, getattr(self, role), getattr(self, f"{role}_from"), self.pattern)
        if self.time_unit is not None and self.time_unit not in UNITS:
            raise SettingError(f"time_unit={self.time_unit!r} is not known; choose {', '.join(map(repr, UNITS))}.")
        for name in ("rate_hz", "max_gap_s"):
            value = getattr(self, name)
            if value is not None and not (is_number(value) and value > 0):
                raise SettingError(f"{name}={value!r} must be a number above 0, or None.")
        if self.time is None and self.rate_hz is None:
            raise SettingError(
                "Neither time nor rate_hz is given; name the column of time stamps, or give the rate of the samples."
            )
        if self.decimal not in (None, ".", ","):
            raise SettingError(f"decimal={self.decimal!r} must be '.', ',' or None.")


def _check_column(role: str, value: Any) -> None:
    if not (value is None and role != "channels") and not is_int(value, 0) and not isinstance(value, str):
        raise SettingError(f"{role}={value!r} must be the name of a column, or its index from 0.")


def find_channels(tables: list[Table], columns: Columns, notes: Notes) -> list[list[int]]:
    """For each table the columns that are channels, in one order.

    Without `columns.channels` these are the columns of the first table that hold numbers and are nothing else; one
    that only counts rows, and one that is empty, are left out.

    Raises:
        TableColumnError: a channel that a table lacks, or none at all.
    """
    if columns.channels is not None:
        return [[table.index(channel, "channels") for channel in columns.channels] for table in tables]
    first = tables[0]
    own = _own(first, columns)
    chosen = []
    for index, name in enumerate(first.names):
        if index in own:
            continue
        kind = _not_a_channel(first, index)
        if kind is None:
            chosen.append(index)
        elif name or kind != EMPTY:
            notes.tell(f"Column {name!r} was left out, because it {kind}", first.source)
    if not chosen:
        raise TableColumnError(
            f"{first.source} has no column of numbers beside those for time, label and group: its columns are "
            f"{listed_columns(first.names)}; name the channels, or the delimiter if these are several in one."
        )
    if not first.named:
        return [[table.index(index, "channels") for index in chosen] for table in tables]
    names = [first.names[index] for index in chosen]
    for table in tables[1:]:
        further = [n for n in table.names if n not in first.names]
        if further:
            notes.tell(f"Columns were left out that {first.source} lacks: {listed_columns(further)}", table.source)
    return [chosen] + [[table.index(name, "channels") for name in names] for table in tables[1:]]


def _own(table: Table, columns: Columns) -> set[int]:
    given = ((role, getattr(columns, role)) for role in ("time", "label", "group", "recording"))
    return {table.index(column, role) for role, column in given if column is not None}


def _not_a_channel(table: Table, index: int) -> str | None:
    cells = table.columns[index]
    if isinstance(cells, list) and all(map(is_missing, cells)):
        return EMPTY
    if not holds_numbers(cells):
        return "holds text"
    if table.named and table.names[index].strip().lower() in COUNTERS:
        values = numbers(table, index, decimal_mark(table, [index]))
        if (np.diff(values) == 1).all():
            return "counts rows"
    return None
