"""First lines of a file: whether they are a header, a sample, or units, start times and rates that are neither."""

from __future__ import annotations

import dataclasses

import numpy as np

from tsnas.data.tables.notes import Notes
from tsnas.data.tables.numbers import is_missing, is_number
from tsnas.data.tables.table import Table

# Seconds since 1970, of 1990 and of 2100, as programs write for the start of a recording.
DATED = (6.3e8, 4.1e9)
FEWEST_ROWS = 10
LARGEST_RATE_HZ = 10_000
# A rate or a start lies so many times further from the samples than these are spread.
FAR = 5.0
START, RATE = "a start time", "a rate"
# Lines of text between the header and the samples, of which the last one before these holds units, and their length.
MOST_TEXT_ROWS, LONGEST_UNIT = 3, 16
LOOKED_AT = 20


def is_header(first: list[str], following: list[list[str]]) -> tuple[bool, str]:
    """Decides whether the first line of a file holds names.

    Args:
        first: list of str, its fields.
        following: list of lists of str, fields of some lines after it.

    Returns:
        (whether it does, the reason in words if there may be doubt, else "").
    """
    numeric = [is_number(cell) for cell in first]
    if not any(numeric):
        return True, ""
    rows = [row for row in following if len(row) == len(first)]
    if not rows:
        return False, ""
    below = [[row[column] for row in rows if not is_missing(row[column])] for column in range(len(first))]
    for cell, is_numeric, cells in zip(first, numeric, below, strict=True):
        if not is_numeric and not is_missing(cell) and cells and all(map(is_number, cells)):
            return True, f"{cell.strip()!r} stands over numbers"
    whole = [cell.strip() for cell in first]
    present = whole[1:] if is_missing(whole[0]) else whole
    counted = any(present == [str(start + k) for k in range(len(present))] for start in (0, 1))
    if counted and len(present) > 1:
        broken = sum(any("." in cell or "," in cell for cell in cells) for cells in below)
        if 2 * broken >= len(present):
            return True, "its numbers count the columns, and those below do not"
        return False, "its numbers could count the columns, but are like those below; header says it"
    return False, ""


def leave_out_heads(table: Table, notes: Notes) -> Table:
    """Leaves out rows before the samples that hold a start time or a rate in each column.

    Args:
        table: `Table` of text.
        notes: `Notes` to add to.
    """
    dropped, kind = 0, ""
    while dropped < 2 and len(table.lines) - dropped > FEWEST_ROWS:
        kind = _head_kind(table, dropped, after_start=kind == START)
        if not kind:
            break
        value = table.columns[0][dropped].strip()
        notes.tell(
            f"Line {table.lines[dropped]}, {value} in each column, was taken for {kind}, not a sample", table.source
        )
        dropped += 1
    return table.select(np.arange(dropped, len(table.lines))) if dropped else table


def take_units(table: Table, notes: Notes) -> Table:
    """Takes the units, or the axes of sensors of one name, from a line of text below the header, which is no sample.

    Args:
        table: `Table` of text.
        notes: `Notes` to add to.

    Returns:
        `Table` with `units` or longer names, without such lines; the same if there are none.
    """
    if not table.named:
        return table
    taken: list[str] = []
    dropped = 0
    while dropped < MOST_TEXT_ROWS and len(table.lines) - dropped > 2:
        cells = [column[dropped].strip() for column in table.columns]
        below = [column[dropped + MOST_TEXT_ROWS :][:LOOKED_AT] for column in table.columns]
        numeric = [
            index
            for index, column in enumerate(below)
            if any(map(is_number, column)) and all(is_number(cell) or is_missing(cell) for cell in column)
        ]
        words = [cells[index] for index in numeric if not is_number(cells[index]) and not is_missing(cells[index])]
        over_numbers = any(is_number(cells[index]) for index in numeric)
        if over_numbers or not words or 2 * len(words) < len(numeric) or max(map(len, words)) > LONGEST_UNIT:
            break
        whole = [" ".join(filter(None, parts)) for parts in zip(table.names, cells, strict=True)]
        if len(set(table.names)) < len(table.names) == len(set(whole)):
            # The first line names sensors, this one their axes.
            table = dataclasses.replace(table, names=whole)
            notes.tell(f"The second line was taken for a part of the names, such as {whole[-1]!r}", table.source)
            cells = [""] * len(whole)
        taken, dropped = cells, dropped + 1
    if not dropped:
        return table
    units = {name: unit for name, unit in zip(table.names, taken, strict=True) if not is_missing(unit)}
    shown = ", ".join(unit for unit in taken[:6] if not is_missing(unit))
    if shown:
        notes.tell(f"The line before the samples was taken for units: {shown}", table.source)
    left = table.select(np.arange(dropped, len(table.lines)))
    return dataclasses.replace(left, units=units)


def _head_kind(table: Table, row: int, after_start: bool) -> str:
    """Returns what a row is if it is no sample: a start time, or a rate; else ""."""
    cells = [column[row] for column in table.columns]
    if not all(map(is_number, cells)):
        return ""
    values = np.array([float(cell.replace(",", ".")) for cell in cells])
    if (values != values[0]).any():
        return ""
    value = float(values[0])
    rest = [
        np.array([float(cell.replace(",", ".")) for cell in column[row + 2 : row + 200] if is_number(cell)])
        for column in table.columns
    ]
    if any(len(own) < FEWEST_ROWS // 2 for own in rest):
        return ""
    if DATED[0] <= value <= DATED[1]:
        return START if all(np.abs(own).max() < DATED[0] / 2 for own in rest) else ""
    if not 0 < value <= LARGEST_RATE_HZ or not value.is_integer():
        return ""
    far = all(abs(value - np.median(own)) > FAR * max(np.ptp(own), 1e-9) for own in rest)
    return RATE if after_start or (far and len(values) > 1) else ""
