"""Joins the sensors of one recording on time: of several files, or of a log that alternates between sensors."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import pathlib
import re
from typing import Any

import numpy as np

from tsnas.data.column_names import SENSORS, split_name
from tsnas.data.suspects import Series, find_suspects
from tsnas.data.tables.columns import Columns, find_channels
from tsnas.data.tables.notes import Notes
from tsnas.data.tables.numbers import detect_decimal_mark, holds_numbers, is_number, parse_numbers
from tsnas.data.tables.pieces import STEPS_BRIDGED
from tsnas.data.tables.resample import estimate_rate, resample, round_rate
from tsnas.data.tables.table import Table
from tsnas.data.tables.times import SECONDS, parse_times
from tsnas.errors import SettingError, TableTimeError
from tsnas.system.words import listed

# Words by which files and rows of sensors are known.
SENSOR_NAMES = SENSORS | frozenset(
    [
        "linearaccelerometer",
        "linearacceleration",
        "totalacceleration",
        "magnetic",
        "orientation",
        "proximity",
        "rotation",
    ]
) - {"x", "z"}
# Words by which the column of the sensor is known, if its cells are not.
SENSOR_WORDS = frozenset(["sensor", "sensors", "source", "src", "stream", "topic", "type", "kind", "device"])
# A log that alternates changes its sensor often; a label does not.
MOST_SENSORS, ALTERNATES = 12, 0.1
TIME = "time_s"
SAME_RATE = 0.03


@dataclasses.dataclass(frozen=True)
class _Stream:
    """What one sensor measured: seconds, values (samples, channels), and the names of its channels."""

    sensor: str
    times: np.ndarray
    values: np.ndarray
    names: list[str]
    rate_hz: float


def join_sensors(
    tables: list[Table], from_names: list[dict[str, Any]], columns: Columns, notes: Notes
) -> tuple[list[Table], list[dict[str, Any]], Columns]:
    """Joins tables that hold different sensors of the same recording, or divides and joins a log of several sensors.

    Args:
        tables: list of `Table`.
        from_names: list of dict, label and group of each from its name.
        columns: `Columns`.
        notes: `Notes` to add to.

    Returns:
        (tables, from_names, columns): unchanged if there is nothing to join.

    Raises:
        TableTimeError: sensors differ in their rates and none is given, or were not recorded at the same time.
        SettingError: there is no time to join on, or labels are in a column.
    """
    columns = _with_sensor_column(tables, columns, notes)
    keys = _find_keys(tables, from_names, columns)
    if keys is None:
        return tables, from_names, columns
    if columns.time is None:
        raise SettingError("Sensors in several files or rows are joined on time; name the column of time stamps.")
    if columns.label is not None or columns.recording is not None or columns.group is not None:
        raise SettingError(
            "Sensors are joined without columns for label, group and recording; take these from names of files and "
            "folders, or give segments."
        )
    joined: list[Table] = []
    names: list[dict[str, Any]] = []
    for key in dict.fromkeys(recording for recording, _ in keys):
        own = [index for index, (recording, _) in enumerate(keys) if recording == key]
        parts = [one for index in own for one in _divide(tables[index], keys[index][1], columns)]
        joined.append(_join(key, parts, columns, notes))
        names.append(from_names[own[0]])
    return (
        joined,
        names,
        dataclasses.replace(
            columns, time=TIME, time_unit="s", channels=None, sensor=None, sensor_from=None, decimal=None
        ),
    )


def _with_sensor_column(tables: list[Table], columns: Columns, notes: Notes) -> Columns:
    """Returns columns with that of the sensor, where all tables are certainly logs that alternate between sensors."""
    others = (columns.sensor, columns.sensor_from, columns.channels, columns.label, columns.group, columns.recording)
    if columns.time is None or any(one is not None for one in others) or columns.in_pattern("sensor"):
        return columns
    found = {find_sensor_column(table, table.index(columns.time, "time")) for table in tables}
    names = {tables[0].names[index] for index in found if index is not None}
    if len(found) != 1 or len(names) != 1 or not all(table.named for table in tables):
        return columns
    (name,) = names
    notes.tell(f"Column {name!r} names the sensor of each row, and divides the log")
    return dataclasses.replace(columns, sensor=name)


def find_sensor_column(table: Table, time: int, certain: bool = True) -> int | None:
    """Returns the column that says which sensor a row is of, in a log that alternates; None if none does.

    Args:
        table: `Table`.
        time: int, the column of the time stamps.
        certain: bool, whether all of its cells must be names of sensors; else its own name has to be that of such a
            column. Defaults to True.
    """
    if not table.named:
        return None
    found = []
    for index, cells in enumerate(table.columns):
        if index == time or isinstance(cells, np.ndarray) or holds_numbers(cells):
            continue
        stripped = [str(cell).strip() for cell in cells]
        distinct = set(stripped)
        if not 2 <= len(distinct) <= MOST_SENSORS or "" in distinct:
            continue
        changes = sum(a != b for a, b in itertools.pairwise(stripped))
        if changes < ALTERNATES * len(stripped):
            continue
        if all(map(is_sensor_name, distinct)) if certain else split_name(table.names[index]) & SENSOR_WORDS:
            found.append(index)
    return found[0] if len(found) == 1 else None


def _find_keys(tables: list[Table], from_names: list[dict[str, Any]], columns: Columns) -> list[tuple[str, str]] | None:
    """Returns (recording, sensor) for each table; None if nothing is to be joined."""
    paths = [pathlib.PurePosixPath(table.source) for table in tables]
    if columns.sensor is not None:
        return [(table.source, "") for table in tables]
    if columns.in_pattern("sensor"):
        matches = [columns.pattern.search(table.source) for table in tables]
        return [(_without(match), match.group("sensor")) for match in matches if match]
    if columns.sensor_from == "file":
        return [(path.parent.as_posix(), path.stem) for path in paths]
    if len(tables) < 2 or any(path.stem in names.values() for path, names in zip(paths, from_names, strict=True)):
        return None
    # Without a word, only files whose names are those of sensors, in every folder, are sensors of one recording.
    if all(is_sensor_name(path.stem) for path in paths):
        folders = {path.parent for path in paths}
        # A folder of one such file is a recording of one sensor.
        if all(sum(path.parent == folder for path in paths) > 1 for folder in folders):
            return [(path.parent.as_posix(), path.stem) for path in paths]
    return None


def _without(match: re.Match[str]) -> str:
    """Returns a path with a star for the sensor, which all files of a recording share."""
    return f"{match.string[: match.start('sensor')]}*{match.string[match.end('sensor') :]}"


def is_sensor_name(name: str) -> bool:
    """Tells whether a name is that of a sensor, such as `Accelerometer` or `gyro_left`."""
    squeezed = re.sub(r"[^a-z]", "", name.lower())
    return squeezed in SENSOR_NAMES or bool(split_name(name) & SENSOR_NAMES)


def _divide(table: Table, sensor: str, columns: Columns) -> list[_Stream]:
    if columns.sensor is None:
        return [_stream(table, sensor, columns)]
    index = table.index(columns.sensor, "sensor")
    cells = np.array([str(cell).strip() for cell in table.columns[index]])
    sensors = [one for one in dict.fromkeys(cells.tolist()) if one]
    return [_stream(table.select(np.flatnonzero(cells == one)), one, columns) for one in sensors]


def _stream(table: Table, sensor: str, columns: Columns) -> _Stream:
    assert columns.time is not None
    time = table.index(columns.time, "time")
    own = dataclasses.replace(columns, pattern=None, label_from=None, group_from=None, segments=None, channels=None)
    (indices,) = find_channels([table], own, Notes())
    read = {index: parse_numbers(table, index, _mark(table, index, columns)) for index in indices}
    indices = [index for index in indices if not np.isnan(read[index]).all()]
    values = np.stack([read[index] for index in indices], axis=1)
    times = parse_times(table, time, columns.time_unit, columns.rate_hz, _mark(table, time, columns), Notes())
    times = times + _first_stamp(table, time, times)
    known = ~np.isnan(times) & ~np.isnan(values).any(axis=1)
    order = np.flatnonzero(known)[np.argsort(times[known], kind="stable")]
    order = order[np.concatenate([[True], np.diff(times[order]) > 0])] if len(order) else order
    if len(order) < 2:
        raise TableTimeError(f"{table.source} has fewer than two samples of {sensor} at different times.")
    names = [table.names[index].strip() for index in indices]
    series = Series(values[order], np.array([len(order)]), names, times=times[order] - times[order][0])
    clocks = [one.index for one in find_suspects(series) if one.certain]
    if columns.channels is None and len(clocks) < len(names):
        values, names = np.delete(values, clocks, axis=1), [n for k, n in enumerate(names) if k not in clocks]
    return _Stream(sensor, times[order], values[order], names, estimate_rate(times[order]))


def _mark(table: Table, index: int, columns: Columns) -> str:
    return columns.decimal or detect_decimal_mark(table, [index])


def _first_stamp(table: Table, time: int, times: np.ndarray) -> float:
    """Returns the first stamp in seconds, so that all tables have the same clock."""
    rows = np.flatnonzero(~np.isnan(times))
    cells = table.columns[time]
    if isinstance(cells, np.ndarray) and cells.dtype.kind == "M":
        return float(cells[rows[0]].astype("datetime64[ns]").astype(np.int64)) / 1e9
    text = str(cells[rows[0]]).strip()
    if is_number(text):
        first, last = (float(str(cells[row]).replace(",", ".")) for row in (rows[0], rows[-1]))
        # The unit itself: a float holds nanoseconds since 1970 to 256 only, so that a quotient would be seconds off.
        size = float(times[rows[-1]]) / (last - first)
        return first * min(SECONDS.values(), key=lambda unit: abs(np.log(size / unit)))
    if "-" not in text:
        hours, minutes, seconds = text.replace(",", ".").split(":")
        return 3600 * int(hours) + 60 * int(minutes) + float(seconds)
    return datetime.datetime.fromisoformat(text).timestamp()


def _join(key: str, streams: list[_Stream], columns: Columns, notes: Notes) -> Table:
    listing = listed([f"{one.sensor} ({round_rate(one.rate_hz):g} Hz)" for one in streams])
    rates = [one.rate_hz for one in streams]
    if columns.rate_hz is None and max(rates) > (1 + SAME_RATE) * min(rates):
        raise TableTimeError(
            f"The sensors of {key} have different rates: {listing}. Give rate_hz, to which all of them are brought."
        )
    start, end = max(one.times[0] for one in streams), min(one.times[-1] for one in streams)
    if end <= start:
        zero = min(one.times[0] for one in streams)
        spans = listed(
            [f"{one.sensor} from {one.times[0] - zero:.6g} to {one.times[-1] - zero:.6g} s" for one in streams]
        )
        raise TableTimeError(f"The sensors of {key} have no time in common: {spans}; they cannot be joined.")
    rate_hz = columns.rate_hz or round_rate(float(np.median(rates)))
    grid = start + np.arange(int((end - start) * rate_hz + 1e-6) + 1) / rate_hz
    cells: list[Any] = [grid - start]
    names = [TIME]
    for one in streams:
        values = _onto(grid, one, rate_hz, key)
        cells += list(values.T)
        names += [f"{one.sensor}_{name}" for name in one.names]
    notes.tell(f"Sensors joined on time at {rate_hz:g} Hz: {listing}", key)
    source = key if columns.sensor is not None else f"{key}/{'+'.join(one.sensor for one in streams)}"
    table = Table(source, names, cells, np.arange(1, len(grid) + 1), unit="row")
    if columns.channels is not None:
        kept = [0, *(table.index(channel, "channels") for channel in columns.channels)]
        table = dataclasses.replace(table, names=[names[k] for k in kept], columns=[cells[k] for k in kept])
    return table


def _onto(grid: np.ndarray, one: _Stream, rate_hz: float, key: str) -> np.ndarray:
    """Returns the values of a sensor at the times of a grid; NaN where it has a gap."""
    times, values = one.times, one.values
    gap = STEPS_BRIDGED / one.rate_hz
    if rate_hz < one.rate_hz / (1 + SAME_RATE) and np.diff(times).max() <= gap:
        times, values, _ = resample(times, values, one.rate_hz, rate_hz, key)
    found = np.stack([np.interp(grid, times, values[:, channel]) for channel in range(values.shape[1])], axis=1)
    after = np.clip(np.searchsorted(one.times, grid), 1, len(one.times) - 1)
    found[one.times[after] - one.times[after - 1] > gap] = np.nan
    return found
