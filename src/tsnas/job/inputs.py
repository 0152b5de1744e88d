"""Inputs of a job, checked once for all estimators."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from tsnas.data import (
    Data,
    Signal,
    Windows,
    check_labels,
    check_lengths,
    check_sample_weight,
    encode_labels,
    find_axes,
    raw_windows,
    warn_of_channels,
    warn_of_few_windows,
    weights_of_classes,
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
        validation_data: (x, y) or (x, y, weights) of the same types, or None to split validation windows off.
        settings: `Settings`.
        recordings: dict of `"count"`, `"rule"` and `"groups"` (whether they were given) of the recordings that the
            windows were cut from. Defaults to None: there were no recordings.
        sample_weight: float64 array (windows,), weights above 0. Defaults to None: all windows weigh the same.
    """

    x: Windows
    y: np.ndarray
    classes: np.ndarray
    groups: np.ndarray | None
    validation_data: Data | None
    settings: Settings
    recordings: dict[str, Any] | None = None
    sample_weight: np.ndarray | None = None

    def checkpoints(self, directory: str | os.PathLike[str] | None, further: Any = None) -> Checkpoints:
        """Returns the checkpoints of this job in `directory`; `further`, JSON values, is added to its fingerprint."""
        identity = self.settings.identity(self.classes) | ({} if further is None else {"further": further})
        arrays = [self.x, self.y, self.groups, self.sample_weight, *(self.validation_data or ())]
        return Checkpoints(directory, [*arrays, identity])


def checked(
    estimator: BaseEstimator,
    x: Any,
    y: Any,
    groups: Any = None,
    validation_data: Any = None,
    distribute: Any = None,
    signal: Signal | None = None,
    recordings: dict[str, Any] | None = None,
    sample_weight: Any = None,
) -> Job:
    """Checks the settings of an estimator and the data to fit it on.

    Args:
        estimator: `AutoClassifier`, or an estimator with the same parameters.
        x, y, groups, validation_data, distribute, sample_weight: as in `AutoClassifier.fit`.
        signal: `Signal` that the windows were cut by; its deadline limits the latency. Defaults to None.
        recordings: as in `Job`. Defaults to None.

    Returns:
        A `Job`.

    Raises:
        DataError: windows, labels, groups or weights that cannot be used; the subclass says which.
        ClassWeightError: weights of classes that do not exist.
        SettingError, LimitError, BoardError: see `check_settings`.
    """
    settings = check_settings(estimator, signal)
    x, y, sample_weight = windows_and_labels(x, y, sample_weight=sample_weight)
    x = raw_windows(x)
    axes = find_axes(estimator.axes, x)
    settings = dataclasses.replace(settings, axes=axes, distribute=check_distribute(distribute))
    check_lengths(x=x, y=y, groups=groups)
    y = check_labels(y)
    groups = None if groups is None else check_labels(groups, "groups")
    sample_weight = check_sample_weight(sample_weight, len(x))
    if sample_weight is not None and not sample_weight.all():
        # As if they had not been given, which no step of a training could be sure of.
        kept = np.flatnonzero(sample_weight)
        x, y, sample_weight = x.select(kept), y[kept], sample_weight[kept]
        groups = None if groups is None else groups[kept]
    codes, classes = encode_labels(y)
    class_weight = weights_of_classes(settings.class_weight, classes, codes, sample_weight)
    settings = dataclasses.replace(settings, class_weight=class_weight)
    warn_of_channels(x, codes, groups)
    warn_of_few_windows(codes, classes)
    if validation_data is not None:
        validation_data = _checked_validation(validation_data, classes, x.shape[1:])
    return Job(x, codes, classes, groups, validation_data, settings, recordings, sample_weight)


def _checked_validation(validation_data: Any, classes: np.ndarray, window_shape: tuple[int, ...]) -> Data:
    if not isinstance(validation_data, tuple | list) or len(validation_data) not in (2, 3):
        validation_data = (validation_data, None)
    x, y, *weights = validation_data
    x, y, sample_weight = windows_and_labels(x, y, "validation_data", weights[0] if weights else None)
    x = raw_windows(x)
    if x.shape[1:] != window_shape:
        raise WindowShapeError(
            f"Validation windows have shape {x.shape[1:]}, training windows {window_shape}; both must have the same."
        )
    check_lengths(**{"x of validation_data": x, "y of validation_data": y})
    codes, _ = encode_labels(y, classes)
    sample_weight = check_sample_weight(sample_weight, len(x), "sample_weight of validation_data")
    return (x, codes) if sample_weight is None else (x, codes, sample_weight)
