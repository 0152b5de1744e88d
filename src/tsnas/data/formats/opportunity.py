"""Reads `.dat` files of the Opportunity data set: the sensors of its challenge, with modes of locomotion as labels."""

from __future__ import annotations

import pathlib
import re

import numpy as np

from tsnas.data.formats.column_files import fill_lost, load_columns, recognise_columns, runs_of
from tsnas.data.formats.recording_list import Recording, recording_set
from tsnas.data.recording_set import RecordingSet

COLUMNS, RATE_HZ = 250, 30.0
LOCOMOTION = 243
MODES = {1: "Stand", 2: "Walk", 4: "Sit", 5: "Lie"}
NAME = re.compile(r"(S\d+)-", re.IGNORECASE)
ACCELEROMETERS = ("RKN^", "HIP", "LUA^", "RUA_", "LH", "BACK", "RKN_", "RWR", "RUA^", "LUA_", "LWR", "RH")
UNITS = ("BACK", "RUA", "RLA", "LUA", "LLA")
SHOES = ("L-SHOE", "R-SHOE")
OF_A_SHOE = (
    "EuX", "EuY", "EuZ", "Nav_Ax", "Nav_Ay", "Nav_Az", "Body_Ax", "Body_Ay", "Body_Az", "AngVelBodyFrameX",
    "AngVelBodyFrameY", "AngVelBodyFrameZ", "AngVelNavFrameX", "AngVelNavFrameY", "AngVelNavFrameZ", "Compass",
)  # fmt: skip
# Column and name of each channel. The quaternion that ends each inertial unit is computed from the others.
CHANNELS = (
    *((1 + 3 * k + n, f"{place}_acc{axis}") for k, place in enumerate(ACCELEROMETERS) for n, axis in enumerate("XYZ")),
    *(
        (37 + 13 * k + 3 * m + n, f"{place}_{sensor}{axis}")
        for k, place in enumerate(UNITS)
        for m, sensor in enumerate(("imu_acc", "imu_gyro", "imu_mag"))
        for n, axis in enumerate("XYZ")
    ),
    *((102 + 16 * k + n, f"{shoe}_{name}") for k, shoe in enumerate(SHOES) for n, name in enumerate(OF_A_SHOE)),
)


def recognise(files: list[pathlib.Path]) -> str:
    """Returns why files are those of Opportunity, or ""."""
    return recognise_columns(files, COLUMNS, "Opportunity")


def read(root: pathlib.Path, files: list[pathlib.Path]) -> RecordingSet:
    """Reads `S1-ADL1.dat` and so on, the subject as the group; rows without a mode of locomotion are left out."""
    runs, empty = [], np.zeros(len(CHANNELS), bool)
    for file in (file for file in files if recognise([file])):
        rows = load_columns(file, COLUMNS)
        codes, values = rows[:, LOCOMOTION], rows[:, [column for column, _ in CHANNELS]]
        empty |= fill_lost(values)
        match = NAME.match(file.name)
        group = match.group(1).upper() if match else file.stem
        for run in runs_of(codes):
            code = int(codes[run[0]]) if codes[run[0]] == codes[run[0]] else 0
            if code and len(run) > 1:
                runs.append((values[run], MODES.get(code, str(code)), group, file.name))
    kept = np.flatnonzero(~empty)
    channels = tuple(CHANNELS[channel][1] for channel in kept)
    notes = [
        "Labels are modes of locomotion (column 244); rows without one were left out; lost values were interpolated.",
        "Units: accelerations in milli g, as recorded; sensors on objects and in the room were left out.",
    ]
    if empty.any():
        lost = ", ".join(CHANNELS[channel][1] for channel in np.flatnonzero(empty))
        notes.append(f"Channels without any value in a file, left out: {lost}.")
    # Accelerometers and inertial units have the unit that the note says.
    units = tuple("mg" if "acc" in name else "" for name in channels)
    found = [
        Recording(values[:, kept], label, group, name, channels, RATE_HZ, units) for values, label, group, name in runs
    ]
    return recording_set(found, tuple(notes))
