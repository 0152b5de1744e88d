"""Reads the files of well-known public data sets as they are: WISDM and PAMAP2."""

from __future__ import annotations

import dataclasses
import pathlib
import re

import numpy as np

from tsnas.data.formats.column_files import fill_lost, load_columns, recognise_columns, runs_of
from tsnas.data.formats.recording_list import Recording, recording_set
from tsnas.data.recording_set import RecordingSet
from tsnas.data.tables import from_csv

WISDM_LINE = re.compile(r"\d+,\w[\w ]*,\d{5,},\s*-?\d[^,]*,[^,]*,[^,;]*;?\s*$")
PAMAP2_COLUMNS, PAMAP2_HZ = 54, 100.0
PAMAP2_ACTIVITIES = {
    1: "lying", 2: "sitting", 3: "standing", 4: "walking", 5: "running", 6: "cycling", 7: "nordic walking",
    9: "watching TV", 10: "computer work", 11: "car driving", 12: "ascending stairs", 13: "descending stairs",
    16: "vacuum cleaning", 17: "ironing", 18: "folding laundry", 19: "house cleaning", 20: "playing soccer",
    24: "rope jumping",
}  # fmt: skip
# Columns of the 17 of each unit, after its temperature: acceleration at 16 g, gyroscope and magnetometer.
PAMAP2_UNIT = {"acc": (1, 2, 3), "gyro": (7, 8, 9), "mag": (10, 11, 12)}

PAMAP2_UNITS = {"acc": "m/s^2", "gyro": "rad/s", "mag": "uT"}


def recognise_wisdm(files: list[pathlib.Path]) -> str:
    """Returns why files are those of WISDM, or ""."""
    for file in (file for file in files if file.suffix.lower() in (".txt", ".csv")):
        with file.open(encoding="utf-8", errors="replace") as lines:
            first = [line for line, _ in zip(lines, range(5), strict=False)]
        if first and all(WISDM_LINE.match(line) for line in first):
            return f"lines of {file.name} are user, activity, time, x, y, z"
    return ""


def read_wisdm(root: pathlib.Path, files: list[pathlib.Path]) -> RecordingSet:
    """Reads raw lines of WISDM at 20 Hz; users are groups, and lines that were cut or doubled are left out."""
    ours = [file for file in files if recognise_wisdm([file])]
    found = from_csv(
        ours, time=2, time_unit="ns", label=1, group=0, rate_hz=20, delimiter=",", bad_lines="skip", channels=[3, 4, 5]
    )
    return dataclasses.replace(found, channels=("x", "y", "z"))


def recognise_pamap2(files: list[pathlib.Path]) -> str:
    """Returns why files are those of PAMAP2, or ""."""
    return recognise_columns(files, PAMAP2_COLUMNS, "PAMAP2")


def read_pamap2(root: pathlib.Path, files: list[pathlib.Path]) -> RecordingSet:
    """Reads `subjectNNN.dat` of PAMAP2 without its null class 0; the heart rate, at 9 Hz, is left out."""
    channels = tuple(
        f"{unit}_{sensor}_{axis}" for unit in ("hand", "chest", "ankle") for sensor in PAMAP2_UNIT for axis in "xyz"
    )
    places = [3 + 17 * unit + place for unit in range(3) for three in PAMAP2_UNIT.values() for place in three]
    runs, empty = [], np.zeros(len(places), bool)
    for file in (file for file in files if recognise_pamap2([file])):
        rows = load_columns(file, PAMAP2_COLUMNS)
        codes, values = rows[:, 1], rows[:, places]
        empty |= fill_lost(values)
        for run in runs_of(codes):
            code = int(codes[run[0]]) if np.isfinite(codes[run[0]]) else 0
            if code and len(run) > 1:
                runs.append((values[run], PAMAP2_ACTIVITIES.get(code, str(code)), file))
    kept = np.flatnonzero(~empty)
    notes = ["Activity 0 and the heart rate were left out; lost values were interpolated."]
    if empty.any():
        lost = ", ".join(channels[channel] for channel in np.flatnonzero(empty))
        notes.append(f"Channels without any value in a file, left out: {lost}.")
    names = tuple(channels[channel] for channel in kept)
    units = tuple(PAMAP2_UNITS[name.split("_")[1]] for name in names)
    found = [
        Recording(values[:, kept], label, file.stem, file.name, names, PAMAP2_HZ, units) for values, label, file in runs
    ]
    return recording_set(found, tuple(notes))
