"""Inputs of a job, checked once for all estimators."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from tsnas.data import (
    Channels,
    Signal,
    Windows,
    check_labels,
    check_lengths,
    encode_labels,
    find_axes,
    raw_windows,
    warn_of_channels,
    windows_and_labels,
)
from tsnas.errors import WindowShapeError
from tsnas.job.checkpoints import Checkpoints
from tsnas.job.settings import Settings, check_settings
from tsnas.training.scope import check_distribute


@dataclasses.dataclass(frozen=True)
class Job:
    """Checked inputs of one job.

    Args:
        x: `Windows` (windows, time, channels), in raw sensor units.
        y: int32 array (windows,), class codes.
        classes: array of the class labels.
        groups: array (windows,), or None.
        validation_data: (x, y) of the same types, or None to split validation windows off.
        settings: `Settings`.
        recordings: dict of `"count"`, `"rule"` and `"groups"` (whether they were given) of the recordings that the
            windows were cut from. Defaults to None: there were no recordings.
        channels: `Channels` of the raw samples. Defaults to None: names are not known.
    """

    x: Windows
    y: np.ndarray
    classes: np.ndarray
    groups: np.ndarray | None
    validation_data: tuple[Windows, np.ndarray] | None
    settings: Settings
    recordings: dict[str, Any] | None = None
    channels: Channels | None = None

    def checkpoints(self, directory: str | os.PathLike[str] | None, further: Any = None) -> Checkpoints:
        """Returns the checkpoints of this job in `directory`; `further`, JSON values, is added to its fingerprint."""
        identity = self.settings.identity(self.classes) | ({} if further is None else {"further": further})
        return Checkpoints(directory, [self.x, self.y, self.groups, *(self.validation_data or ()), identity])


def checked(
    estimator: BaseEstimator,
    x: Any,
    y: Any,
    groups: Any = None,
    validation_data: Any = None,
    distribute: Any = None,
    signal: Signal | None = None,
    recordings: dict[str, Any] | None = None,
    channels: Any = None,
    raw_channels: int | None = None,
) -> Job:
    """Checks the settings of an estimator and the data to fit it on.

    Args:
        estimator: `AutoClassifier`, or an estimator with the same parameters.
        x, y, groups, validation_data, distribute: as in `AutoClassifier.fit`.
        signal: `Signal` that the windows were cut by; its deadline limits the latency. Defaults to None.
        recordings: as in `Job`. Defaults to None.
        channels: as in `AutoClassifier.fit`. Defaults to None.
        raw_channels: int, the channels of a raw sample. Defaults to None: those of the windows.

    Returns:
        A `Job`.

    Raises:
        DataError: windows, labels or groups that cannot be used; the subclass says which.
        SettingError, LimitError, BoardError: see `check_settings`.
    """
    settings = check_settings(estimator, signal)
    x, y = windows_and_labels(x, y)
    x = raw_windows(x)
    axes = find_axes(estimator.axes, x)
    settings = dataclasses.replace(settings, axes=axes, distribute=check_distribute(distribute))
    check_lengths(x=x, y=y, groups=groups)
    codes, classes = encode_labels(y)
    groups = None if groups is None else check_labels(groups, "groups")
    warn_of_channels(x, codes, groups)
    if validation_data is not None:
        validation_data = _checked_validation(validation_data, classes, x.shape[1:])
    named = Channels.of(channels, x.shape[2] if raw_channels is None else raw_channels)
    return Job(x, codes, classes, groups, validation_data, settings, recordings, named)


def _checked_validation(
    validation_data: Any, classes: np.ndarray, window_shape: tuple[int, ...]
) -> tuple[Windows, np.ndarray]:
    if not isinstance(validation_data, tuple | list) or len(validation_data) != 2:
        validation_data = (validation_data, None)
    x, y = validation_data
    x, y = windows_and_labels(x, y, "validation_data")
    x = raw_windows(x)
    if x.shape[1:] != window_shape:
        raise WindowShapeError(
            f"Validation windows have shape {x.shape[1:]}, training windows {window_shape}; both must have the same."
        )
    check_lengths(**{"x of validation_data": x, "y of validation_data": y})
    return x, encode_labels(y, classes)[0]
