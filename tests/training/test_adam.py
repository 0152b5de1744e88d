"""Adam by its formula; what it has updated weights in does not stay in memory."""

import numpy as np
import tensorflow as tf
from kept_graphs import count_graphs

from tsnas.training.adam import Adam


def updated(start, gradients, rates):
    """Adam in float64, step by step."""
    weight, first, second = np.float64(start), np.zeros(len(start)), np.zeros(len(start))
    for step, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), 1):
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        weight = weight - rate * first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-7)
    return weight


def test_weights_follow_the_formula_and_start_afresh_after_a_reset():
    rng = np.random.default_rng(0)
    starts = [np.array([1.0, -2.0, 0.5]), np.array([3.0])]
    weights = [tf.Variable(start, dtype=tf.float32) for start in starts]
    adam = Adam(weights, tf.distribute.get_strategy())
    rates = [0.1, 0.05, 0.02, 0.01]
    for _ in range(2):
        gradients = [[rng.normal(size=len(start)) for _ in rates] for start in starts]
        for weight, start in zip(weights, starts, strict=True):
            weight.assign(start)
        adam.reset()
        for step, rate in enumerate(rates):
            adam.update([tf.constant(own[step], tf.float32) for own in gradients], rate, step)
        for weight, start, own in zip(weights, starts, gradients, strict=True):
            np.testing.assert_allclose(weight.numpy(), updated(start, own, rates), rtol=1e-4)


def test_no_graph_stays_in_memory():
    def train() -> None:
        weight = tf.Variable([1.0, 2.0])
        adam = Adam([weight], tf.distribute.get_strategy())

        @tf.function
        def steps(count):
            for step in tf.range(count):
                adam.update([2.0 * weight], 0.1, step)

        steps(tf.constant(3))

    train()
    before = count_graphs("steps")
    train()
    assert count_graphs("steps") == before
