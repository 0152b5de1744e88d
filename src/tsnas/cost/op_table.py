"""Tables of operators measured on a board: reading, writing, and checking them against the board."""

from __future__ import annotations

import csv
import io
import json
import os
import pathlib
import warnings
from collections.abc import Iterable, Sequence

from tsnas.cost.board import Board
from tsnas.cost.measurements import (
    OpMeasurement,
    read_measurements,
    record_from_json,
    record_to_json,
)
from tsnas.errors import BoardFileError
from tsnas.system.files import parse_json, write_file

Rejected = tuple[OpMeasurement, str]


def read_table(path: str | os.PathLike[str]) -> list[OpMeasurement]:
    """Reads measured operators from a .csv file, or from a .json file with a list of the same rows.

    Args:
        path: the file; its columns are those of `read_measurements`.

    Returns:
        list of `OpMeasurement`, in the order of the file.

    Raises:
        BoardFileError: the file cannot be read, is neither CSV nor JSON, or a row is not complete; the message says
            which.

    Example:
        >>> kept, rejected = checked_table(read_table("mine.json"), board)
        >>> board = board.with_table(kept)
    """
    path = pathlib.Path(path)
    if path.suffix.lower() != ".json":
        return read_measurements(path)
    try:
        rows = parse_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BoardFileError(f"Table {str(path)!r} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise BoardFileError(f"Table {str(path)!r} is not JSON: {error}.") from error
    if not isinstance(rows, list):
        raise BoardFileError(f"Table {str(path)!r} is a {type(rows).__name__}; it must be a list of rows.")
    records = []
    for index, row in enumerate(rows):
        try:
            records.append(record_from_json(row))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise BoardFileError(
                f"Table {str(path)!r}, row {index}: {type(error).__name__}: {error}. "
                "Every row needs the columns that read_measurements lists, with whole numbers."
            ) from error
    return records


def write_table(path: str | os.PathLike[str], records: Iterable[OpMeasurement]) -> None:
    """Writes measured operators to a .csv or .json file that `read_table` reads, whole or not at all."""
    path, rows = pathlib.Path(path), [record_to_json(record) for record in records]
    if path.suffix.lower() == ".json":
        write_file(path, json.dumps(rows, indent=2) + "\n")
        return
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_file(path, text.getvalue())


def board_with_table(board: Board, path: str | os.PathLike[str]) -> Board:
    """Returns a board with the operators measured on it, read from a file; warns of every record that is not used.

    Raises:
        BoardFileError: see `read_table`.

    Example:
        >>> clf = tsnas.AutoClassifier(board=board_with_table(load_board("nucleo_f446re"), "mine.csv"))
    """
    return boards_with_table([board], path)[0]


def boards_with_table(boards: Sequence[Board], path: str | os.PathLike[str]) -> list[Board]:
    """Does the same for several boards of different names, with one file that has records of any of them."""
    records = read_table(path)
    names = [board.name for board in boards]
    others = " or ".join(map(repr, names))
    rejected = [(record, f"of board {record.board!r}, not {others}") for record in records if record.board not in names]
    found = []
    for board in boards:
        kept, refused = checked_table([record for record in records if record.board == board.name], board)
        found.append(board.with_table(kept))
        rejected += refused
    for record, reason in rejected:
        warnings.warn(f"Record of {record.op} in {os.fspath(path)!r} is not used: {reason}.", stacklevel=2)
    return found


def checked_table(records: Iterable[OpMeasurement], board: Board) -> tuple[list[OpMeasurement], list[Rejected]]:
    """Separates the records that can be used for a board from the others.

    Args:
        records: iterable of `OpMeasurement`.
        board: `Board`.

    Returns:
        (kept, rejected): the records to use, one for each operator, and (record, reason) for each of the others. A
        record is stale if another kernel library or toolchain made it, or if a later run measured the same operator; it
        is impossible if its arena is smaller than its own tensors or if its cycles are not.
    """
    latest: dict[object, OpMeasurement] = {}
    rejected: list[Rejected] = []
    for record in records:
        reason = board.record_fault(record)
        if reason is None:
            earlier = latest.get(record.op)
            if earlier is None:
                latest[record.op] = record
                continue
            # Runs are named by date and time; of one name, the later row counts.
            old, new = sorted((earlier, record), key=lambda r: r.run)
            latest[record.op] = new
            record, reason = old, f"stale: run {new.run} measured the same operator later than run {old.run}"
        rejected.append((record, reason))
    return list(latest.values()), rejected
