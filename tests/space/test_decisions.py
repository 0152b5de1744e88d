"""Decision groups against a slow NumPy version, and the limits of the temperature."""

import numpy as np
import pytest
import tensorflow as tf
from layer_check import run_layer_check

from tsnas.space.decisions import DecisionGroup


def test_layer():
    run_layer_check(DecisionGroup([3, 5, 7], seed=1), lambda layer: layer(temperature=0.7, sample="softmax"), (3,))


def test_softmax_matches_numpy():
    group = DecisionGroup(["a", "b", "c"], seed=0)
    alpha = np.array([0.3, -1.2, 2.0], np.float32)
    group.alpha.assign(alpha)
    expected = np.exp(alpha) / np.exp(alpha).sum()
    np.testing.assert_allclose(group(1.0, "softmax"), expected, rtol=1e-5)
    np.testing.assert_allclose(np.exp(group.log_probabilities()), expected, rtol=1e-6)
    entropy = -(expected * np.log(expected)).sum() / np.log(3)
    assert group.entropy() == pytest.approx(entropy, rel=1e-5)


def test_gumbel_takes_options_as_often_as_softmax_says():
    group = DecisionGroup(range(3), seed=0)
    group.alpha.assign(np.log([0.6, 0.3, 0.1]))
    draw = tf.function(lambda: tf.argmax(group(1.0, "gumbel")))
    counts = np.bincount([int(draw()) for _ in range(2000)], minlength=3) / 2000
    # Three standard deviations of a share near 0.5 over 2,000 draws.
    np.testing.assert_allclose(counts, [0.6, 0.3, 0.1], atol=0.034)


def test_low_temperature_makes_one_hot_and_high_temperature_even():
    group = DecisionGroup(range(4), seed=3)
    assert max(np.array(group(0.01, "gumbel"))) > 0.99
    np.testing.assert_allclose(group(1e4, "gumbel"), 0.25, atol=0.01)


def test_same_seed_same_noise():
    first, second, other = (DecisionGroup(range(4), seed=seed) for seed in (5, 5, 6))
    draws = [[group(1.0, "gumbel").numpy() for _ in range(3)] for group in (first, second, other)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])


def test_bad_arguments():
    with pytest.raises(ValueError, match="at least one option"):
        DecisionGroup([])
    with pytest.raises(ValueError, match="'hard' must be one of"):
        DecisionGroup([1, 2])(1.0, "hard")


def test_a_single_option_is_always_settled():
    group = DecisionGroup([3])
    assert group.entropy() == 0.0
    np.testing.assert_allclose(group(1.0, "gumbel"), [1.0])
