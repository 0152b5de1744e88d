"""Dynamic layers: a convolution and an addition whose number of filters is searched by masking.

Each layer has a table of its cost for every pair of input and output widths, and interpolates in it by the
probabilities of the widths (equation 2 of the paper). A width is a number of filters.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf
import tf_keras as keras

from tsnas.training.batch_norm import batch_norm


def width_masks(widths) -> np.ndarray:
    """Returns binary masks of shape (len(widths), max(widths)); row i keeps the first widths[i] filters (figure 4)."""
    return (np.arange(max(widths))[None, :] < np.asarray(widths)[:, None]).astype(np.float32)


def interpolate(table, out_probs, in_probs):
    """Interpolates a cost table bilinearly by the decisions: out_probs^T . table . in_probs.

    Args:
        table: float tensor of shape (outputs, inputs).
        out_probs: float tensor of shape (..., outputs), rows sum to 1.
        in_probs: float tensor of shape (..., inputs), rows sum to 1.

    Returns:
        float tensor of shape (...).

    Source: equation 2 of the paper.
    """
    return tf.reduce_sum(tf.tensordot(out_probs, table, 1) * in_probs, axis=-1)


def first_windows(values, count):
    """Returns the first windows of a batch.

    If that is the whole batch, nothing is copied, whereas the gradient of `values[:count]` would copy it.

    Args:
        values: tensor (batch, ...) of known rank.
        count: int32 scalar, number of windows.

    Returns:
        tensor (count, ...).
    """
    return tf.slice(values, [0] * values.shape.rank, tf.stack([count, *[-1] * (values.shape.rank - 1)]))


def dilated_conv(inputs, kernel, dilation):
    """Convolves along time with taps that stand `dilation` samples apart; the padding is "same".

    On a CPU, TensorFlow's own operation has no gradient, and `tf.nn.convolution` needs to know the shapes in advance,
    which those of a path are not.

    Args:
        inputs: float32 tensor (batch, time, channels, filters).
        kernel: float32 tensor (length, 1, filters, new filters) of known length.
        dilation: int.

    Returns:
        float32 tensor (batch, time, channels, new filters).
    """
    reach = (kernel.shape[0] - 1) * dilation
    # Samples that are neighbours for the kernel become neighbours; all of these rows must be equally long.
    filled = -(tf.shape(inputs)[1] + reach) % dilation
    rows = tf.space_to_batch(inputs, [dilation], [[reach // 2, reach - reach // 2 + filled]])
    return tf.batch_to_space(tf.nn.conv2d(rows, kernel, 1, "VALID"), [dilation], [[0, filled]])


@keras.utils.register_keras_serializable("tsnas")
class GatedNormalization(keras.layers.Layer):
    """Batch normalisation whose output is multiplied by a mask, in one pass over the data.

    Args:
        momentum: float in (0, 1), momentum of the moving mean and variance. Defaults to 0.9.
        epsilon: float, constant that is added to the variance. Defaults to 0.001.

    Call arguments:
        inputs: float32 tensor (batch, time, channels, filters).
        mask: float32 tensor (filters,), not negative.
        training: bool, whether the batch's own statistics are used, and the moving ones updated.

    Returns:
        float32 tensor (batch, time, channels, filters).
    """

    def __init__(self, momentum=0.9, epsilon=1e-3, **kwargs):
        super().__init__(**kwargs)
        self.momentum = momentum
        self.epsilon = epsilon

    def build(self, input_shape):
        shape = (input_shape[-1],)
        self.gamma = self.add_weight("gamma", shape, initializer="ones")
        self.beta = self.add_weight("beta", shape, initializer="zeros")
        self.mean = self.add_weight("moving_mean", shape, initializer="zeros", trainable=False)
        self.variance = self.add_weight("moving_variance", shape, initializer="ones", trainable=False)
        super().build(input_shape)

    def call(self, inputs, mask, training=False):
        scale, offset = self.gamma * mask, self.beta * mask
        if not training:
            return tf.compat.v1.nn.fused_batch_norm(
                inputs, scale, offset, self.mean, self.variance, self.epsilon, is_training=False
            )[0]
        outputs, mean, variance = batch_norm(inputs, scale, offset, self.epsilon)
        self.mean.assign(self.momentum * self.mean + (1.0 - self.momentum) * mean)
        self.variance.assign(self.momentum * self.variance + (1.0 - self.momentum) * variance)
        return outputs

    def path(self, inputs):
        """Returns normalised inputs of a single path, which may have fewer filters; there is no mask.

        Always uses the batch's own statistics. The moving ones are not updated, because they would mix the statistics
        of many paths.

        Args:
            inputs: float32 tensor (batch, time, channels, filters), with the first filters of the layer.

        Returns:
            float32 tensor of the same shape.
        """
        width = tf.shape(inputs)[-1]
        return batch_norm(inputs, self.gamma[:width], self.beta[:width], self.epsilon)[0]

    def get_config(self):
        return super().get_config() | {"momentum": self.momentum, "epsilon": self.epsilon}


@keras.utils.register_keras_serializable("tsnas")
class DynamicConv2D(keras.layers.Layer):
    """Convolution, batch normalisation and ReLU whose number of filters is searched.

    The convolution runs at its largest width, and its output is multiplied by the weighted sum of the width masks. The
    mask is applied after the normalisation, which would otherwise scale it away. Since it is never negative, it can be
    applied before the ReLU, as part of the normalisation.

    Args:
        widths: tuple of int, numbers of filters to choose from, in ascending order.
        kernel_size: (int, int), size of the kernel over time and channels.
        strides: (int, int), strides over time and channels. Defaults to (1, 1).
        dilation: int, dilation along time; above 1, the strides are 1. Defaults to 1.
        costs: dict of cost name (such as "latency_ms") to an array (len(widths), input widths), the cost for each pair
            of widths. Defaults to None, no costs.
        seed: int or None, seed of the initial kernel. Defaults to None.

    Call arguments:
        inputs: float32 tensor (batch, time, channels, filters).
        width_probs: float32 tensor (len(widths),), probabilities of the widths.
        gate: float32 scalar, probability that this path is on; it scales the output. Defaults to 1.
        training: bool.

    Returns:
        float32 tensor (batch, ceil(time / stride), ceil(channels / stride), max(widths)); the padding is "same".

    Example:
        >>> layer = DynamicConv2D((4, 8), (3, 1), (2, 1))
        >>> layer(tf.zeros((2, 128, 9, 1)), tf.constant([0.5, 0.5])).shape
        TensorShape([2, 64, 9, 8])

    Source: section 5.2 of the paper; Wan et al., FBNetV2 (2020).
    """

    def __init__(self, widths, kernel_size, strides=(1, 1), costs=None, seed=None, dilation=1, **kwargs):
        super().__init__(**kwargs)
        self.widths = tuple(int(w) for w in widths)
        self.kernel_size = tuple(kernel_size)
        self.strides = tuple(strides)
        self.dilation = dilation
        self.seed = seed
        self.costs = _as_tables(costs)
        self._masks = width_masks(self.widths)
        self.conv = keras.layers.Conv2D(
            max(self.widths),
            self.kernel_size,
            self.strides,
            "same",
            dilation_rate=(dilation, 1),
            use_bias=False,
            kernel_initializer=keras.initializers.HeNormal(seed),
        )
        self.norm = GatedNormalization()

    def build(self, input_shape):
        self.conv.build(input_shape)
        self.norm.build(self.conv.compute_output_shape(input_shape))
        super().build(input_shape)

    def call(self, inputs, width_probs, gate=1.0, training=False):
        mask = gate * tf.tensordot(width_probs, self._masks, 1)
        return tf.nn.relu(self.norm(self.conv(inputs), mask, training=training))

    def path(self, inputs, width, on):
        """Returns the output for a single path; computes only its filters, and almost nothing if the path is off.

        Args:
            inputs: float32 tensor (batch, time, channels, filters), with as many filters as the path has at this point.
            width: int32 scalar, number of filters of the output.
            on: int32 scalar, 1 for the whole batch, 0 for its first window only, which the caller drops.

        Returns:
            float32 tensor (batch or 1, ceil(time / stride), ceil(channels / stride), width).
        """
        # A single window costs far less than a branch in the compiled graph, and an empty convolution fails.
        inputs = first_windows(inputs, tf.maximum(on * tf.shape(inputs)[0], 1))
        kernel = self.conv.kernel[:, :, : tf.shape(inputs)[-1], :width]
        if self.dilation == 1:
            outputs = tf.nn.conv2d(inputs, kernel, self.strides, "SAME")
        else:
            outputs = dilated_conv(inputs, kernel, self.dilation)
        return tf.nn.relu(self.norm.path(outputs))

    def expected_cost(self, name, out_probs, in_probs):
        """Returns the cost `name` for probabilities (..., widths) of the output and input widths; shape (...)."""
        return interpolate(self.costs[name], out_probs, in_probs)

    def get_config(self):
        return super().get_config() | {
            "widths": list(self.widths),
            "kernel_size": list(self.kernel_size),
            "strides": list(self.strides),
            "costs": _as_lists(self.costs),
            "seed": self.seed,
            "dilation": self.dilation,
        }


@keras.utils.register_keras_serializable("tsnas")
class DynamicAdd(keras.layers.Layer):
    """Addition of the paths that are on; its cost depends on the searched number of filters.

    Args:
        costs: dict of cost name to an array (widths,), the cost of adding two tensors at each width. Defaults to None,
            no costs.

    Call arguments:
        inputs: list of float32 tensors of one shape (batch, time, channels, filters), each scaled by its gate.

    Returns:
        float32 tensor of the shape of one input.

    Example:
        >>> DynamicAdd()([tf.ones((1, 2, 2, 8)), tf.ones((1, 2, 2, 8))]).numpy().max()
        2.0

    Source: section 5.2 of the paper.
    """

    def __init__(self, costs=None, **kwargs):
        super().__init__(**kwargs)
        self.costs = _as_tables(costs)

    def call(self, inputs):
        return tf.add_n(inputs)

    def expected_cost(self, name, out_probs):
        """Returns the cost `name` of one addition for probabilities (..., widths); shape (...)."""
        return tf.reduce_sum(out_probs * self.costs[name], axis=-1)

    def get_config(self):
        return super().get_config() | {"costs": _as_lists(self.costs)}


def _as_tables(costs):
    return {name: np.asarray(table, np.float32) for name, table in (costs or {}).items()}


def _as_lists(costs):
    return {name: table.tolist() for name, table in costs.items()}
