"""Labels in a second file: segments of recordings, as tables, Audacity and Label Studio write them."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import pathlib
import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from tsnas.data.tables.lines import read_text
from tsnas.data.tables.notes import Notes
from tsnas.data.tables.numbers import is_number
from tsnas.data.tables.table import Table
from tsnas.data.tables.times import SECONDS as UNIT_SECONDS
from tsnas.data.tables.times import parse_times
from tsnas.errors import SegmentError

SECONDS, SAMPLES, STAMPS = "seconds", "samples", "time stamps"
# Names of the columns of a table of segments.
COLUMNS = {
    "file": ["file", "filename", "file_name", "name", "recording", "csv", "path", "source", "clip"],
    "start": ["start", "begin", "from", "onset", "start_time", "t0", "start_s", "start_ms", "start_sample", "first"],
    "end": ["end", "stop", "to", "offset", "end_time", "t1", "end_s", "end_ms", "end_sample", "last"],
    "label": ["label", "class", "activity", "annotation", "target", "event", "timeserieslabels"],
}
SLACK = 1.01
# A file of labels has a line for each segment, not for each sample.
LARGEST = 2**20
LABEL_STUDIO = "timeserieslabels"


@dataclasses.dataclass(frozen=True)
class Segment:
    """A part of a recording with one label.

    Args:
        file: str, the file that the recording is in; None for any.
        start, end: str, as they were written.
        label: str.
    """

    file: str | None
    start: str
    end: str
    label: str


def read_segments(path: Any) -> list[Segment]:
    """Reads a file of segments.

    Args:
        path: str or path of a CSV file with columns such as `file`, `start`, `end` and `label`; of a label track of
            Audacity (start, end and label between tabs, without a header); or of a .json or .csv export of Label
            Studio. A folder stands for all such files in it, each for the recording of its name.

    Returns:
        list of `Segment`.

    Raises:
        SegmentError: the file cannot be read, or holds no segments in any of these forms.
    """
    path = pathlib.Path(path)
    if path.is_dir():
        files = segment_files(path)
        found = [dataclasses.replace(one, file=one.file or file.stem) for file in files for one in read_segments(file)]
    else:
        try:
            text = read_text(path, str(path), Notes())
        except ValueError as error:
            raise SegmentError(str(error)) from None
        found = _read_json(text, path) if path.suffix.lower() == ".json" else _read_table(text, path)
    if not found:
        raise SegmentError(f"{path} holds no segments; give lines of file, start, end and label.")
    return found


def segment_files(path: Any) -> list[pathlib.Path]:
    """Returns the files of segments that a path stands for."""
    path = pathlib.Path(path)
    if not path.is_dir():
        return [path]
    return sorted(one for one in path.rglob("*") if one.suffix.lower() in (".txt", ".csv", ".json"))


def looks_like_segments(path: pathlib.Path) -> bool:
    """Tells whether a file is certainly one of segments: it has starts before ends, and labels that are no numbers."""
    if path.suffix.lower() not in (".txt", ".csv") or path.stat().st_size > LARGEST:
        return False
    try:
        found = read_segments(path)
    except SegmentError:
        return False
    return all(one.label and not is_number(one.label) for one in found) and all(
        float(one.start.replace(",", ".")) < float(one.end.replace(",", "."))
        for one in found
        if is_number(one.start) and is_number(one.end)
    )


def _read_table(text: str, path: pathlib.Path) -> list[Segment]:
    lines = [line for line in text.splitlines() if line.strip()]
    # Audacity writes the frequencies of a label in a second line, after a backslash.
    lines = [line for line in lines if not line.startswith("\\")]
    if not lines:
        return []
    delimiter = next((mark for mark in "\t;," if mark in lines[0]), ",")
    rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter)]
    if len(rows[0]) >= 2 and is_number(rows[0][0]) and is_number(rows[0][1]):
        return [_make(None, row[0], row[1], row[2] if len(row) > 2 else "", path) for row in rows if len(row) >= 2]
    places = _find_columns(rows[0], path)
    if "start" not in places:
        return [
            one
            for row in rows[1:]
            for one in _from_studio(row[places["label"]], row[places["file"]] if "file" in places else None, path)
        ]
    wide = max(places.values())
    return [
        _make(
            row[places["file"]] if "file" in places else None,
            row[places["start"]],
            row[places["end"]],
            row[places["label"]],
            path,
        )
        for row in rows[1:]
        if len(row) > wide
    ]


def _find_columns(header: list[str], path: pathlib.Path) -> dict[str, int]:
    names = [re.sub(r"[\s\-\[\]()]+", "_", name.lower()).strip("_") for name in header]
    places = {}
    for role, known in COLUMNS.items():
        index = next((names.index(name) for name in known if name in names), None)
        if index is not None:
            places[role] = index
    if "label" in places and ("start" in places) == ("end" in places):
        return places
    lacks = [role for role in ("start", "end", "label") if role not in places]
    raise SegmentError(
        f"{path} lacks the columns {', '.join(lacks)}: its columns are {', '.join(map(repr, header))}; give lines of "
        "file, start, end and label, a label track of Audacity, or an export of Label Studio."
    )


def _read_json(text: str, path: pathlib.Path) -> list[Segment]:
    try:
        tasks = json.loads(text)
    except ValueError as error:
        raise SegmentError(f"{path} is not JSON: {error}; export it again.") from None
    found: list[Segment] = []
    for task in tasks if isinstance(tasks, list) else [tasks]:
        if not isinstance(task, dict):
            raise SegmentError(f"{path} holds no tasks of Label Studio; export it as JSON or JSON_MIN.")
        data = task.get("data", task)
        file = next((str(data[name]) for name in ("csv", "file", "timeseries", "ts") if name in data), None)
        if "annotations" in task:
            results = [result for one in task["annotations"] for result in one.get("result", [])]
            found += [one for result in results for one in _from_values([result.get("value", {})], file, path)]
        else:
            lists = [value for value in task.values() if isinstance(value, list)]
            found += [one for values in lists for one in _from_values(values, file, path)]
    return found


def _from_studio(cell: str, file: str | None, path: pathlib.Path) -> list[Segment]:
    try:
        values = json.loads(cell or "[]")
    except ValueError:
        values = None
    if not isinstance(values, list):
        raise SegmentError(f"{path} holds the label {cell[:40]!r} without start and end; add these columns.")
    return _from_values(values, file, path)


def _from_values(values: Iterable[Any], file: str | None, path: pathlib.Path) -> list[Segment]:
    return [
        _make(file, str(value["start"]), str(value["end"]), str(label), path)
        for value in values
        if isinstance(value, dict) and LABEL_STUDIO in value
        for label in value[LABEL_STUDIO]
    ]


def _make(file: str | None, start: str, end: str, label: str, path: pathlib.Path) -> Segment:
    if not start or not end:
        raise SegmentError(
            f"{path} holds a segment {label!r} without a start or an end; add it, or leave the line out."
        )
    return Segment(file or None, start, end, label)


def own_segments(segments: list[Segment], source: str) -> list[Segment]:
    """Returns the segments of a file, by its path, its name, or its name without its suffix."""
    own = pathlib.PurePosixPath(source)

    def is_own(file: str) -> bool:
        given = pathlib.PurePosixPath(file.replace("\\", "/"))
        # Label Studio writes eight digits before the names of files that were uploaded to it.
        name = re.sub(r"^[0-9a-f]{8}-", "", given.name)
        same = (
            source == str(given)
            or source.endswith(f"/{given}")
            or str(own.with_suffix("")) == str(given.with_suffix(""))
        )
        return same or (
            ("/" not in file.strip("/") or file.startswith(("/data/", "upload"))) and name in (own.name, own.stem)
        )

    return [one for one in segments if one.file is None or is_own(one.file)]


def label_rows(
    table: Table, segments: list[Segment], times: np.ndarray, time: int | None, how: tuple[Any, ...], notes: Notes
) -> np.ndarray:
    """Returns the label of each row, "" where there is none.

    Args:
        table: `Table`.
        segments: list of `Segment`, of any file.
        times: float array (rows,), in seconds since the first stamp.
        time: int, the column of the stamps, or None.
        how: (time_unit, rate_hz, decimal), as `parse_times` takes them.
        notes: `Notes` to add to.

    Raises:
        SegmentError: starts and ends fit none of seconds, samples or stamps.
    """
    own = own_segments(segments, table.source)
    labels = np.full(len(table.lines), "", dtype=f"<U{max([len(one.label) for one in own], default=1)}")
    if not own:
        notes.add("Files without a segment, left out", table.source, 1)
        return labels
    starts, ends, unit = _bounds(table, own, times, time, how)
    notes.tell(f"Starts and ends of segments were taken for {unit}", table.source)
    when = np.arange(len(labels)) if unit == SAMPLES else times
    doubled = 0
    for one, start, end in zip(own, starts, ends, strict=True):
        inside = (when >= start) & (when < end)
        doubled += int(np.count_nonzero(inside & (labels != "") & (labels != one.label)))
        labels[inside] = one.label
    notes.add("Rows in segments of two labels, which have the later one", table.source, doubled)
    return labels


def _bounds(
    table: Table, own: list[Segment], times: np.ndarray, time: int | None, how: tuple[Any, ...]
) -> tuple[np.ndarray, np.ndarray, str]:
    texts = [one.start for one in own] + [one.end for one in own]
    length = len(own)
    known = times[~np.isnan(times)]
    duration = (known.max() if len(known) else 0.0) * SLACK + 1.0
    numeric = all(map(is_number, texts))
    if numeric:
        values = np.array([float(text.replace(",", ".")) for text in texts])
        if values.min() >= 0 and values.max() <= duration:
            return values[:length], values[length:], SECONDS
    if time is not None:
        cells = table.columns[time]
        first = next(str(cell) for cell, at in zip(cells, times, strict=True) if not np.isnan(at))
        stamps = Table(table.source, [table.names[time]], [[first, *texts]], np.arange(len(texts) + 1), table.named)
        found = parse_times(stamps, 0, how[0] or _unit_of(cells, times), None, how[2], Notes())[1:]
        if (found >= -1.0).all() and found.max() <= duration:
            return found[:length], found[length:], STAMPS
    if numeric and values.min() >= 0 and values.max() <= len(table.lines) + 1:
        return values[:length], values[length:], SAMPLES
    raise SegmentError(
        f"The segments of {table.source} reach from {texts[0]} to {texts[-1]}, but the file has {len(table.lines):,} "
        f"samples in {known.max() if len(known) else 0:.4g} s; starts and ends must be seconds since its first sample, "
        "samples, or time stamps like those of its time column."
    )


def _unit_of(cells: Any, times: np.ndarray) -> str | None:
    """Returns the unit of a column of stamps whose times in seconds are known; None for dates."""
    rows = np.flatnonzero(~np.isnan(times))
    ends = [str(cells[row]).replace(",", ".") for row in (rows[0], rows[-1])]
    if not all(map(is_number, ends)) or times[rows[-1]] == times[rows[0]]:
        return None
    size = (times[rows[-1]] - times[rows[0]]) / (float(ends[1]) - float(ends[0]))
    return min(UNIT_SECONDS, key=lambda unit: abs(np.log(size / UNIT_SECONDS[unit])))
