"""Reads tables whose columns say what they are: CSV and text files, and tables that other formats hold."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

from tsnas.data.formats.column_roles import find_clocks, find_roles
from tsnas.data.formats.folder_names import name_of, names_of
from tsnas.data.recording_set import RecordingSet
from tsnas.data.tables.columns import Columns
from tsnas.data.tables.csv_text import read_table
from tsnas.data.tables.join import find_sensor_column, join_sensors
from tsnas.data.tables.notes import Notes
from tsnas.data.tables.read import join_tables
from tsnas.data.tables.table import Table
from tsnas.errors import FormatError, TableError
from tsnas.system.words import listed

SUFFIXES = (".csv", ".txt", ".tsv", ".log")


def recognise(files: list[pathlib.Path]) -> str:
    """Returns why the first text file is a table with a column of times, or ""."""
    ours = _ours(files)
    if not ours:
        return ""
    try:
        table = read_table(ours[0], ours[0].name, Notes())
        roles = find_roles(table)
    except TableError:
        return ""
    return f"column {table.names[roles['time']]!r} of {ours[0].name} holds times" if roles else ""


def read(root: pathlib.Path, files: list[pathlib.Path]) -> RecordingSet:
    """Reads all text files, each a recording, by the columns that they have."""
    ours, notes = _ours(files), Notes()
    tables = [read_table(file, name_of(root, file), notes) for file in ours]
    return read_tables(root, ours, tables, notes)


def read_tables(root: pathlib.Path, files: list[pathlib.Path], tables: list[Table], notes: Notes) -> RecordingSet:
    """Returns tables as recordings, by the columns that find their roles in the first of them.

    Args:
        root: path that was given.
        files: list of paths, one for each table.
        tables: list of `Table`.
        notes: `Notes` to add to.

    Raises:
        FormatError: no column is certainly the time.
        TableError: the tables cannot be read so.
    """
    first = tables[0]
    roles = find_roles(first)
    if not roles:
        raise FormatError(
            f"No column of {first.source} is certainly the time: {', '.join(map(repr, first.names[:20]))}. Name it, or "
            "the rate, with from_csv or from_frame (tsnas data windows --csv --time=COLUMN or --rate_hz=HZ)."
        )
    unit = roles.pop("time_unit")
    # By name, since other files may have their columns in another order.
    given: dict[str, Any] = {role: first.names[index] if first.named else index for role, index in roles.items()}
    tables = [_without_clocks(table, given["time"], notes) for table in tables]
    first = tables[0]
    paths = names_of(root, files)
    for role in {"label", "group"} & set(given):
        paths = paths.without(role)
    names = paths.names
    told = [f"{role} from {column!r}" for role, column in given.items() if first.named]
    if told:
        notes.tell(f"Columns were found by their names and values: {listed(told)}")
    if find_sensor_column(first, first.index(given["time"], "time")) is not None:
        names = [{**one, **_constants(table, given)} for one, table in zip(names, tables, strict=True)]
        given = {"time": given["time"]}
    columns = Columns(**given, time_unit=unit)
    tables, found, columns = join_sensors(tables, names, columns, notes)
    data = join_tables(tables, found, columns, notes)
    return dataclasses.replace(data, notes=(*data.notes, *paths.said.values()))


def _without_clocks(table: Table, time: str | int, notes: Notes) -> Table:
    """Returns a table without the clocks that stand beside that of its times."""
    kept_time = table.index(time, "time")
    further = [index for index in find_clocks(table) if index != kept_time]
    for index in further:
        notes.tell(f"Column {table.names[index]!r} was left out, because it is a second clock", table.source)
    kept = [index for index in range(len(table.names)) if index not in further]
    names, columns = [table.names[index] for index in kept], [table.columns[index] for index in kept]
    return dataclasses.replace(table, names=names, columns=columns)


def _constants(table: Table, given: dict[str, Any]) -> dict[str, str | None]:
    """Returns label and group of a log of several sensors, which are joined on time, so that each must hold for all."""
    found: dict[str, str | None] = {}
    for role in ("label", "group", "recording"):
        if role not in given:
            continue
        cells = {str(cell).strip() for cell in table.columns[table.index(given[role], role)]}
        if len(cells) > 1:
            raise FormatError(
                f"{table.source} is a log of several sensors whose column {given[role]!r} changes; write a file for "
                f"each {role}, or give the labels as segments (tsnas data windows --csv --segments=FILE)."
            )
        if role != "recording":
            found[role] = cells.pop()
    return found


def _ours(files: list[pathlib.Path]) -> list[pathlib.Path]:
    return [file for file in files if file.suffix.lower() in SUFFIXES]
