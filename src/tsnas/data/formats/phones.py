"""Reads exports of phones, a file for each sensor: Sensor Logger and phyphox."""

from __future__ import annotations

import dataclasses
import pathlib
import re
import statistics
from collections.abc import Mapping
from typing import Any

import numpy as np

from tsnas.data.channel_units import units_of
from tsnas.data.formats.folder_names import name_of
from tsnas.data.formats.recording_names import find_recordings, recording_names
from tsnas.data.recording_set import RecordingSet
from tsnas.data.tables.columns import Columns
from tsnas.data.tables.csv_text import read_table
from tsnas.data.tables.join import join_sensors
from tsnas.data.tables.notes import Notes
from tsnas.data.tables.read import join_tables
from tsnas.data.tables.resample import estimate_rate, round_rate
from tsnas.data.tables.table import Table
from tsnas.data.tables.times import parse_times
from tsnas.errors import FormatError
from tsnas.system.words import listed, plural


def _first_line(file: pathlib.Path) -> str:
    with file.open(encoding="utf-8", errors="replace") as lines:
        return lines.readline().strip().lstrip("\ufeff")


def _find(files: list[pathlib.Path], head: str) -> list[pathlib.Path]:
    """Returns CSV files whose first line matches a regular expression."""
    return [file for file in files if file.suffix.lower() == ".csv" and re.match(head, _first_line(file))]


LOGGER = r"(time,seconds_elapsed,|sensor,time,seconds_elapsed,).*\b[xyz]\b"
# As the app documents them; those of raw accelerations are not the same on all phones.
LOGGER_UNITS = {
    "Accelerometer": "m/s^2",
    "TotalAcceleration": "m/s^2",
    "Gravity": "m/s^2",
    "Gyroscope": "rad/s",
    "GyroscopeUncalibrated": "rad/s",
    "Magnetometer": "uT",
    "MagnetometerUncalibrated": "uT",
}
ANNOTATIONS = "Annotation"
PHYPHOX = r'"?Time \(s\)"?[,;\t]'


def recognise_logger(files: list[pathlib.Path]) -> str:
    """Returns why files are those of Sensor Logger, or ""."""
    ours = _find(files, LOGGER)
    return f"{ours[0].name} begins with time, seconds_elapsed and axes" if ours else ""


def read_logger(root: pathlib.Path, files: list[pathlib.Path]) -> RecordingSet:
    """Reads folders of Sensor Logger, each a recording, whose sensors with three axes are joined on time."""
    ours = _find(files, LOGGER)
    data = _read_folders(root, ours, "time", "ns", LOGGER_UNITS)
    return dataclasses.replace(data, notes=(*data.notes, *_tell_what_is_left(files, ours)))


def recognise_phyphox(files: list[pathlib.Path]) -> str:
    """Returns why files are those of phyphox, or ""."""
    ours = _find(files, PHYPHOX)
    return f"{ours[0].name} begins with Time (s)" if ours else ""


def read_phyphox(root: pathlib.Path, files: list[pathlib.Path]) -> RecordingSet:
    """Reads folders of phyphox, each a recording, whose sensors are joined on time."""
    return _read_folders(root, _find(files, PHYPHOX), "Time (s)", "s")


def _read_folders(
    root: pathlib.Path, files: list[pathlib.Path], time: str, unit: str, units: Mapping[str, str] | None = None
) -> RecordingSet:
    """Reads recordings whose sensors are files of one folder.

    Args:
        root: path of the folder that was given.
        files: list of paths, one for each sensor of each recording.
        time: str, the column of the time stamps.
        unit: str, their unit.
        units: dict of a sensor to the unit of its channels. Defaults to None: names of channels say it.
    """
    notes = Notes()
    recordings = _with_same_sensors(find_recordings(root, files), notes)
    names = recording_names([name for name, _ in recordings])
    several = any(len(own) > 1 for _, own in recordings)
    tables: list[Table] = []
    found: list[dict[str, Any]] = []
    for (_, own), name in zip(recordings, names.names, strict=True):
        tables += [read_table(file, name_of(root, file), notes) for file in own]
        found += [name] * len(own)
    columns = Columns(time=time, time_unit=unit, sensor_from="file" if several else None)
    if several:
        columns = dataclasses.replace(columns, rate_hz=_common_rate(tables, time, unit, notes))
    tables, found, columns = join_sensors(tables, found, columns, notes)
    data = join_tables(tables, found, columns, notes)
    known = {
        channel: unit
        for channel in data.channels
        for sensor, unit in (units or {}).items()
        if channel.startswith(f"{sensor}_") or (not several and sensor == recordings[0][1][0].stem)
    }
    said = tuple(names.said.values())
    return dataclasses.replace(data, notes=(*data.notes, *said), units=units_of(data.channels, known))


def _with_same_sensors(
    recordings: list[tuple[tuple[str, ...], list[pathlib.Path]]], notes: Notes
) -> list[tuple[tuple[str, ...], list[pathlib.Path]]]:
    """Returns recordings with the sensors that all of them have, as phones of two makers have not the same."""
    several = [own for _, own in recordings if len(own) > 1]
    if not several:
        return recordings
    sensors = [{file.stem for file in own} for _, own in recordings]
    common, every = set.intersection(*sensors), set.union(*sensors)
    if not common:
        named = dict(zip([name[-1] for name, _ in recordings], sensors, strict=True))
        texts = [f"{name} has {listed(sorted(own))}" for name, own in list(named.items())[:3]]
        raise FormatError(f"The recordings have no sensor in common: {'; '.join(texts)}; read them one by one.")
    if every - common:
        notes.tell(f"Sensors that not all recordings have were left out: {', '.join(sorted(every - common))}")
    return [(name, [file for file in own if file.stem in common]) for name, own in recordings]


def _common_rate(tables: list[Table], time: str, unit: str, notes: Notes) -> float:
    """Returns the rate that most sensors have, of two the lower one: none is made of fewer samples than it had."""
    rates: dict[str, list[float]] = {}
    for table in tables:
        times = parse_times(table, table.index(time, "time"), unit, None, ".", Notes())
        times = np.unique(times[~np.isnan(times)])
        if len(times) > 1:
            rates.setdefault(pathlib.PurePosixPath(table.source).stem, []).append(estimate_rate(times))
    if not rates:
        raise FormatError(f"{tables[0].source} has fewer than two samples; record for longer, and export it again.")
    usual = {sensor: round_rate(statistics.median_low(own)) for sensor, own in rates.items()}
    rate_hz = statistics.median_low(usual.values())
    if len(set(usual.values())) > 1:
        own = listed([f"{sensor} {own:g} Hz" for sensor, own in usual.items()])
        notes.tell(f"Sensors have different rates, and were brought to {rate_hz:g} Hz: {own}")
    return rate_hz


def _tell_what_is_left(files: list[pathlib.Path], ours: list[pathlib.Path]) -> tuple[str, ...]:
    """Returns notes on files of Sensor Logger that hold no three axes, and on annotations."""
    others = {file.stem for file in files if file.suffix.lower() == ".csv"} - {file.stem for file in ours}
    others -= {"Metadata", ANNOTATIONS}
    found = [f"Files without the axes x, y and z, left out: {', '.join(sorted(others))}."] if others else []
    marked = [file for file in files if file.stem == ANNOTATIONS and len(file.read_text("utf-8").splitlines()) > 1]
    if marked:
        found.append(
            f"Annotations are not read as labels: {plural(len(marked), 'recording')} with some, such as "
            f"{marked[0].parent.name}."
        )
    return tuple(found)
