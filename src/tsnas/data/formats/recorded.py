"""Reads what `tsnas data record` has written."""

from __future__ import annotations

import pathlib

from tsnas.data.formats.folder_names import name_of
from tsnas.data.recorder.recording_file import FIRST_LINE, GROUP, LABEL, TIME
from tsnas.data.recording_set import RecordingSet
from tsnas.data.tables.columns import Columns
from tsnas.data.tables.csv_text import read_table
from tsnas.data.tables.notes import Notes
from tsnas.data.tables.read import join_tables
from tsnas.system.words import plural


def _heads(files: list[pathlib.Path]) -> dict[pathlib.Path, list[str]]:
    """Returns the names of the columns of each file that a recorder wrote."""
    found = {}
    for file in (file for file in files if file.suffix.lower() == ".csv"):
        with file.open(encoding="utf-8", errors="replace") as lines:
            if lines.readline().startswith(FIRST_LINE):
                found[file] = lines.readline().rstrip("\n").split(",")
    return found


def recognise(files: list[pathlib.Path]) -> str:
    """Returns why files are recordings of tsnas, or ""."""
    ours = list(_heads(files))
    return f"{ours[0].name} begins with {FIRST_LINE!r}" if ours else ""


def read(root: pathlib.Path, files: list[pathlib.Path]) -> RecordingSet:
    """Reads recordings with their labels, and with their groups if all have one."""
    heads, notes = _heads(files), Notes()
    without = [file for file, names in heads.items() if names[-1] != GROUP]
    tables = [read_table(file, name_of(root, file), notes, delimiter=",") for file in heads]
    if without and len(without) < len(heads):
        notes.tell(
            f"Groups were left out, because {plural(len(without), 'file')}, such as {name_of(root, without[0])}, "
            f"{'has' if len(without) == 1 else 'have'} none"
        )
    if without:
        tables = [table.without(GROUP) for table in tables]
    columns = Columns(time=TIME, label=LABEL, group=None if without else GROUP, time_unit="s")
    return join_tables(tables, [{"label": None, "group": None}] * len(tables), columns, notes)
