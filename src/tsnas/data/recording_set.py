"""Recordings of one rate with their labels, groups and names of channels."""

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
    """Recordings as `tsnas.data.from_csv` reads them, and as `AutoClassifier.fit_recordings` takes them.

    Args:
        arrays: list of float32 arrays (time, channels), in raw sensor units.
        labels: list with one label for each recording, or one array (time,) of the labels of its samples; None if there
            are none.
        groups: list with one value for each recording, such as its user; the file where nothing else was said.
        channels: tuple of str, the names of the channels.
        rate_hz: float, samples in a second.
        sources: tuple of str, the file of each recording; those that were divided at a gap have the same.
        notes: tuple of str, all that was changed on the way, a sentence each.
        jitter: tuple of float, for each recording the standard deviation of the steps of its time stamps, as a share of
            a step, before resampling; 0 without stamps.
        groups_given: bool, False where the groups are the files, because nothing was said.

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

    def __len__(self) -> int:
        return len(self.arrays)

    def __repr__(self) -> str:
        classes = "no labels" if self.labels is None else plural(len(self.classes), "class")
        return (
            f"RecordingSet({plural(len(self), 'recording')}, {plural(len(self.channels), 'channel')}, "
            f"{self.rate_hz:g} Hz, {classes}, {plural(len(set(self.groups)), 'group')})"
        )

    @property
    def classes(self) -> list[Any]:
        """The sorted distinct labels; empty without labels."""
        return np.unique(np.concatenate([np.atleast_1d(label) for label in self.labels or [[]]])).tolist()

    def windows(self, signal: Signal, rule: str = "majority") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Cuts the recordings into windows.

        Args:
            signal: `Signal`; its `rate_hz`, if it has one, must be that of the recordings.
            rule: str, `"majority"` or `"strict"`, as in `tsnas.data.cut_windows`. Defaults to `"majority"`.

        Returns:
            (x, y, groups): float32 array (windows, time, channels), and one label and one group for each window.

        Raises:
            LabelValueError: there are no labels.
            SettingError: a signal for another rate, or a rule that does not exist.
            DataError: no window comes out of them.
        """
        if self.labels is None:
            raise LabelValueError(
                "The recordings have no labels; read them again with label, label_from or pattern, or give the arrays "
                "to predict_recordings."
            )
        if signal.rate_hz is not None and abs(signal.rate_hz / self.rate_hz - 1) > 0.01:
            raise SettingError(
                f"The signal has rate_hz={signal.rate_hz:g}, but the recordings have {self.rate_hz:g} Hz; it is the "
                "rate before decimation. Read the recordings at that rate, or change the signal."
            )
        return cut_windows(self.arrays, self.labels, signal, self.groups, rule)

    def split(self, test_groups: Any) -> tuple[RecordingSet, RecordingSet]:
        """Divides the recordings into those to train with and those of some groups to test with.

        Args:
            test_groups: list of groups, or their text.

        Returns:
            (train, test): two `RecordingSet`.

        Raises:
            SettingError: a group that is not there, or no recording left on one side.

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
        return self._of(np.flatnonzero(~held)), self._of(np.flatnonzero(held))

    def _of(self, rows: np.ndarray) -> RecordingSet:
        return dataclasses.replace(
            self,
            arrays=[self.arrays[row] for row in rows],
            labels=None if self.labels is None else [self.labels[row] for row in rows],
            groups=[self.groups[row] for row in rows],
            sources=tuple(self.sources[row] for row in rows),
            jitter=tuple(self.jitter[row] for row in rows) if self.jitter else (),
        )
