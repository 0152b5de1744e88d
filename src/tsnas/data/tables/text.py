"""The text of a CSV file to a table: encoding, comments, delimiter, header, and lines that do not fit."""

from __future__ import annotations

import codecs
import collections
import csv
import io
import pathlib
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from tsnas.data.tables.cells import is_missing, is_number
from tsnas.data.tables.notes import Notes
from tsnas.data.tables.table import Table
from tsnas.errors import TableFileError

# In this order: a comma may be the decimal mark, a tab hardly ever is part of a value.
DELIMITERS = ("\t", ";", ",")
LOOKED_AT = 100
ALIKE = 0.9
BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}

Line = tuple[int, str]


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
        source: str, what to call it in messages.
        notes: `Notes` to add to.
        delimiter: str of one character. Defaults to None: tab, semicolon or comma, the first of which divides nine
            lines of ten into the same number of fields.
        comment: str that starts a comment line. Defaults to `"#"`.
        header: bool, whether the first line holds names. Defaults to None: it does unless a field of it is a number.

    Returns:
        `Table`.

    Raises:
        TableFileError: a file that is missing, no text, empty, or with lines of another number of fields.
    """
    lines, comments = _lines(_text(path, source, notes), comment)
    if not lines:
        raise TableFileError(f"{source} is empty; give a file with at least two lines of samples.")
    first = lines[0][1].strip()
    if first.lower().startswith("sep=") and len(first) == 5:
        # What spreadsheet programs write to say their delimiter.
        delimiter, lines = delimiter or first[4], lines[1:]
    delimiter = delimiter or _delimiter(lines)
    numbered = list(_rows(lines, delimiter, source))
    if not numbered:
        raise TableFileError(f"{source} holds no line of samples; give a file with at least two.")
    if header is None:
        header = not any(is_number(cell) for cell in numbered[0][1])
    names = [cell.strip() for cell in numbered[0][1]] if header else None
    if names is None:
        names = _commented_header(comments, delimiter, len(numbered[0][1]))
    kept = _fitting(numbered[1:] if header else numbered, names, source, notes)
    if not kept:
        raise TableFileError(f"{source} has a header, but no line of samples; give a file with at least two.")
    width = len(kept[0][1])
    columns: list[Sequence[str]] = [list(column) for column in zip(*(cells for _, cells in kept), strict=True)]
    return Table(
        source,
        names or [str(index) for index in range(width)],
        columns,
        np.array([line for line, _ in kept]),
        named=names is not None,
    )


def _text(path: pathlib.Path, source: str, notes: Notes) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TableFileError(f"{source} cannot be read: {error.strerror}; give the path of a CSV file.") from None
    encoding = next((name for bom, name in BOMS.items() if content.startswith(bom)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        if encoding != "utf-8":
            raise TableFileError(f"{source} starts as {encoding}, but is not; save it as UTF-8.") from None
        text = content.decode("latin-1")
        notes.tell("Text that is no UTF-8 was read as Latin-1", source)
    if "\0" in text:
        raise TableFileError(f"{source} holds bytes of zero, so it is no text; export it as CSV in UTF-8.")
    return text


def _lines(text: str, comment: str) -> tuple[list[Line], list[str]]:
    """Lines with their numbers, and the comments before the first of them."""
    lines: list[Line] = []
    comments = []
    for number, line in enumerate(io.StringIO(text, newline=None), 1):
        stripped = line.strip()
        if comment and stripped.startswith(comment):
            if not lines:
                comments.append(stripped.removeprefix(comment).strip())
        elif stripped:
            lines.append((number, line))
    return lines, comments


def _delimiter(lines: list[Line]) -> str:
    sample = [line for _, line in lines[:LOOKED_AT]]
    for delimiter in DELIMITERS:
        try:
            widths = collections.Counter(len(row) for row in csv.reader(sample, delimiter=delimiter))
        except csv.Error:
            continue
        width, count = widths.most_common(1)[0]
        if width > 1 and count >= ALIKE * widths.total():
            return delimiter
    return max(DELIMITERS, key=lambda delimiter: sum(delimiter in line for line in sample))


def _rows(lines: Iterable[Line], delimiter: str, source: str) -> Iterator[tuple[int, list[str]]]:
    """Fields of each line; one with a quoted line break is called by the number of its last line."""
    at = 0

    def texts() -> Iterator[str]:
        nonlocal at
        for number, line in lines:
            at = number
            yield line

    try:
        for row in csv.reader(texts(), delimiter=delimiter, skipinitialspace=True):
            yield at, row
    except csv.Error as error:
        raise TableFileError(
            f"{source}, line {at}, cannot be divided into fields: {error}; look for a quote that is not closed."
        ) from None


def _commented_header(comments: list[str], delimiter: str, width: int) -> list[str] | None:
    """The names in the last comment before the samples, if there is one for each column."""
    if not comments or width < 2:
        return None
    names = [cell.strip() for cell in comments[-1].split(delimiter)]
    return names if len(names) == width and all(names) else None


def _fitting(
    rows: list[tuple[int, list[str]]], names: list[str] | None, source: str, notes: Notes
) -> list[tuple[int, list[str]]]:
    """Rows as wide as the header; a last line that ends early and headers in between are left out."""
    if not rows:
        return []
    width = len(names) if names else len(rows[0][1])
    kept, repeated = [], 0
    for position, (line, cells) in enumerate(rows):
        if len(cells) > width and all(is_missing(cell) for cell in cells[width:]):
            cells = cells[:width]
        if names and [cell.strip() for cell in cells] == names:
            repeated += 1
        elif len(cells) == width:
            kept.append((line, cells))
        elif position == len(rows) - 1 and len(cells) < width:
            notes.add("Last lines that end early, left out", source, 1)
        else:
            raise TableFileError(
                f"{source}, line {line}, has {len(cells)} fields, but "
                f"{'the header' if names else 'the first line'} has {width}; correct the line, or give the delimiter."
            )
    notes.add("Headers that are repeated between the samples, left out", source, repeated)
    return kept
