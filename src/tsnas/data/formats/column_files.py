"""Files of public data sets that are columns of numbers: known by how many, with lost values and labels in rows."""

from __future__ import annotations

import pathlib

import numpy as np

from tsnas.errors import FormatError


def recognise_columns(files: list[pathlib.Path], columns: int, name: str) -> str:
    """Returns why `.dat` files are those of a data set whose lines have so many numbers, or ""."""
    for file in (file for file in files if file.suffix.lower() == ".dat"):
        with file.open(encoding="utf-8", errors="replace") as lines:
            if len(lines.readline().split()) == columns:
                return f"lines of {file.name} have {columns} numbers, as those of {name}"
    return ""


def load_columns(file: pathlib.Path, columns: int) -> np.ndarray:
    """Returns the numbers of a file (lines, columns).

    Raises:
        FormatError: a line was cut, or holds something else.
    """
    try:
        rows = np.loadtxt(file, ndmin=2)
    except ValueError as error:
        raise FormatError(f"{file.name} has a line that is no {columns} numbers: {error}; copy it again.") from None
    if rows.shape[1] != columns:
        raise FormatError(f"Lines of {file.name} have {rows.shape[1]} numbers, where the first has {columns}.")
    return rows


def fill_lost(values: np.ndarray) -> np.ndarray:
    """Interpolates lost values (NaN) of each channel (time, channels), in place; returns which channels have none."""
    order = np.arange(len(values))
    for channel in range(values.shape[1]):
        missing = np.isnan(values[:, channel])
        if missing.any() and not missing.all():
            values[missing, channel] = np.interp(order[missing], order[~missing], values[~missing, channel])
    return np.isnan(values).all(axis=0)


def runs_of(codes: np.ndarray) -> list[np.ndarray]:
    """Returns the rows of each run of one label, in order."""
    return np.split(np.arange(len(codes)), np.flatnonzero(np.diff(codes) != 0) + 1)
