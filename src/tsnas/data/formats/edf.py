"""Reads EDF, EDF+ and BDF files: signals in physical units, whose annotations are segments."""

from __future__ import annotations

import collections
import pathlib
from typing import Any

import numpy as np

from tsnas.data.formats.annotations import Annotation, label_samples
from tsnas.data.formats.folder_names import name_of, names_of
from tsnas.data.formats.libraries import load, refuse_damage
from tsnas.data.recording_set import RecordingSet
from tsnas.data.tables.columns import Columns
from tsnas.data.tables.notes import Notes
from tsnas.data.tables.read import join_tables
from tsnas.data.tables.resample import resample
from tsnas.data.tables.table import Table
from tsnas.errors import FormatError

SUFFIXES = {".edf": b"0       ", ".bdf": b"\xffBIOSEMI"}
# Of a record that is filled up, programs make the rest constant. Fewer samples may well be measured.
LEAST_PADDING = 3
# Of EDF+ files, the first characters of the field after the length of the header.
KIND_AT, GAPS = 192, b"EDF+D"
TIME, LABEL = "time_s", "label"


def recognise(files: list[pathlib.Path]) -> str:
    """Returns why files are EDF or BDF files, or ""."""
    for file in _ours(files):
        with file.open("rb") as content:
            if content.read(8) == SUFFIXES[file.suffix.lower()]:
                return f"{file.name} begins with a header of {file.suffix[1:].upper()}"
    return ""


def read(root: pathlib.Path, files: list[pathlib.Path]) -> RecordingSet:
    """Reads the files, at the rate that most of their signals have; annotations that last are labels of samples."""
    ours, notes = _ours(files), Notes()
    tables, persons = zip(*(_table(file, name_of(root, file), notes) for file in ours), strict=True)
    paths = names_of(root, ours).with_persons(persons)
    labelled = all(LABEL in table.names for table in tables)
    if labelled:
        paths = paths.without("label")
    channels = [name for name in tables[0].names if name not in (TIME, LABEL)]
    columns = Columns(TIME, LABEL if labelled else None, channels=channels, time_unit="s")
    paths.tell(notes)
    return join_tables(list(tables), paths.names, columns, notes)


def _ours(files: list[pathlib.Path]) -> list[pathlib.Path]:
    return [file for file in files if file.suffix.lower() in SUFFIXES]


def _table(file: pathlib.Path, source: str, notes: Notes) -> tuple[Table, str | None]:
    """Returns the samples of a file, and the code of its patient."""
    edfio = load("edfio", "edfio", source)
    with file.open("rb") as content:
        head = content.read(256)
    if head[KIND_AT : KIND_AT + len(GAPS)] == GAPS:
        raise FormatError(f"{source} has gaps between its records (EDF+D); write it as a continuous file, EDF+C.")
    with refuse_damage(source, "EDF or BDF file"):
        whole = (edfio.read_edf if file.suffix.lower() == ".edf" else edfio.read_bdf)(file, header_encoding="latin-1")
        signals = [(_clean(one.label), one.physical_dimension.strip(), one.sampling_frequency) for one in whole.signals]
        values = [np.array(one.data, np.float64) for one in whole.signals]
        marks = [Annotation(one.onset, one.duration or 0.0, one.text) for one in whole.annotations]
        records = whole.num_data_records
        person = _person(head)
    if not signals or not any(len(one) > 1 for one in values):
        raise FormatError(f"{source} holds no signal of at least two samples.")
    padding = _count_padding(values, records)
    if padding:
        seconds = padding / max(rate for _, _, rate in signals)
        notes.tell(
            f"The last {seconds:.3g} s are constant to the end of the last record in all signals, as programs fill a "
            "record up; they were left out",
            source,
        )
    values = [
        one[: len(one) - round(padding * rate / max(each for _, _, each in signals))]
        for one, (_, _, rate) in zip(values, signals, strict=True)
    ]
    return _join(source, signals, values, marks, notes), person


def _clean(label: str) -> str:
    return label.strip() or "signal"


def _person(head: bytes) -> str | None:
    """Returns the code of the patient of an EDF+ header, `X` of one that is not told."""
    words = head[8:88].decode("latin-1").split()
    return words[0] if words and words[0].upper() != "X" and len(words) >= 4 else None


def _count_padding(values: list[np.ndarray], records: int) -> int:
    """Returns for how many samples of the fastest signal all are constant at the end of the last record."""
    longest = max(map(len, values))
    share = 1.0
    for one in values:
        if len(one) < 2:
            return 0
        changes = np.flatnonzero(np.diff(one))
        constant = len(one) - 1 - (int(changes[-1]) + 1) if len(changes) else len(one)
        # Without the first of equal values, which may have been measured.
        share = min(share, constant * longest / len(one) / (longest / max(records, 1)))
    padding = round(share * longest / max(records, 1))
    # A record that is constant from its first sample to its last is a sensor at rest.
    return padding if padding >= LEAST_PADDING and share < 1 else 0


def _join(
    source: str, signals: list[tuple[str, str, float]], values: list[np.ndarray], marks: list[Annotation], notes: Notes
) -> Table:
    """Returns all signals at the rate that most of them have, the highest of equally frequent ones."""
    counts = collections.Counter(rate for _, _, rate in signals)
    rate_hz = max(counts, key=lambda rate: (counts[rate], rate))
    if not 0 < rate_hz < float("inf"):
        raise FormatError(f"{source} has a rate of {rate_hz} Hz, which is none.")
    length = min(len(one) for one, (_, _, rate) in zip(values, signals, strict=True) if rate == rate_hz)
    times = np.arange(length) / rate_hz
    cells: list[Any] = [times]
    names, units = [TIME], {}
    other = []
    for (name, unit, own_hz), one in zip(signals, values, strict=True):
        name = name if name not in (*names, LABEL) else f"{name}_{len(names)}"
        if own_hz != rate_hz:
            other.append(f"{name} ({own_hz:g} Hz)")
            if len(one) < 2:
                raise FormatError(f"{source} has {len(one)} samples of {name}.")
            own_times = np.arange(len(one)) / own_hz
            own_times, lowered, _ = resample(own_times, one[:, np.newaxis], own_hz, rate_hz, source)
            one = np.interp(times, own_times, lowered[:, 0])
        names.append(name)
        cells.append(one[:length])
        units[name] = unit
    if other:
        notes.tell(f"Signals of other rates were brought to {rate_hz:g} Hz: {', '.join(other)}", source)
    labels = label_samples(marks, times, source, notes)
    if labels is not None:
        names.append(LABEL)
        cells.append(labels)
    return Table(source, names, cells, np.arange(length), unit="row", units=units)
