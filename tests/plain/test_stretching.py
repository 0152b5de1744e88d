"""Test of stretching: where length is the class it costs much, where it is chance it does not."""

import numpy as np
import pytest
import tensorflow as tf

from tests.plain.odd_windows import check_ratio, of_sizes
from tsnas.data import Standardizer
from tsnas.plain.stretching import stretching_loss_ratio
from tsnas.training.augment import scale_and_noise, stretch_and_shift


def copies(augment):
    return lambda x, seed: augment(tf.constant(x[..., np.newaxis]), (seed, 0)).numpy()[..., 0]


def ratio(x, codes, groups=None, seed=0):
    x = Standardizer.fit(x)(x.astype(np.float32))
    return stretching_loss_ratio(x, codes, groups, copies(scale_and_noise), copies(stretch_and_shift), seed)


def bumps(codes, widths, rng, time=64):
    """Windows with one bump in the middle, of the width of their class."""
    spread = np.array(widths)[codes][:, np.newaxis]
    shape = np.exp(-(((np.arange(time) - time / 2) / spread) ** 2))
    return (shape + rng.normal(0, 0.1, (len(codes), time)))[..., np.newaxis]


def test_stretching_costs_most_where_the_length_is_the_class():
    rng, codes = np.random.default_rng(0), np.arange(60) % 2
    found, error = ratio(bumps(codes, [8.0, 9.2], rng), codes)
    assert found - 2 * error > 1.3
    lengths = rng.uniform(0.87, 1.15, 60)
    swayed = np.stack([bumps(codes[i : i + 1], [4 * lengths[i], 16 * lengths[i]], rng)[0] for i in range(60)])
    assert ratio(swayed, codes)[0] < 1.1


def test_the_seed_decides():
    rng, codes = np.random.default_rng(0), np.arange(40) % 2
    x = bumps(codes, [8.0, 9.2], rng)
    assert ratio(x, codes, seed=1) == ratio(x, codes, seed=1) != ratio(x, codes, seed=2)


@pytest.mark.filterwarnings("error")
@of_sizes()
def test_any_windows_are_taken(windows, time, channels, classes, grouped):
    found = check_ratio(ratio, windows, time, channels, classes, grouped)
    if windows == classes:
        assert found == (1.0, 0.0)
