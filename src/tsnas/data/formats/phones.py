"""Reads exports of phones and wristbands, a file for each sensor: Sensor Logger, phyphox and Empatica E4."""

from __future__ import annotations

import dataclasses
import pathlib
import re
import warnings
from typing import Any

import numpy as np

from tsnas.data.formats.recording_list import Recording, recording_set
from tsnas.data.recording_set import RecordingSet
from tsnas.data.tables import from_csv
from tsnas.errors import FormatError

E4_MOST_HZ = 1024.0
E4_UNIT = {"EDA": "uS", "TEMP": "deg C"}
E4_UNITS = "Units: ACC in 1/64 g, BVP of the plethysmograph, EDA in microsiemens, TEMP in degrees Celsius."


def _first_line(file: pathlib.Path) -> str:
    with file.open(encoding="utf-8", errors="replace") as lines:
        return lines.readline().strip().lstrip("\ufeff")


def _find(files: list[pathlib.Path], head: str) -> list[pathlib.Path]:
    """Returns CSV files whose first line matches a regular expression."""
    return [file for file in files if file.suffix.lower() == ".csv" and re.match(head, _first_line(file))]


LOGGER = r"(time,seconds_elapsed,|sensor,time,seconds_elapsed,).*\b[xyz]\b"
PHYPHOX = r'"?Time \(s\)"?[,;\t]'


def recognise_logger(files: list[pathlib.Path]) -> str:
    """Returns why files are those of Sensor Logger, or ""."""
    ours = _find(files, LOGGER)
    return f"{ours[0].name} begins with time, seconds_elapsed and axes" if ours else ""


def read_logger(root: pathlib.Path, files: list[pathlib.Path]) -> RecordingSet:
    """Reads folders of Sensor Logger, each a recording, whose sensors with three axes are joined on time."""
    return _read_folders(root, _find(files, LOGGER), "time", "ns")


def recognise_phyphox(files: list[pathlib.Path]) -> str:
    """Returns why files are those of phyphox, or ""."""
    ours = _find(files, PHYPHOX)
    return f"{ours[0].name} begins with Time (s)" if ours else ""


def read_phyphox(root: pathlib.Path, files: list[pathlib.Path]) -> RecordingSet:
    """Reads folders of phyphox, each a recording, whose sensors are joined on time."""
    return _read_folders(root, _find(files, PHYPHOX), "Time (s)", "s")


def _read_folders(root: pathlib.Path, files: list[pathlib.Path], time: str, unit: str) -> RecordingSet:
    sets = []
    for folder in sorted({file.parent for file in files}):
        own = [file for file in files if file.parent == folder]
        given: dict[str, Any] = {"time": time, "time_unit": unit}
        if len(own) > 1:
            rates = [from_csv(file, **given).rate_hz for file in own]
            given |= {"sensor_from": "file", "rate_hz": float(np.median(rates))}
        found = from_csv(own, **given)
        # An export is named by the words before its date: Walking_2024-05-01_09-30-00.
        name = folder.name if folder != root or len(own) > 1 else own[0].stem
        label = re.split(r"[-_ ]*\d", name)[0].strip("-_ ") or name
        sets.append(dataclasses.replace(found, labels=[label] * len(found), sources=(name,) * len(found)))
    return _joined(sets)


def _joined(sets: list[RecordingSet]) -> RecordingSet:
    recordings = [
        Recording(array, label, None, source, one.channels, one.rate_hz)
        for one in sets
        for array, label, source in zip(one.arrays, one.labels or [], one.sources, strict=True)
    ]
    return recording_set(recordings, tuple(dict.fromkeys(note for one in sets for note in one.notes)))


def recognise_e4(files: list[pathlib.Path]) -> str:
    """Returns why files are those of an Empatica E4, or ""."""
    folders = {file.parent for file in files if file.name == "ACC.csv"}
    ours = [
        folder for folder in folders if {"BVP.csv", "EDA.csv"} & {file.name for file in files if file.parent == folder}
    ]
    return "ACC.csv stands beside BVP.csv or EDA.csv" if ours else ""


def read_e4(root: pathlib.Path, files: list[pathlib.Path]) -> RecordingSet:
    """Reads folders of an Empatica E4, each a recording, at the 32 Hz of its accelerometer; a folder is a group."""
    found = []
    for folder in sorted({file.parent for file in files if file.name == "ACC.csv"}):
        streams = {
            name: _read_e4(folder / f"{name}.csv")
            for name in ("ACC", "BVP", "EDA", "TEMP")
            if (folder / f"{name}.csv") in files
        }
        rate_hz = streams["ACC"][1]
        start = max(one[0] for one in streams.values())
        end = min(one[0] + (len(one[2]) - 1) / one[1] for one in streams.values())
        if not end > start:
            raise FormatError(f"The sensors in {folder.name} have no time in common; export the session again.")
        grid = start + np.arange(int((end - start) * rate_hz) + 1) / rate_hz
        columns, names = [], []
        for name, (begin, own_hz, values) in streams.items():
            if own_hz > rate_hz:
                from scipy.signal import resample_poly

                values, own_hz = resample_poly(values, int(rate_hz), int(own_hz), axis=0, padtype="line"), rate_hz
            times = begin + np.arange(len(values)) / own_hz
            columns += [np.interp(grid, times, values[:, k]) for k in range(values.shape[1])]
            names += [f"ACC_{axis}" for axis in "xyz"] if name == "ACC" else [name]
        label = folder.parent.name if folder not in (root, root.parent) and folder.parent != root else None
        units = tuple("1/64 g" if name.startswith("ACC") else E4_UNIT.get(name, "") for name in names)
        values = np.stack(columns, axis=1)
        found.append(Recording(values, label, folder.name, folder.name, tuple(names), rate_hz, units))
    return recording_set(found, (E4_UNITS, "All sensors were brought to the rate of the accelerometer."))


def _read_e4(file: pathlib.Path) -> tuple[float, float, np.ndarray]:
    try:
        with warnings.catch_warnings():
            # Of a file without a line, which the error below names.
            warnings.simplefilter("ignore", UserWarning)
            rows = np.loadtxt(file, delimiter=",", ndmin=2)
        start, rate_hz = float(rows[0, 0]), float(rows[1, 0])
    except (ValueError, IndexError):
        raise FormatError(f"{file.name} does not begin with a line of start times and a line of rates.") from None
    if not 0.1 <= rate_hz <= E4_MOST_HZ or not np.isfinite(rows).all():
        raise FormatError(f"{file.name} has a rate of {rate_hz:g} Hz, or values that are no numbers; export it again.")
    return start, rate_hz, rows[2:]
