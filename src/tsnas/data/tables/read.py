"""from_csv and from_frame: tables to recordings of one rate, and a note of all that was changed."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from tsnas.data.recording_set import RecordingSet
from tsnas.data.tables.columns import Columns, find_channels
from tsnas.data.tables.csv_text import read_table
from tsnas.data.tables.frame import frame_table
from tsnas.data.tables.names import as_whole, csv_files, from_name
from tsnas.data.tables.notes import Notes
from tsnas.data.tables.numbers import NO_LABEL, decimal_mark, numbers
from tsnas.data.tables.pieces import Piece, cut_pieces
from tsnas.data.tables.resample import INTERPOLATED, KEPT, rate_of, resample, rounded_rate
from tsnas.data.tables.table import Table
from tsnas.data.tables.times import seconds
from tsnas.errors import SettingError, TableFileError
from tsnas.system.words import plural


@dataclasses.dataclass(frozen=True)
class _Part:
    """A piece of a recording, with what is true of all of it."""

    piece: Piece
    source: str
    group: Any
    label: Any
    own_hz: float


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
) -> RecordingSet:
    """Reads recordings from CSV files of sensor data.

    A column is called by its name, or by its index from 0, which is the only way where a file has no header. Rows are
    put in order by time; doubled time stamps are left out; a gap divides a recording; missing values are interpolated
    where the gap is short. Samples that lie on an even grid of the rate stay as they are, others are resampled: by
    straight lines, and with a low-pass filter before where the rate goes down. Each change is told in `notes`.

    Args:
        path: str or path of a folder (each .csv file in it, also in its folders, sorted by path) or of a file, or a
            list of files.
        time: column of the time stamps. Defaults to None: there is none, samples come at `rate_hz`.
        label: column of the labels, which may change within a file. Rows without one are left out.
        group: column of what belongs together, such as the user. Defaults to None: each file is a group.
        channels: list of columns of sensor values. Defaults to None: all columns of numbers that are nothing else.
        rate_hz: float, samples in a second of what is returned. Defaults to None: the median of the files, rounded to
            a common rate.
        recording: column that says which rows are one recording, where a file holds several. Defaults to None.
        label_from: str, `"folder"`: the label is the name of the folder of a file; `"file"`: its name without .csv.
        group_from: str, the same for the group.
        pattern: str, a regular expression with `(?P<label>...)`, `(?P<group>...)` or both, which is looked for in the
            path of each file from the folder, such as `walk/user3_01.csv`.
        time_unit: str, `"s"`, `"ms"`, `"us"`, `"ns"`, or `"iso"` for dates of ISO 8601. Defaults to None: dates are
            known by their look; the unit of numbers is what the name of the column ends in (`time_ms`, `t [s]`), or the
            one that makes their median step fit `rate_hz`.
        max_gap_s: float, longest time between two values that is bridged by a straight line. Defaults to None: five
            median steps.
        delimiter: str, the character between fields. Defaults to None: tab, semicolon or comma, by the lines.
        decimal: str, `"."` or `","`. Defaults to None, by the numbers.
        comment: str that starts a line of comment. Defaults to `"#"`.
        header: bool, whether the first line holds names. Defaults to None: it does unless a field of it is a number.

    Returns:
        `RecordingSet`. Labels and groups that are all whole numbers are int, others str.

    Raises:
        TableFileError: a file that is missing, no text, empty, or has lines of another number of fields.
        TableColumnError: a column that a file lacks; the message names near ones.
        TableValueError: a cell of a channel that is no number.
        TableTimeError: time stamps that cannot be read, or whose unit is not known.
        TableNameError: a file name that does not fit the pattern.
        SettingError: arguments out of range, or that do not go together.

    Example:
        >>> data = from_csv("recordings", time="time_ms", pattern=r"(?P<label>\\w+)/(?P<group>\\w+)_\\d+\\.csv")
        >>> data.notes
    """
    if delimiter is not None and (not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '\r\n"'):
        raise SettingError(f"delimiter={delimiter!r} must be one character, such as ',', ';' or a tab.")
    columns = Columns(
        time, label, group, channels, recording, label_from, group_from, pattern, time_unit, rate_hz, max_gap_s, decimal
    )
    notes = Notes()
    tables, said = [], []
    for file, name in csv_files(path):
        tables.append(read_table(file, name, notes, delimiter, comment, header))
        said.append(
            {
                role: from_name(file, name, getattr(columns, f"{role}_from"), columns.pattern, role)
                for role in ("label", "group")
            }
        )
    return _recordings(tables, said, columns, notes)


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
    """Reads recordings from a data frame of pandas; the same rules as in `from_csv` hold.

    Args:
        frame: `pandas.DataFrame`, one row for each sample. tsnas itself does not need pandas.
        time, label, group, channels, rate_hz, recording, time_unit, max_gap_s: as in `from_csv`. A time column may also
            be of dtype datetime64. Without `group`, each recording is a group.

    Returns:
        `RecordingSet`.

    Raises:
        TableFileError: no data frame, or one without rows.
        TableColumnError, TableValueError, TableTimeError, SettingError: as in `from_csv`.

    Example:
        >>> data = from_frame(pandas.read_parquet("all.parquet"), time="time_ms", label="activity", group="user")
    """
    columns = Columns(
        time, label, group, channels, recording, time_unit=time_unit, rate_hz=rate_hz, max_gap_s=max_gap_s, decimal="."
    )
    return _recordings([frame_table(frame)], [{"label": None, "group": None}], columns, Notes())


def _recordings(tables: list[Table], said: list[dict[str, Any]], columns: Columns, notes: Notes) -> RecordingSet:
    found = find_channels(tables, columns, notes)
    parts: list[_Part] = []
    for table, names, indices in zip(tables, said, found, strict=True):
        parts += _parts(table, names, indices, columns, notes)
    if not parts:
        raise TableFileError(
            f"No recording of at least two samples is left of {plural(len(tables), 'file')}: "
            + " ".join(notes.sentences())
        )
    own_hz = float(np.median([part.own_hz for part in parts]))
    rate_hz = rounded_rate(own_hz) if columns.rate_hz is None else float(columns.rate_hz)
    arrays, labels = [], []
    for part in parts:
        times, values, how = resample(part.piece.times, part.piece.values, part.own_hz, rate_hz, part.source)
        arrays.append(values.astype(np.float32))
        if part.piece.labels is not None:
            # The label of a moment is that of the last sample before it, or at it.
            before = np.searchsorted(part.piece.times, times + 1e-9 / rate_hz, side="right") - 1
            labels.append(part.piece.labels[np.maximum(before, 0)])
        elif part.label is not None:
            labels.append(np.full(len(times), part.label))
        if how != KEPT:
            own = rounded_rate(part.own_hz)
            origin = "with uneven steps" if own == rate_hz else f"of about {own:g} Hz"
            way = "along straight lines" if how == INTERPOLATED else "with a low-pass filter"
            notes.add(f"Recordings {origin}, resampled to an even {rate_hz:g} Hz {way}", part.source, 1)
    if columns.rate_hz is None and columns.time is not None:
        notes.tell(f"The rate is {rate_hz:g} Hz; the median of the recordings is {own_hz:.5g} Hz")
    groups_given = parts[0].group is not None
    groups = as_whole([np.array([part.group if groups_given else part.source]) for part in parts])
    return RecordingSet(
        arrays,
        _labels(labels) if labels else None,
        [group[0].item() for group in groups],
        tuple(tables[0].names[index].strip() or str(index) for index in found[0]),
        rate_hz,
        tuple(part.source for part in parts),
        tuple(notes.sentences()),
        tuple(_jitter(part.piece.times) if columns.time is not None else 0.0 for part in parts),
        groups_given,
    )


def _parts(table: Table, said: dict[str, Any], own: list[int], columns: Columns, notes: Notes) -> list[_Part]:
    """The recordings of one table, each without a gap."""
    rows = len(table.lines)
    time = None if columns.time is None else table.index(columns.time, "time")
    decimal = columns.decimal or decimal_mark(table, own if time is None else [time, *own])
    values = np.stack([numbers(table, index, decimal) for index in own], axis=1)
    if time is None:
        times = np.arange(rows) / float(columns.rate_hz)  # type: ignore[arg-type]
    else:
        times = seconds(table, time, columns.time_unit, columns.rate_hz, decimal, notes)
    texts = {
        role: _texts(table, getattr(columns, role), role)
        for role in ("label", "group", "recording")
        if getattr(columns, role) is not None
    }
    for role, cells in texts.items():
        distinct = np.unique(cells)
        empty = np.isin(cells, [cell for cell in distinct.tolist() if cell.lower() in NO_LABEL])
        notes.add(f"Rows without a {role}, left out", table.source, np.count_nonzero(empty))
        times = np.where(empty, np.nan, times)
    found = []
    owners = [texts[role] for role in ("group", "recording") if role in texts]
    for mine in _runs(owners, rows):
        kept = mine[~np.isnan(times[mine])] if "label" in texts or owners else mine
        taken = Piece(times[kept], values[kept], texts["label"][kept] if "label" in texts else None)
        group = texts["group"][mine[0]] if "group" in texts else said["group"]
        for piece in cut_pieces(taken, columns.max_gap_s, table.source, notes):
            own_hz = rate_of(piece.times)
            found.append(_Part(piece, table.source, group, said["label"], own_hz))
    return found


def _texts(table: Table, column: str | int, role: str) -> np.ndarray:
    cells = table.columns[table.index(column, role)]
    if isinstance(cells, np.ndarray):
        return np.array(
            ["" if cell != cell else f"{cell:.17g}" if cell.dtype.kind == "f" else str(cell) for cell in cells]
        )
    return np.array([str(cell).strip() for cell in cells])


def _runs(owners: list[np.ndarray], rows: int) -> list[np.ndarray]:
    """Rows of each combination of group and recording, in the order in which they first come."""
    if not owners:
        return [np.arange(rows)]
    codes = np.zeros(rows, np.int64)
    for owner in owners:
        distinct, code = np.unique(owner, return_inverse=True)
        codes = codes * len(distinct) + code
    _, firsts, code = np.unique(codes, return_index=True, return_inverse=True)
    return [np.flatnonzero(code == one) for one in np.argsort(firsts)]


def _labels(labels: list[np.ndarray]) -> list[Any]:
    """One label for each recording if none changes within one, else one for each sample."""
    found = as_whole(labels)
    if all((label == label[0]).all() for label in found):
        return [label[0].item() for label in found]
    return found


def _jitter(times: np.ndarray) -> float:
    steps = np.diff(times)
    return float(steps.std() / np.median(steps))
