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
    return validation_splits(y, groups, fraction, 1, seed)[0]


def validation_splits(
    y: Any, groups: Any = None, fraction: float = 0.2, count: int = 2, seed: int | None = 0
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Several splits, each as `split_validation` makes them, but with other groups held out each time.

    Among few groups one split is nearly always the most even, and would else be found every time. Where too few
    groups are left that were never held out, or none of them can be, those that were may be again.

    Args:
        y, groups, fraction, seed: as in `split_validation`, which has the first of the splits.
        count: int, how many. Defaults to 2, what a job takes: one for each round of its contest.

    Returns:
        list of `(train, validation)`.

    Raises:
        The same as `split_validation`.
    """
    if not 0 < fraction < 1:
        raise SettingError(f"fraction must lie between 0 and 1, not {fraction}")
    labels, codes = np.unique(check_labels(y), return_inverse=True)
    counts = np.bincount(codes, minlength=len(labels))
    if not (counts > 1).any():
        raise TooFewWindowsError(f"{len(codes)} windows of {len(labels)} classes cannot be split; give more windows")
    seeds = [None if seed is None else seed + index for index in range(count)]
    if groups is not None:
        groups = check_labels(groups, "groups")
        check_lengths(y=codes, groups=groups)
        if len(np.unique(groups)) > 1:
            splits = _splits_by_group(codes, counts, groups, fraction, seeds)
            if splits:
                return splits
            warnings.warn(
                "no split by group leaves every class in the training part; windows of one group are now on both "
                "sides, so validation scores may be too high",
                stacklevel=3,
            )
    return [_split_by_class(codes, counts, fraction, one) for one in seeds]


def _splits_by_group(
    codes: np.ndarray, counts: np.ndarray, groups: np.ndarray, fraction: float, seeds: list[int | None]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """A split for each seed; none if there is not even one."""
    splits: list[tuple[np.ndarray, np.ndarray]] = []
    held_out = np.zeros(len(codes), bool)
    for seed in seeds:
        split = _split_by_group(codes, counts, groups, fraction, seed, ~held_out)
        if split is None and held_out.any():
            held_out[:] = False
            split = _split_by_group(codes, counts, groups, fraction, seed, ~held_out)
        if split is None:
            return []
        held_out[split[1]] = True
        splits.append(split)
    return splits


def _split_by_group(
    codes: np.ndarray, counts: np.ndarray, groups: np.ndarray, fraction: float, seed: int | None, allowed: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """The most even split of several that hold out some of the windows that are `allowed`; None if there is none."""
    distinct = len(np.unique(groups))
    held_out_groups = min(max(round(fraction * distinct), 1), distinct - 1)
    some = np.flatnonzero(allowed)
    left = len(np.unique(groups[some]))
    if left < held_out_groups:
        return None
    if left == held_out_groups:
        candidates = [some]
    else:
        splitter = GroupShuffleSplit(SPLITS_TRIED, test_size=held_out_groups, random_state=seed)
        candidates = [some[rows] for _, rows in splitter.split(some, groups=groups[some])]
    best, best_score = None, (np.inf, np.inf)
    for validation in candidates:
        train = np.setdiff1d(np.arange(len(codes)), validation)
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
