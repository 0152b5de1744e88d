"""Splits off validation windows, by group where groups are known."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.model_selection import GroupShuffleSplit

from tsnas.data.labels import check_labels
from tsnas.data.windows import check_lengths
from tsnas.errors import SettingError, TooFewWindowsError

SPLITS_TRIED = 200


def split_validation(
    y: Any, groups: Any = None, fraction: float = 0.2, seed: int | None = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Indices of a training and a validation part; every class stays in the training part.

    With groups, whole groups go to one side: of many random splits, the one that keeps every class in training,
    misses the fewest classes in validation, and comes closest to `fraction` of each class. Without groups, with a
    single group, or if no such split keeps every class in training (a warning says so), each class is split by
    itself: `fraction` of its windows go to validation, at least one, and none of a class with a single window.

    Args:
        y: labels of shape (windows,), as `check_labels` takes them.
        groups: labels of shape (windows,) that say which windows belong together, such as the subject or the
            recording. Defaults to None.
        fraction: float between 0 and 1, share of the windows for validation. Defaults to 0.2.
        seed: int, seed of the random choice. Defaults to 0.

    Returns:
        `(train, validation)`: sorted int64 arrays of indices, neither empty.

    Raises:
        SettingError: `fraction` is not between 0 and 1.
        LengthMismatchError: `y` and `groups` differ in length.
        TooFewWindowsError: every class has a single window.
    """
    if not 0 < fraction < 1:
        raise SettingError(f"fraction must lie between 0 and 1, not {fraction}")
    labels, codes = np.unique(check_labels(y), return_inverse=True)
    counts = np.bincount(codes, minlength=len(labels))
    if not (counts > 1).any():
        raise TooFewWindowsError(f"{len(codes)} windows of {len(labels)} classes cannot be split; give more windows")
    if groups is not None:
        groups = check_labels(groups, "groups")
        check_lengths(y=codes, groups=groups)
        if len(np.unique(groups)) > 1:
            split = _split_by_group(codes, counts, groups, fraction, seed)
            if split is not None:
                return split
            warnings.warn(
                "no split by group leaves every class in the training part; windows of one group are now on both "
                "sides, so validation scores may be too high",
                stacklevel=2,
            )
    return _split_by_class(codes, counts, fraction, seed)


def _split_by_group(
    codes: np.ndarray, counts: np.ndarray, groups: np.ndarray, fraction: float, seed: int | None
) -> tuple[np.ndarray, np.ndarray] | None:
    distinct = len(np.unique(groups))
    held_out_groups = min(max(round(fraction * distinct), 1), distinct - 1)
    splitter = GroupShuffleSplit(SPLITS_TRIED, test_size=held_out_groups, random_state=seed)
    best, best_score = None, (np.inf, np.inf)
    for train, validation in splitter.split(codes, groups=groups):
        held_out = np.bincount(codes[validation], minlength=len(counts))
        score = (float(np.sum(held_out == 0)), float(np.abs(held_out / counts - fraction).sum()))
        if (held_out < counts).all() and score < best_score:
            best, best_score = (train, validation), score
    return best


def _split_by_class(
    codes: np.ndarray, counts: np.ndarray, fraction: float, seed: int | None
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    validation = []
    for code, count in enumerate(counts):
        held_out = min(max(round(fraction * count), 1), count - 1)
        validation.append(rng.permutation(np.flatnonzero(codes == code))[:held_out])
    held = np.sort(np.concatenate(validation))
    return np.setdiff1d(np.arange(len(codes)), held), held
