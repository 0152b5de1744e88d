"""Reads tables as recordings of one sampling rate, with notes of all changes: `from_csv` and `from_frame`."""

from __future__ import annotations

import statistics
from typing import Any

import numpy as np

from tsnas.data.channel_units import units_of
from tsnas.data.recording_set import RecordingSet
from tsnas.data.tables.columns import Columns, find_channels
from tsnas.data.tables.csv_text import read_table
from tsnas.data.tables.frame import frame_table
from tsnas.data.tables.join import find_sensor_column, join_sensors
from tsnas.data.tables.names import convert_whole_numbers, list_csv_files, parse_name
from tsnas.data.tables.notes import Notes
from tsnas.data.tables.resample import INTERPOLATED, KEPT, resample, round_rate
from tsnas.data.tables.segments import read_segments, segment_files
from tsnas.data.tables.sensors import choose_sensors
from tsnas.data.tables.table import Table
from tsnas.data.tables.table_parts import Part, divide_table
from tsnas.errors import SettingError, TableFileError, TableTimeError
from tsnas.system.words import plural


def from_csv(
    path: Any,
    time: str | int | None = None,
    label: str | int | None = None,
    group: str | int | None = None,
    channels: Any = None,
    rate_hz: float | None = None,
    recording: str | int | None = None,
    *,
    label_from: str | None = None,
    group_from: str | None = None,
    pattern: str | None = None,
    time_unit: str | None = None,
    max_gap_s: float | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    comment: str = "#",
    header: bool | None = None,
    bad_lines: str = "stop",
    segments: Any = None,
    drop_label: Any = None,
    sensor: str | int | None = None,
    sensor_from: str | None = None,
) -> RecordingSet:
    """Reads recordings from CSV files of sensor data.

    A column is given by its name or by its index from 0; without a header, only the index works. Rows are sorted by
    time, rows with a duplicate time stamp are dropped, short gaps are interpolated, and longer ones divide a recording.
    Samples that lie on an even grid of the rate stay as they are; others are resampled by linear interpolation, after a
    low-pass filter where the rate is lowered. `notes` of the result states each change.

    Args:
        path: str or path of a folder, which stands for all .csv files in it and its subfolders, sorted by path; str or
            path of one file; or a list of files.
        time: column of the time stamps. Defaults to None: there is none, and samples come at `rate_hz`.
        label: column of the labels, which may change within a file. Rows without a label are dropped. Defaults to None.
        group: column that says which rows belong together, such as the user. Defaults to None: each file is a group.
        channels: list of columns of sensor values. Defaults to None: all columns of numbers that have no other role.
        rate_hz: float, samples per second of the returned recordings. Defaults to None: the median over the files,
            rounded to a common rate.
        recording: column that says which rows are one recording, if a file holds several. Defaults to None.
        label_from: str, `"folder"`: the label is the name of a file's folder; `"file"`: its own name without .csv.
            Defaults to None.
        group_from: str, the same for the group. Defaults to None.
        pattern: str, a regular expression with `(?P<label>...)`, `(?P<group>...)` or both, which is searched for in
            each file's path relative to the folder, such as `walk/user3_01.csv`. Defaults to None.
        time_unit: str, `"s"`, `"ms"`, `"us"`, `"ns"`, or `"iso"` for ISO 8601 dates. Defaults to None: dates are
            recognised by their form; the unit of numbers is the one in which the column's name ends (`time_ms`,
            `t [s]`), or the one with which their median step fits `rate_hz`.
        max_gap_s: float, longest time in seconds between two values that is bridged by a straight line. Defaults to
            None: five median steps.
        delimiter: str, the character between fields. Defaults to None: tab, semicolon or comma, detected from the
            lines.
        decimal: str, `"."` or `","`. Defaults to None: detected from the numbers.
        comment: str that starts a comment line. Defaults to `"#"`.
        header: bool, whether the first line holds names. Defaults to None: by what stands below it.
        bad_lines: str, what becomes of lines that were cut or doubled, and of cells that are no number: `"stop"` for
            an error, `"skip"` to leave these lines out and count them. Defaults to `"stop"`.
        segments: str or path of a file of labels, with columns such as `file`, `start`, `end` and `label`; a label
            track of Audacity, or an export of Label Studio. Starts and ends are seconds, samples or time stamps.
            Samples that are in no segment are left out. Defaults to None.
        drop_label: label or list of labels, such as a null class, whose samples are left out. Defaults to None.
        sensor: column that says which sensor a row is of, in a log that alternates between sensors; they are joined on
            time. Defaults to None.
        sensor_from: str, `"file"`: the files of a folder are the sensors of one recording, and are joined on time; a
            pattern with `(?P<sensor>...)` says the same. Defaults to None: they are if all files have names of sensors,
            such as `walk_01/accelerometer.csv` and `walk_01/gyroscope.csv`.

    Returns:
        `RecordingSet`. Labels are int if all of them are whole numbers, else str; groups likewise.

    Raises:
        TableFileError: a file is missing, empty or not text, or its lines differ in the number of fields.
        TableColumnError: a file lacks a column; the message names similar ones.
        TableValueError: a cell of a channel is not a number.
        TableTimeError: time stamps cannot be read, or their unit is not known.
        TableNameError: a file name does not match the pattern.
        SegmentError: the file of segments cannot be read, or does not fit the recordings.
        SettingError: arguments are out of range or exclude each other.

    Example:
        >>> data = from_csv("recordings", time="time_ms", pattern=r"(?P<label>\\w+)/(?P<group>\\w+)_\\d+\\.csv")
        >>> data.notes
    """
    if delimiter is not None and (not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '\r\n"'):
        raise SettingError(f"delimiter={delimiter!r} must be one character, such as ',', ';' or a tab.")
    columns = Columns(
        time,
        label,
        group,
        channels,
        recording,
        label_from,
        group_from,
        pattern,
        time_unit,
        rate_hz,
        max_gap_s,
        decimal,
        bad_lines,
        None if segments is None else read_segments(segments),
        drop_label or (),
        sensor,
        sensor_from,
    )
    notes = Notes()
    tables, from_names = [], []
    # The segments may lie beside the recordings.
    aside = set() if segments is None else {file.resolve() for file in segment_files(segments)}
    for file, name in list_csv_files(path):
        if file.resolve() in aside:
            continue
        tables.append(read_table(file, name, notes, delimiter, comment, header, bad_lines))
        from_names.append(
            {
                role: parse_name(file, name, getattr(columns, f"{role}_from"), columns.pattern, role)
                for role in ("label", "group")
            }
        )
    if not tables:
        raise TableFileError(f"{path} holds no recording besides the file of segments; give the recordings' folder.")
    tables, from_names, columns = join_sensors(tables, from_names, columns, notes)
    return join_tables(tables, from_names, columns, notes)


def from_frame(
    frame: Any,
    time: str | int | None = None,
    label: str | int | None = None,
    group: str | int | None = None,
    channels: Any = None,
    rate_hz: float | None = None,
    recording: str | int | None = None,
    *,
    time_unit: str | None = None,
    max_gap_s: float | None = None,
) -> RecordingSet:
    """Reads recordings from a pandas data frame, by the same rules as `from_csv`.

    Args:
        frame: `pandas.DataFrame`, one row per sample. tsnas itself does not need pandas.
        time, label, group, channels, rate_hz, recording, time_unit, max_gap_s: as in `from_csv`. A time column may also
            be of dtype datetime64. Without `group`, each recording is a group.

    Returns:
        `RecordingSet`.

    Raises:
        TableFileError: `frame` is not a data frame, or has no rows.
        TableColumnError, TableValueError, TableTimeError, SettingError: as in `from_csv`.

    Example:
        >>> data = from_frame(pandas.read_parquet("all.parquet"), time="time_ms", label="activity", group="user")
    """
    columns = Columns(
        time, label, group, channels, recording, time_unit=time_unit, rate_hz=rate_hz, max_gap_s=max_gap_s, decimal="."
    )
    return join_tables([frame_table(frame)], [{"label": None, "group": None}], columns, Notes())


def join_tables(tables: list[Table], from_names: list[dict[str, Any]], columns: Columns, notes: Notes) -> RecordingSet:
    """Returns tables as recordings of one rate.

    Args:
        tables: list of `Table`, with the same channels.
        from_names: list of dict, the label and the group of each table that its name gives, or None.
        columns: `Columns`.
        notes: `Notes` to add to.

    Raises:
        TableError: a table cannot be read so; the subclass says why.
    """
    found = find_channels(tables, columns, notes)
    parts: list[Part] = []
    for table, names, indices in zip(tables, from_names, found, strict=True):
        try:
            parts += divide_table(table, names, indices, columns, notes)
        except TableTimeError as error:
            raise TableTimeError(f"{error}{_hint_at_sensors(table, columns)}") from None
    if not parts:
        raise TableFileError(
            f"{plural(len(tables), 'file')} yielded no recording of at least two samples: "
            + " ".join(notes.sentences())
        )
    chosen = choose_sensors(parts, [tables[0].names[index].strip() for index in found[0]], columns, notes)
    # A rate that some recording has: between two kinds of them lies one that would suit none.
    own_hz = statistics.median_low(part.own_hz for part in parts)
    rate_hz = round_rate(own_hz) if columns.rate_hz is None else float(columns.rate_hz)
    arrays, labels = [], []
    for part in parts:
        times, values, how = resample(part.piece.times, part.piece.values[:, chosen], part.own_hz, rate_hz, part.source)
        arrays.append(values.astype(np.float32))
        if part.piece.labels is not None:
            # The label at a moment is that of the last sample at or before it.
            before = np.searchsorted(part.piece.times, times + 1e-9 / rate_hz, side="right") - 1
            labels.append(part.piece.labels[np.maximum(before, 0)])
        elif part.label is not None:
            labels.append(np.full(len(times), part.label))
        if how != KEPT:
            own = round_rate(part.own_hz)
            origin = "with uneven steps" if own == rate_hz else f"of about {own:g} Hz"
            way = "by linear interpolation" if how == INTERPOLATED else "with a low-pass filter"
            notes.add(f"Recordings {origin}, resampled to an even {rate_hz:g} Hz {way}", part.source, 1)
    if columns.rate_hz is None and columns.time is not None:
        notes.tell(f"The rate is {rate_hz:g} Hz; the median of the recordings is {own_hz:.5g} Hz")
    groups_given = parts[0].group is not None
    groups = convert_whole_numbers([np.array([part.group if groups_given else part.source]) for part in parts])
    channels = tuple(tables[0].names[index].strip() or str(index) for index in np.array(found[0])[chosen])
    return RecordingSet(
        arrays,
        _simplify_labels(labels) if labels else None,
        [group[0].item() for group in groups],
        channels,
        rate_hz,
        tuple(part.source for part in parts),
        tuple(notes.sentences()),
        tuple(_measure_jitter(part.piece.times) if columns.time is not None else 0.0 for part in parts),
        groups_given,
        units_of(channels, tables[0].units),
    )


def _hint_at_sensors(table: Table, columns: Columns) -> str:
    """Returns what to do if the rows may be those of several sensors, or ""."""
    time = None if columns.time is None else table.index(columns.time, "time")
    index = None if time is None else find_sensor_column(table, time, certain=False)
    if index is None:
        return ""
    name = table.names[index]
    return f" If column {name!r} says which sensor a row is of, give sensor={name!r} (--sensor={name})."


def _simplify_labels(labels: list[np.ndarray]) -> list[Any]:
    """Returns one label for each recording if labels never change within one, else one for each sample."""
    found = convert_whole_numbers(labels)
    if all((label == label[0]).all() for label in found):
        return [label[0].item() for label in found]
    return found


def _measure_jitter(times: np.ndarray) -> float:
    steps = np.diff(times)
    return float(steps.std() / np.median(steps))
