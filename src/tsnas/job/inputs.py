"""Inputs of a job, checked once for all estimators."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from tsnas.data import (
    Channels,
    Data,
    Signal,
    Windows,
    check_labels,
    check_lengths,
    check_sample_weight,
    encode_labels,
    find_axes,
    find_order,
    raw_windows,
    warn_of_channels,
    warn_of_few_windows,
    weights_of_classes,
    windows_and_labels,
)
from tsnas.data.labels import have_label
from tsnas.errors import LengthMismatchError, RejectionError, WindowShapeError
from tsnas.job.checkpoints import Checkpoints
from tsnas.job.settings import AUTO, Settings, check_settings
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
        other: `Windows` that are of no class, by which the limit of a rejection is placed. Defaults to None.
        channels: `Channels` of the raw samples. Defaults to None: names are not known.
        order: int array (windows,), numbers in the order of time, as `cut_in_order` returns them. Defaults to None: not
            known, or of no use.
    """

    x: Windows
    y: np.ndarray
    classes: np.ndarray
    groups: np.ndarray | None
    validation_data: Data | None
    settings: Settings
    recordings: dict[str, Any] | None = None
    sample_weight: np.ndarray | None = None
    other: Windows | None = None
    channels: Channels | None = None
    order: np.ndarray | None = None

    def checkpoints(self, directory: str | os.PathLike[str] | None, further: Any = None) -> Checkpoints:
        """Returns the checkpoints of this job in `directory`; `further`, JSON values, is added to its fingerprint."""
        identity = self.settings.identity(self.classes) | ({} if further is None else {"further": further})
        arrays = [self.x, self.y, self.groups, self.sample_weight, self.other, *(self.validation_data or ())]
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
    channels: Any = None,
    raw_channels: int | None = None,
    order: np.ndarray | None = None,
) -> Job:
    """Checks the settings of an estimator and the data to fit it on.

    Args:
        estimator: `AutoClassifier`, or an estimator with the same parameters.
        x, y, groups, validation_data, distribute, sample_weight: as in `AutoClassifier.fit`.
        signal: `Signal` that the windows were cut by; its deadline limits the latency. Defaults to None.
        recordings, order: as in `Job`. Default to None.
        channels: as in `AutoClassifier.fit`. Defaults to None.
        raw_channels: int, the channels of a raw sample. Defaults to None: those of the windows.

    Returns:
        A `Job`.

    Raises:
        DataError: windows, labels, groups or weights that cannot be used; the subclass says which.
        ClassWeightError: weights of classes that do not exist.
        RejectionError: settings of the rejection that do not fit the labels.
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
    if order is None and settings.smooth == AUTO:
        order = find_order(x, groups)
    if sample_weight is not None and not sample_weight.all():
        # As if they had not been given, which no step of a training could be sure of.
        kept = np.flatnonzero(sample_weight)
        x, y, sample_weight = x.select(kept), y[kept], sample_weight[kept]
        groups = None if groups is None else groups[kept]
        order = None if order is None else order[kept]
    other = None
    if settings.other_class is not None:
        is_other = labelled(y, settings.other_class)
        known = np.flatnonzero(~is_other)
        other, x, y = x.select(np.flatnonzero(is_other)), x.select(known), y[known]
        groups = None if groups is None else groups[known]
        order = None if order is None else order[known]
        sample_weight = None if sample_weight is None else sample_weight[known]
    codes, classes = encode_labels(y)
    check_reject_label(estimator.reject_label, classes)
    class_weight = weights_of_classes(settings.class_weight, classes, codes, sample_weight)
    settings = dataclasses.replace(settings, class_weight=class_weight)
    warn_of_channels(x, codes, groups)
    warn_of_few_windows(codes, classes)
    if validation_data is not None:
        validation_data = _checked_validation(validation_data, classes, x.shape[1:], settings.other_class)
    named = Channels.of(channels, x.shape[2] if raw_channels is None else raw_channels)
    return Job(x, codes, classes, groups, validation_data, settings, recordings, sample_weight, other, named, order)


def labelled(y: np.ndarray, other_class: Any, name: str = "y") -> np.ndarray:
    """Returns which labels are of windows of no class, a bool array; raises RejectionError if none are."""
    found = have_label(y, other_class)
    if not found.any():
        raise RejectionError(
            f"other_class={other_class!r} is no label of {name}, which has {np.unique(y)[:10].tolist()}."
        )
    return found


def check_reject_label(label: Any, classes: np.ndarray) -> None:
    """Raises RejectionError unless `label` is None, or of the type of the classes and none of them."""
    if label is None:
        return
    kind = np.asarray(label)
    if kind.ndim or kind.dtype.kind not in ("iu" if classes.dtype.kind in "iu" else classes.dtype.kind):
        raise RejectionError(
            f"reject_label={label!r} must be of the type of the labels, such as {classes.tolist()[0]!r}, or None."
        )
    if kind.item() in classes.tolist():
        raise RejectionError(f"reject_label={label!r} is a class itself; give another label, or None.")


def _checked_validation(
    validation_data: Any, classes: np.ndarray, window_shape: tuple[int, ...], other_class: Any
) -> Data:
    if not isinstance(validation_data, tuple | list):
        validation_data = (validation_data, None)
    if len(validation_data) not in (2, 3):
        raise LengthMismatchError(
            f"validation_data is a {type(validation_data).__name__} of {len(validation_data)}; give (x, y), (x, y, "
            "sample_weight), or a tf.data.Dataset of these."
        )
    x, y, *weights = validation_data
    x, y, sample_weight = windows_and_labels(x, y, "validation_data", weights[0] if weights else None)
    x_name, y_name = "x of validation_data", "y of validation_data"
    x = raw_windows(x, x_name)
    if x.shape[1:] != window_shape:
        raise WindowShapeError(
            f"Validation windows have shape {x.shape[1:]}, training windows {window_shape}; both must have the same."
        )
    check_lengths(**{x_name: x, y_name: y})
    sample_weight = check_sample_weight(sample_weight, len(x), "sample_weight of validation_data")
    if other_class is not None:
        y = check_labels(y, y_name)
        known = np.flatnonzero(~have_label(y, other_class))
        x, y = x.select(known), y[known]
        sample_weight = None if sample_weight is None else sample_weight[known]
    codes, _ = encode_labels(y, classes, y_name)
    return (x, codes) if sample_weight is None else (x, codes, sample_weight)
