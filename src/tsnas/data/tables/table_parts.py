"""Divides the rows of a table into parts: recordings without gaps, with their source, group and label."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from tsnas.data.tables.columns import SKIP, Columns
from tsnas.data.tables.notes import Notes
from tsnas.data.tables.numbers import NO_LABEL, detect_decimal_mark, find_misfits, parse_numbers
from tsnas.data.tables.pieces import Piece, cut_pieces
from tsnas.data.tables.resample import estimate_rate
from tsnas.data.tables.segments import label_rows
from tsnas.data.tables.table import Table
from tsnas.data.tables.times import parse_times
from tsnas.system.words import listed

# Empty lines between fewer samples are a habit of the program that wrote them.
SHORTEST_SEGMENT = 8


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
    time = None if columns.time is None else table.index(columns.time, "time")
    decimal = columns.decimal or detect_decimal_mark(table, own if time is None else [time, *own])
    if columns.bad_lines == SKIP:
        table = _leave_out_misfits(table, own, decimal, notes)
    rows = len(table.lines)
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
    if columns.segments is not None:
        how = (columns.time_unit, columns.rate_hz, decimal)
        texts["label"] = label_rows(table, columns.segments, times, time, how, notes)
    if columns.drop_label and "label" in texts:
        dropped = np.isin(texts["label"], columns.drop_label)
        notes.add(f"Rows of {listed(list(columns.drop_label))}, left out", table.source, np.count_nonzero(dropped))
        texts["label"] = np.where(dropped, "", texts["label"])
    elif columns.drop_label and from_names["label"] in columns.drop_label:
        notes.add(f"Files of {listed(list(columns.drop_label))}, left out", table.source, 1)
        return []
    for role, cells in texts.items():
        distinct = np.unique(cells)
        empty = np.isin(cells, [cell for cell in distinct.tolist() if cell.lower() in NO_LABEL])
        notes.add(f"Rows without a {role}, left out", table.source, np.count_nonzero(empty))
        times = np.where(empty, np.nan, times)
    found = []
    owners = [texts[role] for role in ("group", "recording") if role in texts]
    owners += _find_segments(table, times, notes)
    for mine in _group_rows(owners, rows):
        kept = mine[~np.isnan(times[mine])] if "label" in texts or owners else mine
        taken = Piece(times[kept], values[kept], texts["label"][kept] if "label" in texts else None)
        group = texts["group"][mine[0]] if "group" in texts else from_names["group"]
        for piece in cut_pieces(taken, columns.max_gap_s, table.source, notes, [table.names[index] for index in own]):
            own_hz = estimate_rate(piece.times)
            found.append(Part(piece, table.source, group, from_names["label"], own_hz))
    return found


def _leave_out_misfits(table: Table, own: list[int], decimal: str, notes: Notes) -> Table:
    bad = np.unique(np.concatenate([find_misfits(table, index, decimal) for index in own]))
    if not len(bad) or 2 * len(bad) > len(table.lines):
        return table
    notes.add("Lines with a cell that is no number, left out", table.source, len(bad))
    return table.select(np.setdiff1d(np.arange(len(table.lines)), bad))


def _find_segments(table: Table, times: np.ndarray, notes: Notes) -> list[np.ndarray]:
    """Returns the number of the segment of each row, where lines without values stand between recordings."""
    if table.breaks is None:
        return []
    # Where the clock starts anew, it says so itself.
    breaks = table.breaks[~(times[table.breaks] < times[table.breaks - 1])]
    if not len(breaks):
        return []
    lengths = np.diff(np.concatenate([[0], breaks, [len(table.lines)]]))
    if np.median(lengths) < SHORTEST_SEGMENT:
        notes.add("Empty lines between a few samples each, ignored", table.source, len(breaks))
        return []
    notes.add("Empty lines or headers, at which recordings were divided", table.source, len(breaks))
    return [np.repeat(np.arange(len(lengths)), lengths)]


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
