"""Recordings at one sampling rate, with their labels, groups and channel names."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from tsnas.data.recordings import cut_windows
from tsnas.data.signal import Signal
from tsnas.errors import LabelValueError, SettingError
from tsnas.system.words import plural


@dataclasses.dataclass(frozen=True, repr=False)
class RecordingSet:
    """Recordings as `tsnas.data.from_csv` returns them and `AutoClassifier.fit_recordings` accepts them.

    Args:
        arrays: list of float32 arrays (time, channels), in raw sensor units.
        labels: list with one label for each recording, or one array (time,) of the labels of its samples; None if there
            are none.
        groups: list with one value for each recording, such as its user; by default, the file that it comes from.
        channels: tuple of str, names of the channels.
        rate_hz: float, samples per second.
        sources: tuple of str, the file of each recording; the parts of a recording that was divided at a gap share it.
        notes: tuple of str, one sentence for each kind of change that was made while reading.
        jitter: tuple of float, for each recording the standard deviation of the intervals between its time stamps, as a
            fraction of their median, before resampling; 0 without time stamps.
        groups_given: bool, False if no groups were given and the files serve as groups.
        units: tuple of str, the unit of each channel, "" where none is known. Defaults to (): none is known.
        rate_known: bool, False if files say no rate, so that it was set to 1 Hz. Defaults to True.

    Example:
        >>> data = tsnas.data.from_csv("recordings", time="t", time_unit="ms", label_from="folder")
        >>> data
        RecordingSet(12 recordings, 3 channels, 50 Hz, 3 classes, 12 groups)
        >>> x, y, groups = data.windows(tsnas.Signal(window=128, stride=64))
    """

    arrays: list[np.ndarray]
    labels: list[Any] | None
    groups: list[Any]
    channels: tuple[str, ...]
    rate_hz: float
    sources: tuple[str, ...]
    notes: tuple[str, ...] = ()
    jitter: tuple[float, ...] = ()
    groups_given: bool = True
    units: tuple[str, ...] = ()
    rate_known: bool = True

    def __len__(self) -> int:
        return len(self.arrays)

    def __repr__(self) -> str:
        classes = "no labels" if self.labels is None else plural(len(self.classes), "class")
        return (
            f"RecordingSet({plural(len(self), 'recording')}, {plural(len(self.channels), 'channel')}, "
            f"{self.rate_hz:g} Hz, {classes}, {plural(len(set(self.groups)), 'group')})"
        )

    @property
    def known_rate_hz(self) -> float | None:
        """Samples per second as files or the caller say them; None if it was set to 1 Hz for want of a rate."""
        return self.rate_hz if self.rate_known else None

    @property
    def classes(self) -> list[Any]:
        """The sorted distinct labels; empty without labels."""
        return np.unique(np.concatenate([np.atleast_1d(label) for label in self.labels or [[]]])).tolist()

    def windows(self, signal: Signal, rule: str = "majority") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Cuts the recordings into windows.

        Args:
            signal: `Signal`; its `rate_hz`, if set, must equal that of the recordings.
            rule: str, `"majority"` or `"strict"`, as in `tsnas.data.cut_windows`. Defaults to `"majority"`.

        Returns:
            (x, y, groups): float32 array (windows, time, channels), and one label and one group for each window.

        Raises:
            LabelValueError: there are no labels.
            SettingError: the signal is for another rate, or the rule does not exist.
            DataError: the recordings yield no window.
        """
        if self.labels is None:
            raise LabelValueError(
                "The recordings have no labels; read them again with label, label_from or pattern, or pass the arrays "
                "to predict_recordings."
            )
        if signal.rate_hz is not None and abs(signal.rate_hz / self.rate_hz - 1) > 0.01:
            raise SettingError(
                f"The signal has rate_hz={signal.rate_hz:g}, but the recordings have {self.rate_hz:g} Hz; rate_hz is "
                "the rate before decimation. Read the recordings at that rate, or change the signal."
            )
        return cut_windows(self.arrays, self.labels, signal, self.groups, rule)

    def split(self, test_groups: Any) -> tuple[RecordingSet, RecordingSet]:
        """Splits the recordings into a training set and a test set of the given groups.

        Args:
            test_groups: list of groups, as values or as text.

        Returns:
            (train, test): two instances of `RecordingSet`.

        Raises:
            SettingError: a group does not exist, or one of the sets would be empty.

        Example:
            >>> train, test = data.split(test_groups=["user8", "user9"])
        """
        wanted = [str(group) for group in test_groups]
        known = sorted({str(group) for group in self.groups})
        missing = [group for group in wanted if group not in known]
        if missing:
            raise SettingError(
                f"test_groups names {', '.join(map(repr, missing))}, but the groups are {', '.join(map(repr, known))}."
            )
        held = np.array([str(group) in wanted for group in self.groups])
        if held.all() or not held.any():
            raise SettingError(f"test_groups={wanted} leaves no recording to {'train' if held.all() else 'test'} with.")
        return self._select(np.flatnonzero(~held)), self._select(np.flatnonzero(held))

    def _select(self, rows: np.ndarray) -> RecordingSet:
        return dataclasses.replace(
            self,
            arrays=[self.arrays[row] for row in rows],
            labels=None if self.labels is None else [self.labels[row] for row in rows],
            groups=[self.groups[row] for row in rows],
            sources=tuple(self.sources[row] for row in rows),
            jitter=tuple(self.jitter[row] for row in rows) if self.jitter else (),
        )
