"""A table as it was read: columns of text or numbers, and the line of each row in its file."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Sequence
from typing import Any

import numpy as np

from tsnas.errors import TableColumnError

MOST_LISTED, LONGEST_NAME = 20, 40

Column = str | int


@dataclasses.dataclass(frozen=True)
class Table:
    """The columns of one file or data frame, all of the same length.

    Args:
        source: str, name of the table in messages, such as the path of the file.
        names: list of str, names of the columns; their indices "0", "1", ... if a file has no header.
        columns: list of sequences of cells: text, or NumPy arrays of numbers or times.
        lines: int array (rows,), the line of each row in its file, or its index in a frame.
        named: bool, False if a file has no header.
        unit: str, the word for a row in messages: `"line"` or `"row"`.
        breaks: int array, the rows at which another recording begins, as empty lines say. Defaults to None: none.
        units: dict of the name of a column to its unit, as the file says it. Defaults to None: names may say it.
    """

    source: str
    names: list[str]
    columns: list[Sequence[Any]]
    lines: np.ndarray
    named: bool = True
    unit: str = "line"
    breaks: np.ndarray | None = None
    units: dict[str, str] | None = None

    def select(self, rows: np.ndarray) -> Table:
        """Returns some of the rows.

        Args:
            rows: int array, in increasing order.
        """
        columns: list[Sequence[Any]] = [
            cells[rows] if isinstance(cells, np.ndarray) else [cells[row] for row in rows] for cells in self.columns
        ]
        breaks = None if self.breaks is None else np.unique(np.searchsorted(rows, self.breaks))
        return dataclasses.replace(self, columns=columns, lines=self.lines[rows], breaks=breaks)

    def without(self, *names: str) -> Table:
        """Returns the table without the columns of some names."""
        kept = [index for index, name in enumerate(self.names) if name not in names]
        return dataclasses.replace(
            self, names=[self.names[index] for index in kept], columns=[self.columns[index] for index in kept]
        )

    def index(self, column: Column, role: str) -> int:
        """Returns the index of a column.

        Args:
            column: str, its name, or int, its index from 0.
            role: str, the argument that names it, for the message.

        Raises:
            TableColumnError: there is no such column, or more than one of that name.
        """
        if not isinstance(column, str):
            if 0 <= column < len(self.names):
                return int(column)
            raise TableColumnError(
                f"{self.source} has {len(self.names)} columns, with indices 0 to {len(self.names) - 1}, so "
                f"{role}={column} is not one of them."
            )
        found = [index for index, name in enumerate(self.names) if name == column]
        if len(found) == 1 and self.named:
            return found[0]
        if len(found) > 1:
            raise TableColumnError(
                f"{self.source} has {len(found)} columns named {column!r} (indices {', '.join(map(str, found))}); give "
                f"{role} as an index."
            )
        if not self.named:
            raise TableColumnError(
                f"{self.source} has no header, so {role}={column!r} names no column of it; give an index from 0 to "
                f"{len(self.names) - 1}, or header=True if its first line holds names."
            )
        raise TableColumnError(
            f"{self.source} has no column {column!r} for {role}{_suggest(column, self.names)}; its columns are "
            f"{list_columns(self.names)}."
        )

    def quote(self, index: int) -> str:
        """Returns the name of a column in quotes, for a message."""
        return repr(self.names[index][:LONGEST_NAME])

    def locate(self, row: int) -> str:
        """Returns the file and line of a row, for a message."""
        return f"{self.source}, {self.unit} {self.lines[row]}"


def _suggest(column: str, names: list[str]) -> str:
    by_key = {name.strip().lower(): name for name in names}
    near = [by_key[key] for key in difflib.get_close_matches(column.strip().lower(), by_key, n=3, cutoff=0.5)]
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""


def list_columns(names: list[str]) -> str:
    """Lists the names of columns in quotes for a message, shortened if they are long or many."""
    shown = ", ".join(repr(name[:LONGEST_NAME]) for name in names[:MOST_LISTED])
    return shown + (f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else "")
