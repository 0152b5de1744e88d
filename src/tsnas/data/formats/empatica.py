"""Reads folders of the wristband Empatica E4, a file for each sensor."""

from __future__ import annotations

import pathlib
import warnings

import numpy as np

from tsnas.data.formats.recording_list import Recording, recording_set
from tsnas.data.recording_set import RecordingSet
from tsnas.errors import FormatError

MOST_HZ = 1024.0
UNIT = {"EDA": "uS", "TEMP": "deg C"}
UNITS = "Units: ACC in 1/64 g, BVP of the plethysmograph, EDA in microsiemens, TEMP in degrees Celsius."


def recognise(files: list[pathlib.Path]) -> str:
    """Returns why files are those of an Empatica E4, or ""."""
    folders = {file.parent for file in files if file.name == "ACC.csv"}
    ours = [
        folder for folder in folders if {"BVP.csv", "EDA.csv"} & {file.name for file in files if file.parent == folder}
    ]
    return "ACC.csv stands beside BVP.csv or EDA.csv" if ours else ""


def read(root: pathlib.Path, files: list[pathlib.Path]) -> RecordingSet:
    """Reads folders of an Empatica E4, each a recording, at the 32 Hz of its accelerometer; a folder is a group."""
    found = []
    for folder in sorted({file.parent for file in files if file.name == "ACC.csv"}):
        streams = {
            name: _read_file(folder / f"{name}.csv")
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
        units = tuple("1/64 g" if name.startswith("ACC") else UNIT.get(name, "") for name in names)
        values = np.stack(columns, axis=1)
        found.append(Recording(values, label, folder.name, folder.name, tuple(names), rate_hz, units))
    return recording_set(found, (UNITS, "All sensors were brought to the rate of the accelerometer."))


def _read_file(file: pathlib.Path) -> tuple[float, float, np.ndarray]:
    try:
        with warnings.catch_warnings():
            # Of a file without a line, which the error below names.
            warnings.simplefilter("ignore", UserWarning)
            rows = np.loadtxt(file, delimiter=",", ndmin=2)
        start, rate_hz = float(rows[0, 0]), float(rows[1, 0])
    except (ValueError, IndexError):
        raise FormatError(f"{file.name} does not begin with a line of start times and a line of rates.") from None
    if not 0.1 <= rate_hz <= MOST_HZ or not np.isfinite(rows).all():
        raise FormatError(f"{file.name} has a rate of {rate_hz:g} Hz, or values that are no numbers; export it again.")
    return start, rate_hz, rows[2:]
