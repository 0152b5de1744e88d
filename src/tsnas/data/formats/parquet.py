"""Reads Parquet files: a table is a recording, or a column says which rows are one."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np

from tsnas.data.formats.folder_names import name_of
from tsnas.data.formats.libraries import load, refuse_damage
from tsnas.data.formats.plain_tables import read_tables
from tsnas.data.recording_set import RecordingSet
from tsnas.data.tables.notes import Notes
from tsnas.data.tables.table import Table
from tsnas.errors import FormatError

SUFFIXES, MAGIC = (".parquet", ".pq"), b"PAR1"


def recognise(files: list[pathlib.Path]) -> str:
    """Returns why files are Parquet files, or ""."""
    for file in _ours(files):
        with file.open("rb") as content:
            if content.read(len(MAGIC)) == MAGIC:
                return f"{file.name} begins with PAR1"
    return ""


def read(root: pathlib.Path, files: list[pathlib.Path]) -> RecordingSet:
    """Reads the tables; their columns of time, label, group and recording are found by names and values."""
    ours, notes = _ours(files), Notes()
    return read_tables(root, ours, [_table(file, name_of(root, file), notes) for file in ours], notes)


def _ours(files: list[pathlib.Path]) -> list[pathlib.Path]:
    return [file for file in files if file.suffix.lower() in SUFFIXES]


def _table(file: pathlib.Path, source: str, notes: Notes) -> Table:
    parquet = load("pyarrow.parquet", "pyarrow", source)
    with refuse_damage(source, "Parquet file"):
        found = parquet.read_table(file)
        names: list[str] = []
        columns: list[Any] = []
        units: dict[str, str] = {}
        for field, column in zip(found.schema, found.columns, strict=True):
            cells = _cells(column)
            if cells is None:
                notes.tell(f"Column {field.name!r} was left out, because it holds {field.type}", source)
                continue
            # What pandas calls an index without a name.
            names.append("time" if field.name == "__index_level_0__" and _is_time(cells) else field.name)
            columns.append(cells)
            about = {key.decode("utf-8", "replace"): value for key, value in (field.metadata or {}).items()}
            unit = about.get("unit", about.get("units"))
            if unit is not None:
                units[names[-1]] = unit.decode("utf-8", "replace")
    if not columns or not found.num_rows:
        raise FormatError(f"{source} holds no rows of numbers.")
    return Table(source, names, columns, np.arange(found.num_rows), unit="row", units=units)


def _is_time(cells: Any) -> bool:
    return isinstance(cells, np.ndarray) and cells.dtype.kind == "M"


def _cells(column: Any) -> Any:
    """Returns the cells of a column as numbers, times or text; None for what is neither."""
    import pyarrow

    kinds, kind = pyarrow.types, column.type
    if kinds.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if kinds.is_timestamp(kind):
        return column.cast(pyarrow.timestamp("ns")).to_numpy().astype("datetime64[ns]")
    if kinds.is_decimal(kind):
        column = column.cast(pyarrow.float64())
        kind = column.type
    if kinds.is_integer(kind) or kinds.is_floating(kind) or kinds.is_boolean(kind):
        # Of whole numbers with missing ones among them, floats are made.
        cells = column.to_numpy()
        return (
            cells if cells.dtype.kind in "biuf" else np.array([np.nan if one is None else one for one in cells], float)
        )
    if kinds.is_string(kind) or kinds.is_large_string(kind):
        return ["" if one is None else one for one in column.to_pylist()]
    return None
