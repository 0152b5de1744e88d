"""Losses of a ridge classifier out of fold: what is drawn, what is left out, and the error of a ratio."""

import numpy as np
import pytest

from tsnas.plain.out_of_fold import REPEATS, draw_some, folds_of, losses_out_of_fold, ratio_of_means, strength_of


def test_the_error_of_a_ratio_is_that_of_leaving_each_unit_out():
    rng = np.random.default_rng(0)
    units = np.repeat(np.arange(40), 3)
    before = rng.gamma(4, size=40)[units] + 0.1 * rng.normal(size=120)
    after = 1.2 * before + rng.normal(size=40)[units]
    found, error = ratio_of_means(before, after, units)
    assert found == pytest.approx(after.sum() / before.sum())
    left = [after[units != unit].sum() / before[units != unit].sum() for unit in range(40)]
    jackknife = np.sqrt(39 / 40 * np.sum((np.array(left) - np.mean(left)) ** 2))
    assert error == pytest.approx(jackknife, rel=0.1)
    # Values that are told as if they were independent make it look too small.
    assert ratio_of_means(before, after, np.arange(120))[1] < 0.7 * error


def test_groups_are_left_out_as_a_whole():
    codes, groups = np.arange(40) % 2, np.arange(40) // 8
    folds = folds_of(codes, groups, seed=0)
    assert len(folds) == REPEATS * 5
    for train, left_out in folds:
        assert not set(groups[train]) & set(groups[left_out])


def test_of_many_or_long_windows_some_are_drawn():
    codes = np.arange(700) % 2
    x = np.repeat(np.arange(700.0)[:, np.newaxis, np.newaxis], 8, axis=1)
    for time, expected in ((8, 500), (1000, 300), (9000, 50)):
        long = np.broadcast_to(x[:, :1], (700, time, 1))
        own, own_codes, own_groups = draw_some(long, codes, np.arange(700), seed=0)
        assert own.shape == (expected, time, 1)
        assert (own[:, 0, 0] == own_groups).all()
        assert (own_codes == codes[own_groups]).all()
        assert own_codes.mean() == 0.5
    assert draw_some(x[:20], codes[:20], None, seed=0)[2] is None


def test_losses_are_those_of_windows_that_were_left_out():
    """A feature that names the window is worth nothing on another one; one that names the class is worth all."""
    codes = np.arange(24) % 2
    folds = folds_of(codes, None, seed=0)
    names, classes = np.eye(24), np.stack([codes, 1.0 - codes], axis=1)
    found = []
    for features in (names, classes):
        strengths = [strength_of(features[train], codes[train]) for train, _ in folds]
        found.append(losses_out_of_fold(features, np.empty((0, *features.shape)), codes, folds, strengths))
        assert len(found[-1]) == REPEATS * 24
    assert found[0].mean() > 0.6
    assert found[1].mean() < 0.1
