"""Reads signals of NanoEdge AI Studio: a window of numbers in each line, and a file for each class."""

from __future__ import annotations

import pathlib

import numpy as np

from tsnas.data.formats.recording_list import Recording, recording_set
from tsnas.data.recording_set import RecordingSet
from tsnas.errors import FormatError

SUFFIXES = (".csv", ".txt")
# Fewer numbers in a line are the channels of one sample.
SHORTEST_LINE, FIRST_LINES = 32, 3
AXES = (1, 2, 3, 4, 6, 9)
# Neighbours in a series are near each other; those at a distance of the number of axes must be so much nearer.
NEARER, AS_NEAR = 0.6, 1.15


def recognise(files: list[pathlib.Path]) -> str:
    """Returns why files are lines of windows, or ""."""
    ours = [file for file in files if file.suffix.lower() in SUFFIXES]
    if not ours or any(file.stem.upper().endswith(("_TRAIN", "_TEST")) for file in ours):
        return ""
    lengths = set()
    for file in ours:
        with file.open(encoding="utf-8-sig", errors="replace") as lines:
            first = [
                line for line, _ in zip((line for line in lines if line.strip()), range(FIRST_LINES), strict=False)
            ]
        rows = [_parse(line) for line in first]
        if not rows or any(row is None for row in rows):
            return ""
        lengths |= {len(row) for row in rows if row is not None}
    if len(lengths) != 1 or min(lengths) < SHORTEST_LINE:
        return ""
    return f"each line of {ours[0].name} holds {lengths.pop()} numbers, and nothing else"


def read(root: pathlib.Path, files: list[pathlib.Path]) -> RecordingSet:
    """Reads a recording of each line; the name of its file is the class."""
    lines, length = [], None
    for file in (file for file in files if file.suffix.lower() in SUFFIXES):
        for number, line in enumerate(file.read_text("utf-8-sig", "replace").splitlines(), 1):
            if line.strip():
                row = _parse(line)
                length = length or (len(row) if row is not None else None)
                if row is None or len(row) != length:
                    raise FormatError(f"{file.name}, line {number}, is no window of {length} numbers like the first.")
                lines.append((row, file, number))
    axes = _count_axes(np.array([row for row, _, _ in lines]))
    channels = tuple(str(axis) for axis in range(axes))
    found = [
        Recording(row.reshape(-1, axes), file.stem, None, f"{file.name}, line {number}", channels, 1.0)
        for row, file, number in lines
    ]
    notes = (f"Lines were taken for windows of {f'{axes} axes, whose values take turns' if axes > 1 else '1 axis'}.",)
    return recording_set(found, notes, rate_known=False)


def _parse(line: str) -> np.ndarray | None:
    for delimiter in (";", "\t", ","):
        if delimiter in line:
            break
    else:
        delimiter = " "
    decimal = line.replace(",", ".") if delimiter in ";\t" else line
    cells = decimal.split() if delimiter == " " else [cell.strip() for cell in decimal.strip().split(delimiter)]
    while cells and not cells[-1]:
        cells.pop()
    try:
        row = np.array([float(cell) for cell in cells])
    except ValueError:
        return None
    return row if np.isfinite(row).all() else None


def _count_axes(rows: np.ndarray) -> int:
    """Returns at which distance values of a line are nearest to each other, 1 unless another one is much nearer."""
    steps = {
        axes: float(np.median(np.abs(rows[:, axes:] - rows[:, :-axes]))) for axes in AXES if not rows.shape[1] % axes
    }
    nearest = min(steps.values())
    if nearest >= NEARER * steps[1]:
        return 1
    return min(axes for axes, step in steps.items() if step <= AS_NEAR * nearest)
