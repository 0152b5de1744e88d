"""Cuts recordings of any length into windows with labels and groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tsnas.data.labels import check_labels
from tsnas.data.real_numbers import real_numbers
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
        recordings: sequence of arrays (time, channels), or (time,) for one channel, in raw sensor units; the lengths
            may differ, the channels may not.
        labels: one label for each recording, or for each recording an array (time,) with one label for each of its
            samples.
        signal: `Signal`.
        groups: one value for each recording, such as its user. Defaults to None: each recording is a group.
        rule: str, how labels of samples become the label of a window: `"majority"` takes the most frequent one, and of
            equally frequent ones the first; `"strict"` drops windows with more than one. Defaults to `"majority"`.

    Returns:
        (x, y, groups): float32 array (windows, time, channels), and one label and one group for each window.

    Raises:
        DataError: the recordings or labels cannot be used; the subclass and its message say why.
        SettingError: the rule does not exist, or the recordings lack a channel.

    Example:
        >>> x, y, groups = cut_windows(recordings, labels, Signal(window=128, stride=64), groups=users)
        >>> clf.fit(x, y, groups=groups)
    """
    return cut_in_order(recordings, labels, signal, groups, rule)[:3]


def cut_in_order(
    recordings: Sequence[Any],
    labels: Sequence[Any],
    signal: Signal,
    groups: Any = None,
    rule: str = "majority",
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Cuts recordings into windows as `cut_windows` does, and numbers them in the order of time.

    Args:
        recordings, labels, signal, groups, rule: as in `cut_windows`.

    Returns:
        (x, y, groups, order): as in `cut_windows`, and an int array (windows,), where the next window of a recording
        has the next number, and no window follows the last one of a recording or one that was dropped.

    Raises:
        DataError, SettingError: as in `cut_windows`.
    """
    if rule not in RULES:
        raise SettingError(f"rule={rule!r} is not known; choose 'majority' or 'strict'.")
    check_lengths(recordings=recordings, labels=labels, groups=groups)
    checked = check_recordings(recordings, signal)
    owners = np.arange(len(checked)) if groups is None else check_labels(groups, "groups")
    for_samples = [np.ndim(label) == 1 for label in labels]
    if any(for_samples) != all(for_samples):
        raise LabelShapeError(
            "Some labels are single values and some are arrays; give one label for each recording, or for each "
            "recording an array with one label per sample."
        )
    of_recording = None if any(for_samples) else check_labels(labels, "labels")
    parts, found, owner_of, numbers, first = [], [], [], [], 0
    for index, recording in enumerate(checked):
        windows = _slice_windows(signal.of(recording), signal)
        if of_recording is not None:
            kept, own = np.arange(len(windows)), np.repeat(of_recording[index], len(windows))
        else:
            kept, own = _label_windows(labels[index], len(recording), len(windows), signal, rule, index)
        parts.append(windows[kept])
        found.append(own)
        owner_of.append(np.repeat(owners[index], len(kept)))
        numbers.append(first + kept)
        first += len(windows) + 1
    if not sum(map(len, parts)):
        longest = max(len(recording) for recording in checked)
        raise WindowTooShortError(
            f"No window of {signal.window} samples after decimation by {signal.decimation} can be cut from these "
            f"{len(checked)} recordings, the longest of which has {longest} samples"
            + (": or every window holds more than one label (rule='strict')" if rule == "strict" else "")
            + "; shorten the window or lower the decimation."
        )
    return np.concatenate(parts), np.concatenate(found), np.concatenate(owner_of), np.concatenate(numbers)


def check_recordings(recordings: Sequence[Any], signal: Signal) -> list[np.ndarray]:
    """Returns recordings as finite float32 arrays (time, channels), all with the same number of channels.

    Args:
        recordings: sequence of arrays (time, channels), or (time,) for one channel.
        signal: `Signal` by which windows are to be cut.

    Returns:
        list of float32 arrays (time, channels).

    Raises:
        DataError: the recordings cannot be used.
        SettingError: they lack a channel of the signal, or its windows are too short for a network.
    """
    if signal.window < MINIMUM_LENGTH:
        raise SettingError(f"window={signal.window} is too short; at least {MINIMUM_LENGTH} samples are needed.")
    if not len(recordings):
        raise LengthMismatchError("recordings is empty; give at least one array of shape (time, channels).")
    checked = []
    for index, recording in enumerate(recordings):
        array = real_numbers(recording, f"recording {index}")
        if array.ndim not in (1, 2):
            raise WindowShapeError(
                f"Recording {index} has shape {array.shape}, but must be (time, channels), or (time,) for one channel."
            )
        # As far as its values are concerned, a recording is one window of its own length.
        checked.append(check_windows(array[np.newaxis], 1, f"recording {index}")[0])
    channels = {recording.shape[1] for recording in checked}
    if len(channels) > 1:
        raise WindowShapeError(
            f"Recordings have {sorted(channels)} channels; all must have the same ones, in the same order."
        )
    if signal.channels is not None and max(signal.channels) >= min(channels):
        raise SettingError(
            f"channels={signal.channels} names a channel that is missing from the recordings, which have "
            f"{min(channels)}; channels count from 0."
        )
    return checked


def _starts(samples: int, signal: Signal) -> np.ndarray:
    return np.arange(0, samples - signal.window + 1, signal.stride)


def _slice_windows(recording: np.ndarray, signal: Signal) -> np.ndarray:
    starts = _starts(len(recording), signal)
    return (
        recording[starts[:, None] + np.arange(signal.window)]
        if len(starts)
        else np.zeros((0, signal.window, recording.shape[1]), np.float32)
    )


def _label_windows(
    given: Any, samples: int, windows: int, signal: Signal, rule: str, index: int
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the indices of the windows of a recording that get a label, and their labels."""
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
