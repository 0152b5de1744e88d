"""Preparation of the windows of a job for its networks: splits, standardisation and augmentation."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from tsnas.data import Axes, Standardizer, validation_splits
from tsnas.job.inputs import Job
from tsnas.search.contest import Data, Split
from tsnas.training.augment import Augment, augmentation

Rows = Sequence[tuple[np.ndarray, np.ndarray]]


class Splits(Sequence[Split]):
    """Sequence of training and validation windows; a split is copied only when it is accessed.

    Args:
        everything: all windows and their labels.
        rows: list of (training, validation), the indices of each split.
    """

    def __init__(self, everything: Data, rows: Rows):
        self._everything, self._rows = everything, rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        (x, y), (train, val) = self._everything, self._rows[index]
        return (x[train], y[train]), (x[val], y[val])


@dataclasses.dataclass(frozen=True)
class Prepared:
    """Windows in the form that networks take, (windows, time, channels, 1), with their labels.

    Args:
        standardizer: `Standardizer` of the first split's training windows.
        splits: sequence of (training, validation), as `contest` takes them.
        rows: list of (training, validation), the indices of each split into the windows of the job; None where the
            caller gave validation data.
        everything: all windows.
        augment: augmentation, as in `train_float`.
    """

    standardizer: Standardizer
    splits: Sequence[Split]
    rows: Rows | None
    everything: Data
    augment: Augment


def prepare(job: Job, seed: int) -> Prepared:
    """Splits off validation windows, standardises all windows, and sets up the augmentation."""
    settings = job.settings
    rows: Rows | None = None
    if job.validation_data is None:
        rows = validation_splits(job.y, job.groups, settings.validation_fraction, seed=seed)
        standardizer = Standardizer.fit(job.x[rows[0][0]])
        everything = _standardized(standardizer, job.x, job.y)
        splits: Sequence[Split] = Splits(everything, rows)
    else:
        standardizer = Standardizer.fit(job.x)
        everything = _standardized(standardizer, job.x, job.y)
        splits = [(everything, _standardized(standardizer, *job.validation_data))]
    if settings.axes:
        settings.say(
            f"axes: channels {_listed(settings.axes)} are taken as x, y, z of a sensor, and rotated in training"
        )
    return Prepared(standardizer, splits, rows, everything, augmentation(standardizer, settings.axes))


def _standardized(standardizer: Standardizer, x: np.ndarray, y: np.ndarray) -> Data:
    """Returns standardised windows (windows, time, channels, 1) and their labels."""
    return standardizer(x)[..., np.newaxis], y


def _listed(axes: Axes) -> str:
    return ", ".join("-".join(map(str, triple)) for triple in axes)
