"""The validation split: whole groups where possible, and every class left in training."""

import warnings

import hypothesis
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scale import scaled
from sklearn.model_selection import GroupShuffleSplit

from tsnas.data import split_validation, validation_splits
from tsnas.data.split import SPLITS_TRIED
from tsnas.errors import LengthMismatchError, SettingError, TooFewWindowsError


def check_partition(train, validation, n):
    assert sorted([*train, *validation]) == list(range(n))
    assert len(train)
    assert len(validation)


@given(st.lists(st.integers(0, 6), min_size=3, max_size=60), st.floats(0.01, 0.99), st.integers(0, 5))
def test_without_groups_every_class_is_trained_on(y, fraction, seed):
    y = np.array([*y, y[0]])
    train, validation = split_validation(y, fraction=fraction, seed=seed)
    check_partition(train, validation, len(y))
    assert set(y[train]) == set(y)
    for label in set(y):
        count = np.sum(y == label)
        expected = min(max(round(fraction * count), 1), count - 1)
        assert np.sum(y[validation] == label) == expected


@settings(max_examples=scaled(30), deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=5, max_size=60), st.floats(0.05, 0.95))
def test_with_groups_every_class_is_trained_on(pairs, fraction):
    y, groups = np.array([*pairs, pairs[0]]).T
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        train, validation = split_validation(y, groups, fraction=fraction)
    check_partition(train, validation, len(y))
    assert set(y[train]) == set(y)
    if not caught and len(set(groups)) > 1:
        assert not set(groups[train]) & set(groups[validation])


def test_groups_stay_whole_and_the_size_is_near_the_fraction():
    groups = np.repeat([f"subject {i}" for i in range(10)], 30)
    y = np.tile(np.arange(3), 100)
    train, validation = split_validation(y, groups)
    assert not set(groups[train]) & set(groups[validation])
    assert len(validation) == 60
    assert set(y[validation]) == {0, 1, 2}


def test_the_split_by_group_is_the_most_even_of_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    for seed in range(20):
        groups = rng.integers(0, 9, 80)
        y = (groups + rng.integers(0, 3, 80)) % 4
        counts = np.bincount(y)
        held = round(0.25 * len(np.unique(groups)))
        best, least = None, (np.inf, np.inf)
        for train, val in GroupShuffleSplit(SPLITS_TRIED, test_size=held, random_state=seed).split(y, groups=groups):
            inside = np.bincount(y[val], minlength=len(counts))
            score = np.sum(inside == 0), np.abs(inside / counts - 0.25).sum()
            if (inside < counts).all() and score < least:
                best, least = (train, val), score
        for part, other in zip(split_validation(y, groups, 0.25, seed), best, strict=True):
            np.testing.assert_array_equal(part, other)


def test_groups_of_one_class_each_are_split_by_window_with_a_warning():
    y = np.repeat(["a", "b", "c"], 10)
    with pytest.warns(UserWarning, match="both sides"):
        train, validation = split_validation(y, groups=y)
    assert set(y[train]) == set(y[validation]) == {"a", "b", "c"}


def test_a_class_that_one_group_alone_has_keeps_that_group_in_training():
    groups = np.repeat(np.arange(5), 8)
    y = np.tile([0, 1], 20)
    y[groups == 3] = 2
    for seed in range(5):
        train, _ = split_validation(y, groups, seed=seed)
        assert 3 in groups[train]


def test_a_single_group_is_as_no_group():
    y = np.tile([0, 1], 20)
    for part, other in zip(split_validation(y, np.zeros(40, int)), split_validation(y), strict=True):
        np.testing.assert_array_equal(part, other)


def test_forty_windows_of_seven_classes_work():
    y = np.arange(40) % 7
    train, validation = split_validation(y, groups=np.arange(40) // 8)
    check_partition(train, validation, 40)
    train, validation = split_validation(y)
    assert set(y[validation]) == set(range(7))


def test_the_seed_decides():
    y = np.tile([0, 1], 50)
    first, same, other = (split_validation(y, seed=seed)[1].tolist() for seed in (0, 0, 1))
    assert first == same
    assert first != other


def test_bad_arguments_are_refused():
    with pytest.raises(SettingError, match="between 0 and 1, not 1"):
        split_validation([0, 0, 1, 1], fraction=1)
    with pytest.raises(LengthMismatchError, match="y has 4, groups has 3"):
        split_validation([0, 0, 1, 1], groups=[1, 2, 3])
    with pytest.raises(TooFewWindowsError, match="3 windows of 3 classes"):
        split_validation([0, 1, 2])


def test_each_split_holds_out_other_groups_until_there_are_no_others():
    groups = np.repeat(np.arange(7), 12)
    y = np.tile(np.arange(3), 28)
    splits = validation_splits(y, groups, fraction=0.25, count=4, seed=0)
    held_out = [set(groups[validation].tolist()) for _, validation in splits]
    assert [len(one) for one in held_out] == [2, 2, 2, 2]
    assert len(held_out[0] | held_out[1] | held_out[2]) == 6
    for train, validation in splits:
        check_partition(train, validation, len(y))
        assert not set(groups[train]) & set(groups[validation])


def test_the_only_groups_left_are_held_out():
    groups = np.repeat(np.arange(4), 6)
    first, second = validation_splits(np.tile([0, 1], 12), groups, fraction=0.5)
    assert set(groups[first[1]]) | set(groups[second[1]]) == {0, 1, 2, 3}


def test_a_group_that_must_be_trained_on_is_never_held_out():
    groups = np.repeat(np.arange(3), 8)
    y = np.tile([0, 1], 12)
    y[groups == 1] = 2
    for train, _ in validation_splits(y, groups, fraction=0.3, count=5):
        assert 1 in groups[train]


def test_the_first_of_several_splits_is_the_single_one():
    y, groups = np.tile(np.arange(4), 30), np.repeat(np.arange(12), 10)
    for by in (groups, None):
        for one, other in zip(validation_splits(y, by, seed=3)[0], split_validation(y, by, seed=3), strict=True):
            np.testing.assert_array_equal(one, other)


@given(counts=st.lists(st.integers(1, 30), min_size=2, max_size=4), count=st.integers(2, 5), seed=st.integers(0, 9))
@settings(max_examples=scaled(50), deadline=None)
def test_windows_without_groups_take_turns(counts, count, seed):
    """Each window of a class is held out once before any is held out again, and one always stays in training."""
    hypothesis.assume(max(counts) > 1)
    y = np.repeat(np.arange(len(counts)), counts)
    splits = validation_splits(y, fraction=0.2, count=count, seed=seed)
    assert len(splits) == count
    times = np.zeros(len(y), int)
    for train, held in splits:
        assert sorted([*train, *held]) == list(range(len(y)))
        assert set(y[train]) == set(y)
        times[held] += 1
    for code, size in enumerate(counts):
        assert np.ptp(times[y == code]) <= 1
        assert times[y == code].sum() == count * min(max(round(0.2 * size), 1), size - 1)


def test_windows_without_groups_are_split_differently_each_time():
    first, second = validation_splits(np.tile([0, 1], 40))
    assert first[1].tolist() != second[1].tolist()
