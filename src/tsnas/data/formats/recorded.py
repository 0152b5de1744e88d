"""Reads what `tsnas data record` has written."""

from __future__ import annotations

import pathlib

from tsnas.data.recorder.recording_file import FIRST_LINE, GROUP, LABEL, TIME
from tsnas.data.recording_set import RecordingSet
from tsnas.data.tables import from_csv


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
    heads = _heads(files)
    grouped = all(names[-1] == GROUP for names in heads.values())
    names = next(iter(heads.values()))
    channels = [name for name in names if name not in (TIME, LABEL, GROUP)]
    group = GROUP if grouped else None
    return from_csv(list(heads), TIME, LABEL, group, channels, time_unit="s", delimiter=",")
