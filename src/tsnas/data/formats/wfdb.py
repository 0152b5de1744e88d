"""Reads WFDB records of PhysioNet: a header, its signals in physical units, and rhythms of an annotation file."""

from __future__ import annotations

import pathlib
import re
from typing import Any

import numpy as np

from tsnas.data.formats.annotations import Annotation, label_samples
from tsnas.data.formats.folder_names import name_of, names_of
from tsnas.data.formats.libraries import load, refuse_damage
from tsnas.data.recording_set import RecordingSet
from tsnas.data.tables.columns import Columns
from tsnas.data.tables.notes import Notes
from tsnas.data.tables.read import join_tables
from tsnas.data.tables.table import Table
from tsnas.errors import FormatError

SUFFIX = ".hea"
# Name, number of signals, rate with an optional counter, and number of samples.
RECORD_LINE = re.compile(r"[\w/-]+\s+\d+\s+[\d.]+\S*(\s+\d+.*)?$", re.ASCII)
# In the order in which they are taken: reference annotations first.
ANNOTATORS = ("atr", "ari", "rhythm", "st", "ann", "act")
# Two characters stand for a change of the rhythm and for a comment; both name what follows in their text.
RHYTHM, COMMENT = "+", '"'
TIME, LABEL = "time_s", "label"


def recognise(files: list[pathlib.Path]) -> str:
    """Returns why files are WFDB records, or ""."""
    for file in _ours(files):
        lines = file.read_text("utf-8", "replace").splitlines()
        first = next((line.strip() for line in lines if line.strip() and not line.startswith("#")), "")
        if RECORD_LINE.match(first):
            return f"{file.name} is a header of signals"
    return ""


def read(root: pathlib.Path, files: list[pathlib.Path]) -> RecordingSet:
    """Reads the records; where an annotation file names rhythms or activities, they are labels of samples."""
    ours, notes = _ours(files), Notes()
    # Parts of a record of several have headers of their own.
    parts = {part for file in ours for part in _parts(file)}
    ours = [file for file in ours if file.stem not in parts]
    paths = names_of(root, ours)
    tables = [_table(file, name_of(root, file), files, notes) for file in ours]
    labelled = all(LABEL in table.names for table in tables)
    if labelled:
        paths = paths.without("label")
    channels = [name for name in tables[0].names if name not in (TIME, LABEL)]
    paths.tell(notes)
    columns = Columns(TIME, LABEL if labelled else None, channels=channels, time_unit="s")
    return join_tables(tables, paths.names, columns, notes)


def _ours(files: list[pathlib.Path]) -> list[pathlib.Path]:
    return [file for file in files if file.suffix.lower() == SUFFIX]


def _parts(file: pathlib.Path) -> list[str]:
    lines = [line for line in file.read_text("utf-8", "replace").splitlines() if line.strip() and line[0] != "#"]
    if not lines or not re.match(r"\S+/\d+\s", lines[0]):
        return []
    return [line.split()[0] for line in lines[1:] if line.split()[0] != "~"]


def _table(file: pathlib.Path, source: str, files: list[pathlib.Path], notes: Notes) -> Table:
    wfdb = load("wfdb", "wfdb", source)
    name = str(file.with_suffix(""))
    with refuse_damage(source, "WFDB record"):
        record = wfdb.rdrecord(name)
        values, rate_hz = np.array(record.p_signal, np.float64), float(record.fs)
        channels = [str(one) for one in record.sig_name]
        units = [str(one or "") for one in record.units]
    if values.ndim != 2 or len(values) < 2 or not 0 < rate_hz < float("inf"):
        raise FormatError(f"{source} has {len(values)} samples at {rate_hz:g} Hz; at least two are needed.")
    cells: list[Any] = [np.arange(len(values)) / rate_hz]
    names, found = [TIME], {}
    for channel, unit, column in zip(channels, units, values.T, strict=True):
        names.append(channel if channel not in (*names, LABEL) else f"{channel}_{len(names)}")
        cells.append(column)
        found[names[-1]] = unit
    labels = label_samples(_marks(wfdb, file, files, len(values), rate_hz, notes), cells[0], source, notes)
    if labels is not None:
        names.append(LABEL)
        cells.append(labels)
    return Table(source, names, cells, np.arange(len(values)), unit="row", units=found)


def _marks(
    wfdb: Any, file: pathlib.Path, files: list[pathlib.Path], length: int, rate_hz: float, notes: Notes
) -> list[Annotation]:
    """Returns rhythms, or else comments, each of which lasts until the next one."""
    for extension in ANNOTATORS:
        if file.with_suffix(f".{extension}") in files:
            with refuse_damage(f"{file.stem}.{extension}", "annotation file"):
                found = wfdb.rdann(str(file.with_suffix("")), extension)
                marks = list(zip(found.sample.tolist(), found.symbol, found.aux_note, strict=True))
            break
    else:
        return []
    for symbol in (RHYTHM, COMMENT):
        own = [(at, text.strip("\0 ").lstrip("(")) for at, kind, text in marks if kind == symbol and text.strip("\0 ")]
        if own:
            ends = [at for at, _ in own[1:]] + [length]
            return [
                Annotation(at / rate_hz, max(end - at, 0) / rate_hz, text)
                for (at, text), end in zip(own, ends, strict=True)
            ]
    notes.add("Annotations of beats, which are no segments, left out", file.name, len(marks))
    return []
