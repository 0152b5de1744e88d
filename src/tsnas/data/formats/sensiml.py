"""Reads SensiML projects: segments in a `.dai` or `.dcli` file beside the CSV files that it names."""

from __future__ import annotations

import json
import pathlib
from typing import Any

from tsnas.data.formats.recording_list import Recording, recording_set
from tsnas.data.recording_set import RecordingSet
from tsnas.data.tables import from_csv
from tsnas.errors import FormatError

SUFFIXES = (".dai", ".dcli")
COUNTERS, CLOCKS = ("sequence", "index", ""), ("timestamp", "time", "timestamp_ms", "time_ms")
PEOPLE = ("subject", "user", "person", "participant", "operator")
RATES = ("sample_rate", "samplerate", "sampling_rate", "rate_hz")


def recognise(files: list[pathlib.Path]) -> str:
    """Returns why files are a SensiML project, or ""."""
    ours = [file for file in files if file.suffix.lower() in SUFFIXES]
    return f"{ours[0].name} lists segments of files" if ours else ""


def read(root: pathlib.Path, files: list[pathlib.Path]) -> RecordingSet:
    """Reads the segments of each file: labels of the first session that has any, and the subject as the group."""
    found, rates, sessions = [], [], set()
    unlabelled = 0
    for index in (file for file in files if file.suffix.lower() in SUFFIXES):
        for entry in _read_index(index):
            file = _find(index, str(entry["file_name"]), files)
            about = {str(one["name"]).lower(): one["value"] for one in entry.get("metadata") or []}
            values, channels, rate_hz = _read_csv(file, about)
            rates.append(rate_hz)
            group = next((about[name] for name in PEOPLE if name in about), None)
            with_segments = [one for one in entry.get("sessions") or [] if one.get("segments")]
            sessions |= {str(one.get("session_name")) for one in with_segments[1:]}
            segments = with_segments[0]["segments"] if with_segments else []
            covered = 0
            for one in segments:
                start, end = _bounds(one, len(values), index, file)
                covered += end - start
                source = file.relative_to(root).as_posix() if root.is_dir() else file.name
                found.append(Recording(values[start:end], _label(one, index), group, source, channels, rate_hz or 1.0))
            unlabelled += max(len(values) - covered, 0)
    notes = [f"Samples in no segment, left out: {unlabelled:,}."] if unlabelled else []
    notes += [f"Sessions beside the first one of a file, left out: {', '.join(sorted(sessions))}."] if sessions else []
    return recording_set([one for one in found if len(one.values) > 1], tuple(notes), rate_known=None not in rates)


def _read_index(index: pathlib.Path) -> list[dict[str, Any]]:
    try:
        entries = json.loads(index.read_text(encoding="utf-8-sig"))
        if not all("file_name" in entry for entry in entries):
            raise ValueError
    except (ValueError, TypeError, UnicodeDecodeError):
        raise FormatError(f"{index.name} is no list of files with file_name, metadata and sessions.") from None
    return entries


def _find(index: pathlib.Path, name: str, files: list[pathlib.Path]) -> pathlib.Path:
    """Returns the file of a name: beside the list, or else anywhere in the folder."""
    for place in (index.parent / name, *(file for file in files if file.name == pathlib.PurePath(name).name)):
        if place.is_file():
            return place
    raise FormatError(f"{index.name} names {name}, which is not there; put it beside the list, and give the folder.")


def _read_csv(file: pathlib.Path, about: dict[str, Any]) -> tuple[Any, tuple[str, ...], float | None]:
    """Returns samples, channels and rate of a file, None if nothing says it; rows are counted, as segments do."""
    with file.open(encoding="utf-8-sig", errors="replace") as lines:
        head = [name.strip().strip('"') for name in lines.readline().rstrip("\n").split(",")]
    channels = [name for name in head if name.lower() not in (*COUNTERS, *CLOCKS)]
    data = from_csv(file, rate_hz=1, channels=channels, delimiter=",")
    if len(data.arrays) != 1:
        raise FormatError(f"{file.name} has lines without values, so that segments fit no samples; export it again.")
    clock = next((name for name in head if name.lower() in CLOCKS), None)
    stated = next((about[name] for name in RATES if name in about), None)
    if clock is not None:
        unit = None if clock.lower().endswith("_ms") else "ms"
        return data.arrays[0], data.channels, from_csv(file, time=clock, time_unit=unit, channels=channels).rate_hz
    try:
        return data.arrays[0], data.channels, None if stated is None else float(stated)
    except ValueError:
        raise FormatError(f"The rate of {file.name} is given as {stated!r}, which is no number.") from None


def _bounds(segment: dict[str, Any], samples: int, index: pathlib.Path, file: pathlib.Path) -> tuple[int, int]:
    """Returns the first sample and the one after the last; the list names the last one itself."""
    try:
        start, last = int(segment["start"]), int(segment["end"])
    except (KeyError, TypeError, ValueError):
        raise FormatError(f"{index.name} has a segment of {file.name} without start and end.") from None
    if not 0 <= start <= last or start >= samples:
        raise FormatError(
            f"{index.name} has a segment from {start:,} to {last:,} in {file.name}, which has {samples:,} samples."
        )
    return start, min(last + 1, samples)


def _label(segment: dict[str, Any], index: pathlib.Path) -> str:
    for name in ("value", "label_value", "label"):
        if name in segment:
            return str(segment[name])
    raise FormatError(f"{index.name} has a segment without a value, which is its label.")
