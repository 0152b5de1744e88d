"""Converts windows or recordings to the form that the checks take: one table of rows, and properties of each piece."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from tsnas.data.labels import check_labels
from tsnas.data.missing import hidden_places
from tsnas.data.recording_set import RecordingSet
from tsnas.data.recordings import cut_windows
from tsnas.data.signal import Signal
from tsnas.data.windows import check_lengths
from tsnas.errors import DtypeError, LabelShapeError, LengthMismatchError, SettingError, WindowShapeError
from tsnas.system.words import plural

WINDOW, RECORDING, SAMPLE = "window", "recording", "sample"


@dataclasses.dataclass(frozen=True)
class Material:
    """The data to check.

    Args:
        rows: float32 array (samples of all pieces, channels); values may be NaN or infinite.
        lengths: int array (pieces,), samples of each window or recording.
        kind: str, `"window"` or `"recording"`, the kind of the pieces.
        piece_groups: array (pieces,) of groups, or None if none were given.
        piece_labels: array (pieces,) of labels, or None if there are none, or if they change within a piece.
        labels, groups: arrays with one label and one group for each item that is counted, or None.
        noun: str, the items that are counted: `"window"` or `"sample"`.
        names: tuple of str, names of the channels.
        rate_hz: float, samples per second; None if not known.
        jitter: tuple of float, for each recording, as in `RecordingSet`.
        notes: tuple of str, as in `RecordingSet`.
        sources: tuple of str, the file of each recording; empty if not known.
        row_labels: array (rows,) of labels, if they change within a piece; else None.
    """

    rows: np.ndarray
    lengths: np.ndarray
    kind: str
    piece_groups: np.ndarray | None
    piece_labels: np.ndarray | None
    labels: np.ndarray | None
    groups: np.ndarray | None
    noun: str
    names: tuple[str, ...]
    rate_hz: float | None = None
    jitter: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    row_labels: np.ndarray | None = None

    @property
    def starts(self) -> np.ndarray:
        """The first row of each piece."""
        return np.concatenate([[0], np.cumsum(self.lengths)[:-1]])

    @property
    def piece_of_row(self) -> np.ndarray:
        """The piece of each row."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    @property
    def heading(self) -> str:
        """A one-line description of the data."""
        channels = plural(self.rows.shape[1], "channel")
        rate = "" if self.rate_hz is None else f" at {self.rate_hz:g} Hz"
        pieces = plural(len(self.lengths), self.kind)
        if self.kind == WINDOW:
            return f"{pieces} of {self.lengths[0]:,} samples and {channels}{rate}"
        total = len(self.rows)
        time = f"{total:,} samples" if self.rate_hz is None else f"{total / self.rate_hz:,.1f} s"
        cut = (
            f", cut into {plural(len(self.labels), 'window')}"
            if self.noun == WINDOW and self.labels is not None
            else ""
        )
        return f"{pieces} of {channels}{rate}, {time} in all{cut}"


def make_material(data: Any, y: Any, groups: Any, signal: Signal | None) -> Material:
    """Converts anything that `tsnas.data.check` accepts to `Material`.

    Raises:
        DataError: the data are neither windows nor recordings, or the labels or groups do not fit them.
        SettingError: labels or groups are given in addition to a `RecordingSet`.
    """
    if isinstance(data, RecordingSet):
        if y is not None or groups is not None:
            raise SettingError("A RecordingSet has its own labels and groups; leave y and groups out.")
        found = _join_recordings(data.arrays, data.labels, data.groups, signal)
        return dataclasses.replace(
            found,
            names=data.channels,
            rate_hz=data.rate_hz,
            jitter=data.jitter,
            notes=data.notes,
            sources=data.sources,
            piece_groups=found.piece_groups if data.groups_given else None,
            groups=found.groups if data.groups_given else None,
        )
    if isinstance(data, list | tuple) and _are_recordings(data):
        return _join_recordings(data, y, groups, signal)
    x = _as_numbers(data, "x")
    if signal is not None:
        return _join_recordings(list(x), y, groups, signal)
    if x.ndim == 2:
        x = x[:, :, np.newaxis]
    if x.ndim != 3 or 0 in x.shape:
        raise WindowShapeError(
            f"x has shape {np.shape(data)}, but must be (windows, time, channels), or (windows, time) for one channel, "
            "or a list of recordings (time, channels); give at least one window."
        )
    check_lengths(x=x, y=y, groups=groups)
    labels = None if y is None else check_labels(y)
    owners = None if groups is None else check_labels(groups, "groups")
    windows, time, channels = x.shape
    rows = x.reshape(-1, channels)
    lengths = np.full(windows, time)
    return Material(rows, lengths, WINDOW, owners, labels, labels, owners, WINDOW, _number_channels(channels))


def _are_recordings(data: Sequence[Any]) -> bool:
    arrays = [one for one in data if isinstance(one, np.ndarray)]
    return len(arrays) == len(data) and (all(one.ndim == 2 for one in arrays) or len({len(one) for one in arrays}) > 1)


def _join_recordings(arrays: Sequence[Any], labels: Any, groups: Any, signal: Signal | None) -> Material:
    if not len(arrays):
        raise LengthMismatchError("recordings is empty; give at least one array of shape (time, channels).")
    check_lengths(recordings=arrays, labels=labels, groups=groups)
    parts = [_as_numbers(one, f"recording {index}") for index, one in enumerate(arrays)]
    parts = [part[:, np.newaxis] if part.ndim == 1 else part for part in parts]
    shapes = {part.shape[1:] for part in parts}
    if len(shapes) > 1 or any(part.ndim != 2 or 0 in part.shape for part in parts):
        raise WindowShapeError(
            f"Recordings have shapes such as {', '.join(str(part.shape) for part in parts[:3])}; each must be (time, "
            "channels), with the same channels and at least one sample."
        )
    lengths = np.array([len(part) for part in parts])
    owners = None if groups is None else check_labels(groups, "groups")
    of_samples = labels is not None and any(np.ndim(label) == 1 for label in labels)
    whole = None if labels is None or of_samples else check_labels(labels, "labels")
    row_labels = None
    if labels is not None and of_samples:
        row_labels = np.concatenate([_labels_of_samples(labels[k], len(part), k) for k, part in enumerate(parts)])
    if labels is None:
        items, item_groups, noun = None, None, SAMPLE
    elif signal is not None and np.isfinite(np.concatenate(parts)).all():
        _, items, item_groups = cut_windows(parts, labels, signal, groups)
        noun = WINDOW
    else:
        items = np.concatenate(
            [_labels_of_samples(labels[index], len(part), index) for index, part in enumerate(parts)]
        )
        item_groups = None if owners is None else np.repeat(owners, lengths)
        noun = SAMPLE
    return Material(
        np.concatenate(parts),
        lengths,
        RECORDING,
        owners,
        whole,
        items,
        None if groups is None else item_groups,
        noun,
        _number_channels(parts[0].shape[1]),
        None if signal is None else signal.rate_hz,
        row_labels=row_labels,
    )


def _labels_of_samples(label: Any, samples: int, index: int) -> np.ndarray:
    if np.ndim(label) == 0:
        return np.repeat(check_labels([label], "labels"), samples)
    found = check_labels(label, f"labels of recording {index}")
    if len(found) != samples:
        raise LabelShapeError(f"Recording {index} has {samples} samples, but {len(found)} labels; give one for each.")
    return found


def _as_numbers(values: Any, name: str) -> np.ndarray:
    try:
        found = np.asarray(values)
    except ValueError:
        found = np.array(None)
    if found.dtype.kind not in "biuf":
        raise DtypeError(f"{name} must hold real numbers in arrays of one length, not dtype {found.dtype}.")
    hidden = hidden_places(values)
    with np.errstate(over="ignore"):
        found = found.astype(np.float32)
    if hidden is not None:
        found[hidden] = np.nan
    return found


def _number_channels(channels: int) -> tuple[str, ...]:
    return tuple(map(str, range(channels)))
