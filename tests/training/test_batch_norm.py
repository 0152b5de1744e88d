"""Batch normalisation in wide rows: the statistics, outputs and gradients of the definition, and a faithful copy."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from hypothesis import given, settings
from hypothesis import strategies as st
from scale import scaled

from tsnas.training.batch_norm import RowBatchNormalization, batch_norm

EPSILON = 1e-3


def drawn(shape, seed=0, mean=0.0):
    rng = np.random.default_rng(seed)
    x = rng.normal(mean, 1 + rng.random(shape[-1]), shape).astype(np.float32)
    scale, offset = rng.normal(1, 0.3, shape[-1]).astype(np.float32), rng.normal(size=shape[-1]).astype(np.float32)
    return x, scale, offset


shapes = st.tuples(*(st.integers(1, most) for most in (5, 7, 4, 6)))


@settings(deadline=None)
@given(shapes, st.integers(0, 1000))
def test_outputs_and_statistics_are_those_of_the_definition(shape, seed):
    x, scale, offset = drawn(shape, seed)
    values = x.reshape(-1, shape[-1]).astype(float)
    mean = values.mean(axis=0)
    variance = ((values - mean) ** 2).mean(axis=0)
    normalised = (x - mean) / np.sqrt(variance + EPSILON) * scale + offset
    found, found_mean, found_variance = batch_norm(tf.constant(x), tf.constant(scale), tf.constant(offset), EPSILON)
    np.testing.assert_allclose(found, normalised, atol=2e-4)
    np.testing.assert_allclose(found_mean, mean, atol=1e-5)
    np.testing.assert_allclose(found_variance, variance * len(values) / max(1, len(values) - 1), rtol=1e-4, atol=1e-6)


@settings(deadline=None, max_examples=scaled(20))
@given(shapes, st.integers(0, 1000))
def test_gradients_are_those_of_its_parts(shape, seed):
    """Against what TensorFlow derives from the moments, operation by operation, in double precision."""
    given_values = drawn(shape, seed)
    weights = np.random.default_rng(seed + 1).normal(size=shape).astype(np.float32)

    def slow(x, scale, offset):
        mean, variance = tf.nn.moments(x, (0, 1, 2))
        return tf.nn.batch_normalization(x, mean, variance, offset, scale, EPSILON)

    gradients = []
    for kind, compute in ((np.float32, lambda *args: batch_norm(*args, EPSILON)[0]), (np.float64, slow)):
        args = [tf.constant(value.astype(kind)) for value in given_values]
        with tf.GradientTape() as tape:
            tape.watch(args)
            loss = tf.reduce_sum(tf.sin(compute(*args)) * weights.astype(kind))
        gradients.append(tape.gradient(loss, args))
    for found, expected in zip(*gradients, strict=True):
        # A channel of a single value has no spread, and every rounding is scaled by 1 / sqrt(epsilon).
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=2e-3)


def test_a_large_mean_costs_no_precision():
    x, scale, offset = drawn((16, 32, 3, 4), mean=1000.0)
    _, _, variance = batch_norm(tf.constant(x), tf.constant(scale), tf.constant(offset), EPSILON)
    np.testing.assert_allclose(variance, x.reshape(-1, 4).astype(float).var(axis=0, ddof=1), rtol=1e-3)


def test_the_layer_trains_and_judges_as_that_of_keras():
    x, *_ = drawn((8, 16, 3, 4), mean=2.0)
    layers = [kind(momentum=0.9) for kind in (keras.layers.BatchNormalization, RowBatchNormalization)]
    for _ in range(3):
        outputs = [layer(x, training=True) for layer in layers]
    np.testing.assert_allclose(outputs[1], outputs[0], atol=1e-5)
    for one, other in zip(*(layer.get_weights() for layer in layers), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-5)
    np.testing.assert_allclose(layers[1](x), layers[0](x), atol=1e-5)


@pytest.mark.parametrize("channels", [1, 9])
def test_sizes_may_be_unknown_before_it_runs(channels):
    x, scale, offset = drawn((6, 5, channels, 4))

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, None))])
    def compute(values):
        return batch_norm(values, tf.constant(scale), tf.constant(offset), EPSILON)[0]

    expected, *_ = batch_norm(tf.constant(x), tf.constant(scale), tf.constant(offset), EPSILON)
    np.testing.assert_allclose(compute(x), expected, atol=1e-6)
