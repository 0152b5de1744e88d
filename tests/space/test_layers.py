"""Dynamic layers: masks, normalisation and interpolated costs against slow NumPy versions."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_check import run_layer_check
from scale import scaled

from tsnas.space.layers import DynamicAdd, DynamicConv2D, GatedNormalization, first_windows, interpolate, width_masks


def random(*shape, seed=0):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


@settings(max_examples=scaled(10), deadline=None)
@given(
    time=st.integers(1, 20),
    channels=st.integers(1, 6),
    filters=st.integers(1, 5),
    kernel=st.sampled_from([(3, 1), (7, 1), (1, 1), (1, 4)]),
    strides=st.sampled_from([(1, 1), (2, 1), (1, 2)]),
)
def test_dynamic_conv(time, channels, filters, kernel, strides):
    layer = DynamicConv2D((2, 4), kernel, strides, costs={"latency_ms": np.arange(6.0).reshape(2, 3)}, seed=0)
    inputs, probs = random(2, time, channels, filters), tf.constant([0.3, 0.7])
    shape = (2, -(-time // strides[0]), -(-channels // strides[1]), 4)
    run_layer_check(layer, lambda layer: layer(inputs, probs, gate=0.5, training=True), shape)


def test_dynamic_add():
    inputs = [random(2, 3, 2, 4), random(2, 3, 2, 4, seed=1)]
    layer = DynamicAdd({"latency_ms": [1.0, 2.0]})
    run_layer_check(layer, lambda layer: layer(inputs), (2, 3, 2, 4))
    np.testing.assert_allclose(layer(inputs), inputs[0] + inputs[1])
    assert float(layer.expected_cost("latency_ms", tf.constant([0.25, 0.75]))) == pytest.approx(1.75)


def test_gated_normalization_is_batch_normalisation_times_the_mask():
    inputs, mask = random(4, 5, 2, 3), np.array([1.0, 0.5, 0.0], np.float32)
    ours = GatedNormalization(momentum=0.9)
    run_layer_check(ours, lambda layer: layer(inputs, mask), (4, 5, 2, 3))
    theirs = keras.layers.BatchNormalization(momentum=0.9)
    for training in (True, False):
        np.testing.assert_allclose(
            ours(inputs, mask, training=training), theirs(inputs, training=training) * mask, atol=1e-5
        )
    np.testing.assert_allclose(ours.mean, theirs.moving_mean, atol=1e-6)
    np.testing.assert_allclose(ours.variance, theirs.moving_variance, rtol=1e-5)


def test_masks_keep_the_first_filters():
    np.testing.assert_array_equal(width_masks((2, 3)), [[1, 1, 0], [1, 1, 1]])


def test_one_hot_width_equals_a_convolution_of_that_width():
    layer = DynamicConv2D((2, 4), (3, 1), (2, 1), seed=0)
    inputs = random(2, 9, 2, 3)
    output = layer(inputs, tf.constant([1.0, 0.0])).numpy()
    kernel = layer.conv.kernel.numpy()[..., :2]
    padded = np.pad(inputs.numpy(), ((0, 0), (1, 1), (0, 0), (0, 0)))
    slow = np.zeros((2, 5, 2, 2))
    for t in range(5):
        for k in range(3):
            slow[:, t] += np.einsum("bsc,cf->bsf", padded[:, 2 * t + k], kernel[k, 0])
    slow = np.maximum(slow / np.sqrt(1 + 1e-3), 0)
    np.testing.assert_allclose(output[..., :2], slow, atol=1e-5)
    assert (output[..., 2:] == 0).all()


@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 99))
def test_interpolation_is_the_double_sum_of_equation_2(n_out, n_in, seed):
    rng = np.random.default_rng(seed)
    table, out_probs, in_probs = rng.random((n_out, n_in)), rng.dirichlet(np.ones(n_out)), rng.dirichlet(np.ones(n_in))
    slow = sum(out_probs[y] * table[y, x] * in_probs[x] for y in range(n_out) for x in range(n_in))
    fast = interpolate(*(tf.constant(value, tf.float32) for value in (table, out_probs, in_probs)))
    assert float(fast) == pytest.approx(slow, rel=1e-4)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_path_is_the_masked_convolution_without_the_zeros(index):
    layer = DynamicConv2D((4, 8, 12), (3, 1), (2, 1), seed=0)
    full = tf.constant(np.random.default_rng(0).normal(size=(6, 16, 3, 5)), tf.float32)
    one_hot = tf.one_hot(index, 3)
    layer(full, one_hot)
    layer.norm.gamma.assign(np.linspace(0.5, 2, 12))
    layer.norm.beta.assign(np.linspace(-1, 1, 12))
    # Three channels came out of the layer before; in full, the others are zeros.
    narrow = full[..., :3]
    padded = tf.pad(narrow, ((0, 0), (0, 0), (0, 0), (0, 2)))
    expected = layer(padded, one_hot, training=True)
    width = (4, 8, 12)[index]
    found = layer.path(narrow, width, 1)
    assert found.shape[-1] == width
    np.testing.assert_allclose(found, expected[..., :width], atol=1e-5)
    np.testing.assert_array_equal(expected[..., width:], 0)
    assert layer.path(narrow, width, 0).shape == (1, 8, 3, width), "off: no more than one window"


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_first_windows_and_their_gradient_are_those_of_numpy(count):
    values = np.random.default_rng(0).normal(size=(3, 4, 2, 5)).astype(np.float32)
    x = tf.constant(values)

    @tf.function
    def taken(count):
        with tf.GradientTape() as tape:
            tape.watch(x)
            first = first_windows(x, count)
            loss = tf.reduce_sum(first**2)
        return first, tape.gradient(loss, x)

    first, gradient = taken(tf.constant(count))
    np.testing.assert_array_equal(first, values[:count])
    np.testing.assert_array_equal(gradient, np.concatenate([2 * values[:count], np.zeros_like(values[count:])]))
