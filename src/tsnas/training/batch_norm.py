"""Batch normalisation by the statistics of the batch, with a layout in wide rows that is fast on a CPU."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tf_keras as keras


def batch_norm(
    inputs: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor, epsilon: float
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Computes `tf.nn.fused_batch_norm` in training mode, in a third of the time if there are few filters.

    The fused operation processes one filter at a time, and Time-Reduce cells have as few as four. Here, the filters of
    all channels at one time step form a row, and statistics are products with a row of ones. With a single channel the
    row would be no wider, so the fused operation is used: it is as fast, and its graph is built in half the time.

    Args:
        inputs: float32 tensor (batch, time, channels, filters); any size may be unknown when the graph is built.
        scale: float32 tensor (filters,).
        offset: float32 tensor (filters,).
        epsilon: float, constant that is added to the variance.

    Returns:
        (outputs, mean, variance): outputs with the shape of `inputs`, mean and unbiased variance of shape (filters,).
        Only the outputs have gradients.

    Example:
        >>> outputs, mean, variance = batch_norm(tf.random.normal((64, 32, 9, 8)), tf.ones(8), tf.zeros(8), 1e-3)
        >>> outputs.shape, mean.shape
        (TensorShape([64, 32, 9, 8]), TensorShape([8]))

    Source: Ioffe and Szegedy, Batch Normalization, 2015.
    """
    if inputs.shape[2] == 1:
        return tf.compat.v1.nn.fused_batch_norm(inputs, scale, offset, epsilon=epsilon)
    shape = tf.shape(inputs)
    times, channels, filters = shape[0] * shape[1], shape[2], shape[3]
    count = tf.cast(times * channels, tf.float32)
    shares = tf.fill((1, times), 1.0 / count)

    def mean_of(rows: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(tf.reshape(tf.matmul(shares, rows), (channels, filters)), axis=0)

    def row(values: tf.Tensor) -> tf.Tensor:
        return tf.tile(values, [channels])

    @tf.custom_gradient
    def normalised(rows, scale, offset):
        mean = mean_of(rows)
        centred = rows - row(mean)
        variance = mean_of(centred * centred)
        inverse = tf.math.rsqrt(variance + epsilon)
        factor = scale * inverse

        def gradients(upstream, *of_statistics):
            mean_upstream, projected = mean_of(upstream), mean_of(upstream * centred) * inverse
            pulled = upstream * row(factor) - centred * row(factor * inverse * projected) - row(factor * mean_upstream)
            return pulled, count * projected, count * mean_upstream

        return (centred * row(factor) + row(offset), mean, variance), gradients

    rows, mean, variance = normalised(tf.reshape(inputs, (times, channels * filters)), scale, offset)
    outputs = tf.reshape(rows, shape)
    outputs.set_shape(inputs.shape)
    return outputs, mean, variance * count / tf.maximum(count - 1.0, 1.0)


class RowBatchNormalization(keras.layers.BatchNormalization):
    """A `BatchNormalization` that trains with `batch_norm`; it replaces one during training and is never saved.

    `memory`, a tensor, takes the place of `momentum` unless it is None.

    Args:
        As in `keras.layers.BatchNormalization`, over the last axis, with scale and offset.

    Call arguments:
        inputs: float32 tensor (batch, time, channels, filters).
        training: bool, whether the batch's own statistics are used, and the moving ones updated. Defaults to False.

    Returns:
        float32 tensor (batch, time, channels, filters).
    """

    memory: Any = None

    def call(self, inputs, training=False):
        if not training:
            return super().call(inputs, training=False)
        outputs, mean, variance = batch_norm(inputs, self.gamma, self.beta, self.epsilon)
        forgotten = 1.0 - (self.momentum if self.memory is None else self.memory)
        for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign_sub((moving - now) * forgotten)
        return outputs
