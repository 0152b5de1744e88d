"""Converts cells of a table to numbers: decimal marks and missing values."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from tsnas.data.tables.table import Table
from tsnas.errors import TableValueError

MISSING = frozenset({"", "-", "--", "?", "#n/a", "n/a", "na", "nan", "none", "null"})
# Without "na", "none" and "null", which name a class in some data sets.
NO_LABEL = MISSING - {"na", "none", "null"}
LOOKED_AT = 1000
_INFINITE = frozenset({"inf", "infinity"})
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_COMMA = re.compile(r"^\s*[+-]?\d*,\d+(?:e[+-]?\d+)?\s*$", re.IGNORECASE | re.ASCII | re.MULTILINE)
_POINT = re.compile(r"^\s*[+-]?\d*\.\d+(?:e[+-]?\d+)?\s*$", re.IGNORECASE | re.ASCII | re.MULTILINE)
_LARGEST = float(np.finfo(np.float32).max)


def is_missing(cell: str) -> bool:
    """Tells whether a cell stands for a missing value: it is empty, `NaN`, `n/a` or the like."""
    return cell.strip().lower() in MISSING


def is_number(cell: str) -> bool:
    """Tells whether a cell is a number, with a decimal point or a decimal comma."""
    return _NUMBER.fullmatch(cell.strip().replace(",", ".", 1)) is not None


def holds_numbers(cells: Sequence) -> bool:
    """Tells whether at least half of the cells of a column that are not missing are numbers, by a sample of them."""
    if isinstance(cells, np.ndarray):
        return cells.dtype.kind in "biuf"
    present = [cell for cell in cells[:: max(1, len(cells) // LOOKED_AT)] if not is_missing(cell)]
    present = present or [cell for cell in cells if not is_missing(cell)]
    return bool(present) and 2 * sum(map(is_number, present)) >= len(present)


def detect_decimal_mark(table: Table, columns: Sequence[int]) -> str:
    """Detects the decimal mark of these columns: `","` if their numbers have decimal commas, else `"."`.

    Raises:
        TableValueError: some numbers have a comma and some a point.
    """
    places: dict[str, tuple[int, int]] = {}
    for index in columns:
        cells = table.columns[index]
        if isinstance(cells, np.ndarray):
            continue
        for mark, pattern in ((",", _COMMA), (".", _POINT)):
            if mark in places or not pattern.search("\n".join(cells)):
                continue
            row = next((row for row, cell in enumerate(cells) if pattern.fullmatch(cell)), None)
            if row is not None:
                places[mark] = (row, index)
    if len(places) == 2:
        (row, column), (other, other_column) = places[","], places["."]
        raise TableValueError(
            f"{table.locate(row)}, has {table.columns[column][row].strip()!r} with a decimal comma, but line "
            f"{table.lines[other]} has {table.columns[other_column][other].strip()!r} with a decimal point; use the "
            "same mark throughout a file, without thousands separators, or name it with decimal."
        )
    return "," if "," in places else "."


def parse_numbers(table: Table, index: int, decimal: str) -> np.ndarray:
    """Parses a column as float64; values that are missing, infinite or beyond float32 become NaN.

    Raises:
        TableValueError: a cell is not a number.
    """
    cells = table.columns[index]
    if isinstance(cells, np.ndarray) and cells.dtype.kind in "biuf":
        found = cells.astype(np.float64)
    else:
        found = _parse_cells(table, index, [str(cell) for cell in cells], decimal)
    found[~(np.abs(found) <= _LARGEST)] = np.nan
    return found


def find_misfits(table: Table, index: int, decimal: str) -> np.ndarray:
    """Returns the rows whose cell in a column is neither a number nor missing: int array."""
    cells = table.columns[index]
    if isinstance(cells, np.ndarray) and cells.dtype.kind in "biuf":
        return np.zeros(0, int)
    bad = []
    for row, cell in enumerate(cells):
        try:
            _parse_cell(table, index, row, str(cell), decimal)
        except TableValueError:
            bad.append(row)
    return np.array(bad, int)


def _parse_cells(table: Table, index: int, cells: list[str], decimal: str) -> np.ndarray:
    text = "\n".join(cells)
    # Python's float is quicker, but knows only points and also accepts underscores.
    if "_" not in text and not (decimal == "," and "." in text) and not (decimal == "." and "," in text):
        try:
            quick = text.replace(",", ".").split("\n")
            if len(quick) == len(cells):
                return np.fromiter(map(float, quick), np.float64, len(quick))
        except ValueError:
            pass
    return np.fromiter((_parse_cell(table, index, row, cell, decimal) for row, cell in enumerate(cells)), np.float64)


def _parse_cell(table: Table, index: int, row: int, cell: str, decimal: str) -> float:
    if is_missing(cell):
        return np.nan
    text = cell.strip()
    if decimal == ",":
        text = text.replace(".", "_").replace(",", ".")
    if _NUMBER.fullmatch(text):
        return float(text)
    if text.lstrip("+-").lower() in _INFINITE:
        return np.inf
    raise TableValueError(
        f"{table.locate(row)}, column {table.quote(index)}, holds {cell.strip()[:40]!r}, which is not a number"
        f"{' with a decimal comma' if decimal == ',' else ''}; correct it, leave it empty if it is missing, leave "
        "the column out of channels, or give bad_lines='skip' to leave such lines out."
    )
