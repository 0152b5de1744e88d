"""Divides the rows of a table into parts: recordings without gaps, with their source, group and label."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from tsnas.data.tables.columns import Columns
from tsnas.data.tables.notes import Notes
from tsnas.data.tables.numbers import NO_LABEL, detect_decimal_mark, parse_numbers
from tsnas.data.tables.pieces import Piece, cut_pieces
from tsnas.data.tables.resample import estimate_rate
from tsnas.data.tables.table import Table
from tsnas.data.tables.times import parse_times


@dataclasses.dataclass(frozen=True)
class Part:
    """A piece of a recording, with the properties that hold for all of it."""

    piece: Piece
    source: str
    group: Any
    label: Any
    own_hz: float


def divide_table(
    table: Table, from_names: dict[str, Any], own: list[int], columns: Columns, notes: Notes
) -> list[Part]:
    """Divides a table into recordings without gaps."""
    rows = len(table.lines)
    time = None if columns.time is None else table.index(columns.time, "time")
    decimal = columns.decimal or detect_decimal_mark(table, own if time is None else [time, *own])
    values = np.stack([parse_numbers(table, index, decimal) for index in own], axis=1)
    if time is None:
        times = np.arange(rows) / float(columns.rate_hz)  # type: ignore[arg-type]
    else:
        times = parse_times(table, time, columns.time_unit, columns.rate_hz, decimal, notes)
    texts = {
        role: _read_texts(table, getattr(columns, role), role)
        for role in ("label", "group", "recording")
        if getattr(columns, role) is not None
    }
    for role, cells in texts.items():
        distinct = np.unique(cells)
        empty = np.isin(cells, [cell for cell in distinct.tolist() if cell.lower() in NO_LABEL])
        notes.add(f"Rows without a {role}, left out", table.source, np.count_nonzero(empty))
        times = np.where(empty, np.nan, times)
    found = []
    owners = [texts[role] for role in ("group", "recording") if role in texts]
    for mine in _group_rows(owners, rows):
        kept = mine[~np.isnan(times[mine])] if "label" in texts or owners else mine
        taken = Piece(times[kept], values[kept], texts["label"][kept] if "label" in texts else None)
        group = texts["group"][mine[0]] if "group" in texts else from_names["group"]
        for piece in cut_pieces(taken, columns.max_gap_s, table.source, notes):
            own_hz = estimate_rate(piece.times)
            found.append(Part(piece, table.source, group, from_names["label"], own_hz))
    return found


def _read_texts(table: Table, column: str | int, role: str) -> np.ndarray:
    cells = table.columns[table.index(column, role)]
    if isinstance(cells, np.ndarray):
        return np.array(
            ["" if cell != cell else f"{cell:.17g}" if cell.dtype.kind == "f" else str(cell) for cell in cells]
        )
    return np.array([str(cell).strip() for cell in cells])


def _group_rows(owners: list[np.ndarray], rows: int) -> list[np.ndarray]:
    """Returns the rows of each combination of group and recording, in the order of first occurrence."""
    if not owners:
        return [np.arange(rows)]
    codes = np.zeros(rows, np.int64)
    for owner in owners:
        distinct, code = np.unique(owner, return_inverse=True)
        codes = codes * len(distinct) + code
    _, firsts, code = np.unique(codes, return_index=True, return_inverse=True)
    return [np.flatnonzero(code == one) for one in np.argsort(firsts)]
