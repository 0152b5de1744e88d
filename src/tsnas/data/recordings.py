"""Recordings of any length to windows, with their labels and groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tsnas.data.labels import check_labels
from tsnas.data.signal import Signal
from tsnas.data.windows import MINIMUM_LENGTH, check_lengths, check_windows
from tsnas.errors import LabelShapeError, LengthMismatchError, SettingError, WindowShapeError, WindowTooShortError

RULES = ("majority", "strict")


def cut_windows(
    recordings: Sequence[Any],
    labels: Sequence[Any],
    signal: Signal,
    groups: Any = None,
    rule: str = "majority",
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cuts recordings into windows.

    Args:
        recordings: sequence of arrays (time, channels), or (time,) for one channel, in raw sensor units; lengths may
            differ, channels may not.
        labels: one label for each recording, or for each recording an array (time,) of one label for each of its
            samples.
        signal: `Signal`.
        groups: one value for each recording, such as its user. Defaults to None: each recording is a group.
        rule: str, what labels of samples make of a window: `"majority"` takes the most frequent one, the first of
            equals; `"strict"` leaves out windows with more than one. Defaults to `"majority"`.

    Returns:
        (x, y, groups): float32 array (windows, time, channels), and one label and one group for each window.

    Raises:
        DataError: recordings or labels that cannot be used; the subclass and its message say which.
        SettingError: a rule that does not exist, or channels that the recordings lack.

    Example:
        >>> x, y, groups = cut_windows(recordings, labels, Signal(window=128, stride=64), groups=users)
        >>> clf.fit(x, y, groups=groups)
    """
    if rule not in RULES:
        raise SettingError(f"rule={rule!r} is not known; choose 'majority' or 'strict'.")
    check_lengths(recordings=recordings, labels=labels, groups=groups)
    checked = check_recordings(recordings, signal)
    owners = np.arange(len(checked)) if groups is None else check_labels(groups, "groups")
    for_samples = [np.ndim(label) == 1 for label in labels]
    if any(for_samples) != all(for_samples):
        raise LabelShapeError(
            "Some labels are single values and some are arrays; give one label for each recording, or an array of one "
            "label for each sample of each recording."
        )
    of_recording = None if any(for_samples) else check_labels(labels, "labels")
    parts, found, owner_of = [], [], []
    for index, recording in enumerate(checked):
        windows = _windows(signal.of(recording), signal)
        if of_recording is not None:
            kept, own = np.arange(len(windows)), np.repeat(of_recording[index], len(windows))
        else:
            kept, own = _labelled(labels[index], len(recording), len(windows), signal, rule, index)
        parts.append(windows[kept])
        found.append(own)
        owner_of.append(np.repeat(owners[index], len(kept)))
    if not sum(map(len, parts)):
        longest = max(len(recording) for recording in checked)
        raise WindowTooShortError(
            f"No window of {signal.window} samples after decimation by {signal.decimation} comes out of these "
            f"{len(checked)} recordings, the longest of {longest} samples"
            + (": or every window holds more than one label (rule='strict')" if rule == "strict" else "")
            + "; shorten the window or lower the decimation."
        )
    return np.concatenate(parts), np.concatenate(found), np.concatenate(owner_of)


def check_recordings(recordings: Sequence[Any], signal: Signal) -> list[np.ndarray]:
    """Recordings as finite float32 arrays (time, channels) with as many channels each.

    Args:
        recordings: sequence of arrays (time, channels), or (time,) for one channel.
        signal: `Signal` that windows are to be cut by.

    Returns:
        list of float32 arrays (time, channels).

    Raises:
        DataError: recordings that cannot be used.
        SettingError: channels that they lack, or windows that are too short for a network.
    """
    if signal.window < MINIMUM_LENGTH:
        raise SettingError(f"window={signal.window} is too short; at least {MINIMUM_LENGTH} samples are needed.")
    if not len(recordings):
        raise LengthMismatchError("recordings is empty; give at least one array of shape (time, channels).")
    checked = []
    for index, recording in enumerate(recordings):
        if np.ndim(recording) not in (1, 2):
            raise WindowShapeError(
                f"Recording {index} has shape {np.shape(recording)}, but must be (time, channels), or (time,) for one "
                "channel."
            )
        # A recording is a window of its own length, as far as its values go.
        checked.append(check_windows(np.asarray(recording)[np.newaxis], minimum_length=1)[0])
    channels = {recording.shape[1] for recording in checked}
    if len(channels) > 1:
        raise WindowShapeError(f"Recordings have {sorted(channels)} channels; all need the same, in the same order.")
    if signal.channels is not None and max(signal.channels) >= min(channels):
        raise SettingError(f"channels={signal.channels} names one that the recordings, with {min(channels)}, lack.")
    return checked


def _starts(samples: int, signal: Signal) -> np.ndarray:
    return np.arange(0, samples - signal.window + 1, signal.stride)


def _windows(recording: np.ndarray, signal: Signal) -> np.ndarray:
    starts = _starts(len(recording), signal)
    return (
        recording[starts[:, None] + np.arange(signal.window)]
        if len(starts)
        else np.zeros((0, signal.window, recording.shape[1]), np.float32)
    )


def _labelled(
    given: Any, samples: int, windows: int, signal: Signal, rule: str, index: int
) -> tuple[np.ndarray, np.ndarray]:
    """Which windows of a recording have a label, and those labels."""
    labels = check_labels(given, f"labels of recording {index}")
    if len(labels) != samples:
        raise LengthMismatchError(
            f"Recording {index} has {samples} samples, but {len(labels)} labels; give one label for each sample."
        )
    kept, own = [], []
    for window in range(windows):
        start = window * signal.stride * signal.decimation  # type: ignore[operator]
        values, firsts, counts = np.unique(
            labels[start : start + signal.window * signal.decimation], return_index=True, return_counts=True
        )
        if rule == "strict" and len(values) > 1:
            continue
        kept.append(window)
        own.append(values[np.lexsort((firsts, -counts))[0]])
    return np.array(kept, int), np.array(own, labels.dtype)
