"""Parses the text of a CSV file to a table: encoding, comments, delimiter, header, and lines that do not fit."""

from __future__ import annotations

import collections
import csv
import itertools
import pathlib
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tsnas.data.tables.columns import SKIP, STOP
from tsnas.data.tables.heads import is_header, leave_out_heads, take_units
from tsnas.data.tables.lines import read_text, split_lines, split_stamps, strip_ends
from tsnas.data.tables.notes import Notes
from tsnas.data.tables.numbers import is_missing
from tsnas.data.tables.table import Table
from tsnas.errors import TableFileError

# In this order: a comma may be the decimal mark; a tab is hardly ever part of a value.
SPACE = " "
DELIMITERS = ("\t", ";", ",", "|", SPACE)
LOOKED_AT = 100
ALIKE = 0.9
# Rows are appended to columns in blocks: a million lists at once would keep Python's garbage collector busy.
BLOCK = 4096

Row = tuple[int, list[str]]


def read_table(
    path: pathlib.Path,
    source: str,
    notes: Notes,
    delimiter: str | None = None,
    comment: str = "#",
    header: bool | None = None,
    bad_lines: str = STOP,
) -> Table:
    """Reads one CSV file; its cells stay text.

    Args:
        path: path of the file.
        source: str, name of the file in messages.
        notes: `Notes` to add to.
        delimiter: str of one character. Defaults to None: the first of tab, semicolon, comma, bar and space that
            divides nine lines out of ten into the same number of fields; one at the end of a line is no field.
        comment: str that starts a comment line. Defaults to `"#"`.
        header: bool, whether the first line holds names. Defaults to None: by what stands below it.
        bad_lines: str, `"stop"` for an error about lines with another number of fields, or `"skip"` to leave them out.
            Defaults to `"stop"`.

    Returns:
        `Table`.

    Raises:
        TableFileError: the file is missing, empty or not text, or its lines differ in the number of fields.
    """
    lines = split_lines(read_text(path, source, notes), comment)
    if not lines.texts:
        raise TableFileError(f"{source} is empty; give a file with at least two lines of samples.")
    texts, numbers = lines.texts, lines.numbers
    first = texts[0].strip()
    if first.lower().startswith("sep=") and len(first) == 5:
        # Spreadsheet programs declare their delimiter in such a line.
        delimiter, texts, numbers = delimiter or first[4], texts[1:], numbers[1:]
    stamps, texts = split_stamps(texts) if texts else ([], texts)
    delimiter = delimiter or _detect_delimiter(texts[:LOOKED_AT])
    texts = strip_ends(texts, delimiter, DELIMITERS)
    if delimiter == SPACE:
        texts = [SPACE.join(text.split()) for text in texts]
    rows = list(itertools.islice(_parse_rows(numbers, texts, delimiter, source), LOOKED_AT))
    if not rows:
        raise TableFileError(f"{source} has no line of samples; give a file with at least two.")
    names, width, after = _find_names(rows, lines.comments, delimiter, header, source, notes)
    collected = _Collected([[] for _ in range(width)], [], [], [], [])
    _collect(_parse_rows(numbers, texts, delimiter, source), after, names, collected, lines.breaks)
    notes.add("Headers repeated between the samples, left out", source, len(collected.headers))
    _report_misfits(collected, width, names is not None, bad_lines, source, notes)
    if not collected.lines:
        raise TableFileError(f"{source} has a header, but no line of samples; give a file with at least two.")
    columns: list[Sequence[str]] = [*collected.columns]
    kept = np.array(collected.lines)
    if stamps:
        stamp_of = dict(zip(numbers, stamps, strict=True))
        columns = [[stamp_of[int(line)] for line in kept], *columns]
        names = None if names is None else ["time", *names]
        notes.tell("Times that a serial monitor wrote before each line are the first column, 'time'", source)
    named = names is not None
    breaks = np.array(collected.breaks, int)
    table = Table(source, names or list(map(str, range(len(columns)))), columns, kept, named, breaks=breaks)
    return leave_out_heads(take_units(table, notes), notes)


class _Collected(NamedTuple):
    """What is collected of the rows of a file.

    Args:
        columns: list of lists of str.
        lines: list of int, the line of each row.
        breaks: list of int, the rows at which a new recording begins.
        misfits: list of (line, fields), lines with another number of fields.
        headers: list of int, lines that repeat the header.
    """

    columns: list[list[str]]
    lines: list[int]
    breaks: list[int]
    misfits: list[tuple[int, int]]
    headers: list[int]


def _detect_delimiter(sample: list[str]) -> str:
    for delimiter in DELIMITERS:
        # At the end of a line a delimiter divides nothing.
        texts = [text.strip() if delimiter == SPACE else text.rstrip().rstrip(delimiter) for text in sample]
        try:
            rows = csv.reader(
                (SPACE.join(text.split()) if delimiter == SPACE else text for text in texts), delimiter=delimiter
            )
            widths = collections.Counter(len(row) for row in rows)
        except csv.Error:
            continue
        if not widths:
            break
        width, count = widths.most_common(1)[0]
        if width > 1 and count >= ALIKE * widths.total():
            return delimiter
    return max(DELIMITERS[:-1], key=lambda delimiter: sum(delimiter in line for line in sample))


def _parse_rows(numbers: list[int], texts: list[str], delimiter: str, source: str) -> Iterator[Row]:
    """Yields the line number and the fields of each row; a row with a quoted line break has the number of its last."""
    reader = csv.reader(texts, delimiter=delimiter, skipinitialspace=True)
    try:
        for row in reader:
            yield numbers[reader.line_num - 1], row
    except csv.Error as error:
        line = numbers[min(reader.line_num, len(numbers) - 1)]
        raise TableFileError(
            f"{source}, line {line}, cannot be divided into fields: {error}; look for a quote that is not closed."
        ) from None


def _find_names(
    rows: list[Row], comments: list[str], delimiter: str, header: bool | None, source: str, notes: Notes
) -> tuple[list[str] | None, int, int]:
    """Returns the names of the columns, or None, the number of columns, and the number of rows before the samples."""
    cells, following = rows[0][1], [row for _, row in rows[1:]]
    if header is None:
        header, doubt = is_header(cells, following)
        if doubt:
            notes.tell(f"The first line was taken for {'a header' if header else 'a sample'}, because {doubt}", source)
    if header:
        names = [cell.strip() for cell in cells]
        if following and all(len(row) == len(names) + 1 and not is_missing(row[-1]) for row in following):
            # Some programs give no name to the column that counts rows.
            names = ["", *names]
        return names, len(names), 1
    # The first line may be cut, where a logger was switched on.
    width = collections.Counter(len(row) for _, row in rows).most_common(1)[0][0]
    return _find_commented_header(comments, delimiter, width), width, 0


def _find_commented_header(comments: list[str], delimiter: str, width: int) -> list[str] | None:
    """Returns the names in the last comment before the samples, if there is one for each column."""
    if not comments or width < 2:
        return None
    names = [cell.strip() for cell in comments[-1].split(delimiter)]
    return names if len(names) == width and all(names) else None


def _collect(rows: Iterable[Row], after: int, names: list[str] | None, found: _Collected, breaks: set[int]) -> None:
    """Collects cells by column, the line of each row, the rows that begin a recording, and lines that misfit."""
    width = len(found.columns)
    block: list[list[str]] = []
    begins = False
    for line, cells in itertools.islice(rows, after, None):
        begins |= line in breaks
        if len(cells) > width and all(is_missing(cell) for cell in cells[width:]):
            cells = cells[:width]
        if all(map(is_missing, cells)):
            begins = True
        elif names and len(cells) == width and [cell.strip() for cell in cells] == names:
            found.headers.append(line)
            begins = True
        elif len(cells) == width:
            if begins and found.lines:
                found.breaks.append(len(found.lines))
            begins = False
            found.lines.append(line)
            block.append(cells)
            if len(block) == BLOCK:
                _append_block(found.columns, block)
        else:
            found.misfits.append((line, len(cells)))
    _append_block(found.columns, block)


def _report_misfits(found: _Collected, width: int, named: bool, bad_lines: str, source: str, notes: Notes) -> None:
    """Notes lines that were left out because their number of fields is wrong, or raises TableFileError."""
    misfits = found.misfits
    if misfits and misfits[-1][1] < width and misfits[-1][0] > max(found.lines, default=0):
        notes.add("Incomplete last lines, left out", source, 1)
        misfits = misfits[:-1]
    if not misfits:
        return
    total = len(found.lines) + len(misfits)
    if bad_lines == SKIP and 2 * len(misfits) <= total:
        notes.add("Lines with too few or too many fields, left out", source, len(misfits))
        return
    line, fields = misfits[0]
    more = f"; so have {len(misfits) - 1:,} more of {total:,} lines" if len(misfits) > 1 else ""
    helps = "give bad_lines='skip' to leave such lines out" if 2 * len(misfits) <= total else "look at the header"
    raise TableFileError(
        f"{source}, line {line}, has {fields} fields, but {'the header' if named else 'most lines'} has {width}{more}: "
        f"correct the file, give the delimiter, or {helps}."
    )


def _append_block(columns: list[list[str]], block: list[list[str]]) -> None:
    for column, cells in zip(columns, zip(*block, strict=True), strict=bool(block)):
        column.extend(cells)
    block.clear()
