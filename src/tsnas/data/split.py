"""Splits off validation windows, by group where groups are known."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.model_selection import ShuffleSplit

from tsnas.data.labels import check_labels
from tsnas.data.windows import check_lengths
from tsnas.errors import SettingError, TooFewWindowsError

SPLITS_TRIED = 200


def split_validation(
    y: Any, groups: Any = None, fraction: float = 0.2, seed: int | None = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Splits windows into a training and a validation part; every class stays in the training part.

    With groups, each group goes to one side as a whole: of many random splits, the one is taken that keeps every class
    in training, misses the fewest classes in validation, and comes closest to `fraction` of each class. Without
    groups, with a single group, or if no such split keeps every class in training (a warning says so), each class is
    split separately: `fraction` of its windows go to validation, at least one, and none of a class with a single
    window.

    Args:
        y: labels of shape (windows,), in any form that `check_labels` accepts.
        groups: labels of shape (windows,) that say which windows belong together, such as the subject or the
            recording. Defaults to None.
        fraction: float between 0 and 1, proportion of the windows that go to validation. Defaults to 0.2.
        seed: int, seed of the random choice. Defaults to 0.

    Returns:
        `(train, validation)`: sorted int64 arrays of indices, neither of them empty.

    Raises:
        SettingError: `fraction` is not between 0 and 1.
        LengthMismatchError: `y` and `groups` differ in length.
        TooFewWindowsError: every class has a single window.
    """
    return validation_splits(y, groups, fraction, 1, seed)[0]


def validation_splits(
    y: Any, groups: Any = None, fraction: float = 0.2, count: int = 2, seed: int | None = 0
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Makes several splits as `split_validation` does, but holds out different groups or windows each time.

    With few groups, one split is nearly always the most even and would otherwise be found every time. Once too few
    groups remain that were never held out, or none of them can be, groups may be held out again. So may windows of a
    class once all of them were.

    Args:
        y, groups, fraction, seed: as in `split_validation`, which returns the first of these splits.
        count: int, number of splits. Defaults to 2.

    Returns:
        list of `(train, validation)`.

    Raises:
        SettingError, LengthMismatchError, TooFewWindowsError: see `split_validation`.
    """
    if not 0 < fraction < 1:
        raise SettingError(f"fraction must lie between 0 and 1, not {fraction}")
    check_lengths(y=y, groups=groups)
    labels, codes = np.unique(check_labels(y), return_inverse=True)
    counts = np.bincount(codes, minlength=len(labels))
    if not (counts > 1).any():
        raise TooFewWindowsError(f"{len(codes)} windows of {len(labels)} classes cannot be split; give more windows")
    seeds = [None if seed is None else seed + index for index in range(count)]
    if groups is not None:
        groups = check_labels(groups, "groups")
        if len(np.unique(groups)) > 1:
            splits = _splits_by_group(codes, counts, groups, fraction, seeds)
            if splits:
                return splits
            warnings.warn(
                "no split by group keeps every class in the training part, so windows of one group are on both sides "
                "and validation scores may be too high",
                stacklevel=3,
            )
    return _splits_by_class(codes, counts, fraction, count, seed)


def _splits_by_group(
    codes: np.ndarray, counts: np.ndarray, groups: np.ndarray, fraction: float, seeds: list[int | None]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Returns a split for each seed; an empty list if no split by group is possible."""
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
    """Returns the most even of several splits that hold out only `allowed` windows; None if there is none."""
    distinct = len(np.unique(groups))
    held_out_groups = min(max(round(fraction * distinct), 1), distinct - 1)
    rows_allowed = np.flatnonzero(allowed)
    names, places = np.unique(groups[rows_allowed], return_inverse=True)
    if len(names) < held_out_groups:
        return None
    if len(names) == held_out_groups:
        candidates = [np.arange(len(names))]
    else:
        splitter = ShuffleSplit(SPLITS_TRIED, test_size=held_out_groups, random_state=seed)
        candidates = [held for _, held in splitter.split(names)]
    # By the windows of each class in each group, so that it makes no difference how many windows there are.
    windows = np.zeros((len(names), len(counts)), np.int64)
    np.add.at(windows, (places, codes[rows_allowed]), 1)
    best, best_score = None, (np.inf, np.inf)
    for held in candidates:
        held_out = windows[held].sum(axis=0)
        score = (float(np.sum(held_out == 0)), float(np.abs(held_out / counts - fraction).sum()))
        if (held_out < counts).all() and score < best_score:
            best, best_score = held, score
    if best is None:
        return None
    validation = rows_allowed[np.isin(places, best)]
    return np.setdiff1d(np.arange(len(codes)), validation), validation


def _splits_by_class(
    codes: np.ndarray, counts: np.ndarray, fraction: float, count: int, seed: int | None
) -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(np.flatnonzero(codes == code)) for code in range(len(counts))]
    splits = []
    for index in range(count):
        validation = []
        for order in orders:
            held_out = min(max(round(fraction * len(order)), 1), len(order) - 1)
            validation.append(np.roll(order, -index * held_out)[:held_out])
        held = np.sort(np.concatenate(validation))
        splits.append((np.setdiff1d(np.arange(len(codes)), held), held))
    return splits
