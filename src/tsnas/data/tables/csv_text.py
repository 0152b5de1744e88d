"""Parses the text of a CSV file to a table: encoding, comments, delimiter, header, and lines that do not fit."""

from __future__ import annotations

import codecs
import collections
import csv
import io
import itertools
import pathlib
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tsnas.data.tables.notes import Notes
from tsnas.data.tables.numbers import is_missing, is_number
from tsnas.data.tables.table import Table
from tsnas.errors import TableFileError

# In this order: a comma may be the decimal mark; a tab is hardly ever part of a value.
DELIMITERS = ("\t", ";", ",")
LOOKED_AT = 100
ALIKE = 0.9
BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}

# Rows are appended to columns in blocks: a million lists at once would keep Python's garbage collector busy.
BLOCK = 4096

Row = tuple[int, list[str]]


class _Lines(NamedTuple):
    """Lines with their numbers, and the comments before the first of them."""

    numbers: list[int]
    texts: list[str]
    comments: list[str]


def read_table(
    path: pathlib.Path,
    source: str,
    notes: Notes,
    delimiter: str | None = None,
    comment: str = "#",
    header: bool | None = None,
) -> Table:
    """Reads one CSV file; its cells stay text.

    Args:
        path: path of the file.
        source: str, name of the file in messages.
        notes: `Notes` to add to.
        delimiter: str of one character. Defaults to None: the first of tab, semicolon and comma that divides nine
            lines out of ten into the same number of fields.
        comment: str that starts a comment line. Defaults to `"#"`.
        header: bool, whether the first line holds names. Defaults to None: it does unless one of its fields is a
            number.

    Returns:
        `Table`.

    Raises:
        TableFileError: the file is missing, empty or not text, or its lines differ in the number of fields.
    """
    lines = _split_lines(_read_text(path, source, notes), comment)
    if not lines.texts:
        raise TableFileError(f"{source} is empty; give a file with at least two lines of samples.")
    first = lines.texts[0].strip()
    start = 0
    if first.lower().startswith("sep=") and len(first) == 5:
        # Spreadsheet programs declare their delimiter in such a line.
        delimiter, start = delimiter or first[4], 1
    delimiter = delimiter or _detect_delimiter(lines.texts[start : start + LOOKED_AT])
    rows = _parse_rows(lines, start, delimiter, source)
    row = next(rows, None)
    if row is None:
        raise TableFileError(f"{source} has no line of samples; give a file with at least two.")
    if header is None:
        header = not any(is_number(cell) for cell in row[1])
    names = (
        [cell.strip() for cell in row[1]] if header else _find_commented_header(lines.comments, delimiter, len(row[1]))
    )
    width = len(row[1])
    columns, kept = _collect_columns(rows if header else itertools.chain([row], rows), width, names, source, notes)
    if not kept:
        raise TableFileError(f"{source} has a header, but no line of samples; give a file with at least two.")
    return Table(source, names or list(map(str, range(width))), columns, np.array(kept), named=names is not None)


def _read_text(path: pathlib.Path, source: str, notes: Notes) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TableFileError(f"{source} cannot be read: {error.strerror}; give the path of a CSV file.") from None
    encoding = next((name for bom, name in BOMS.items() if content.startswith(bom)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        if encoding != "utf-8":
            raise TableFileError(
                f"{source} starts with the mark of {encoding}, but is not in that encoding; save it as UTF-8."
            ) from None
        text = content.decode("latin-1")
        notes.tell("Text that is not UTF-8 was read as Latin-1", source)
    if "\0" in text:
        raise TableFileError(f"{source} holds zero bytes, so it is not text; export it as CSV in UTF-8.")
    return text


def _split_lines(text: str, comment: str) -> _Lines:
    found = _Lines([], [], [])
    for number, line in enumerate(io.StringIO(text, newline=None), 1):
        stripped = line.strip()
        if comment and stripped.startswith(comment):
            if not found.texts:
                found.comments.append(stripped.removeprefix(comment).strip())
        elif stripped:
            found.numbers.append(number)
            found.texts.append(line)
    return found


def _detect_delimiter(sample: list[str]) -> str:
    for delimiter in DELIMITERS:
        try:
            widths = collections.Counter(len(row) for row in csv.reader(sample, delimiter=delimiter))
        except csv.Error:
            continue
        width, count = widths.most_common(1)[0]
        if width > 1 and count >= ALIKE * widths.total():
            return delimiter
    return max(DELIMITERS, key=lambda delimiter: sum(delimiter in line for line in sample))


def _parse_rows(lines: _Lines, start: int, delimiter: str, source: str) -> Iterator[Row]:
    """Yields the line number and the fields of each row; a row with a quoted line break has the number of its last."""
    reader = csv.reader(itertools.islice(lines.texts, start, None), delimiter=delimiter, skipinitialspace=True)
    try:
        for row in reader:
            yield lines.numbers[start + reader.line_num - 1], row
    except csv.Error as error:
        line = lines.numbers[min(start + reader.line_num, len(lines.numbers)) - 1]
        raise TableFileError(
            f"{source}, line {line}, cannot be divided into fields: {error}; look for a quote that is not closed."
        ) from None


def _find_commented_header(comments: list[str], delimiter: str, width: int) -> list[str] | None:
    """Returns the names in the last comment before the samples, if there is one for each column."""
    if not comments or width < 2:
        return None
    names = [cell.strip() for cell in comments[-1].split(delimiter)]
    return names if len(names) == width and all(names) else None


def _collect_columns(
    rows: Iterable[Row], width: int, names: list[str] | None, source: str, notes: Notes
) -> tuple[list[Sequence[str]], list[int]]:
    """Collects cells by column, and the lines of their rows, without a truncated last line and repeated headers."""
    columns: list[list[str]] = [[] for _ in range(width)]
    kept: list[int] = []
    block: list[list[str]] = []
    repeated = 0
    rows = iter(rows)
    for line, cells in rows:
        if len(cells) > width and all(is_missing(cell) for cell in cells[width:]):
            cells = cells[:width]
        if names and cells and cells[0].strip() == names[0] and [cell.strip() for cell in cells] == names:
            repeated += 1
        elif len(cells) == width:
            kept.append(line)
            block.append(cells)
            if len(block) == BLOCK:
                _append_block(columns, block)
        elif len(cells) > width or next(rows, None) is not None:
            raise TableFileError(
                f"{source}, line {line}, has {len(cells)} fields, but "
                f"{'the header' if names else 'the first line'} has {width}; correct the line, or give the delimiter."
            )
        else:
            notes.add("Incomplete last lines, left out", source, 1)
    _append_block(columns, block)
    notes.add("Headers repeated between the samples, left out", source, repeated)
    return [*columns], kept


def _append_block(columns: list[list[str]], block: list[list[str]]) -> None:
    for column, cells in zip(columns, zip(*block, strict=True), strict=bool(block)):
        column.extend(cells)
    block.clear()
