"""Rounding in quantisation-aware training as in the board's int8 kernels, which is not quite to the nearest value.

A kernel scales the sum of a convolution in two steps: it multiplies by a 31-bit factor and rounds, then divides by a
power of two and rounds again. A value just below a half is thus rounded up; when a sensor is at rest, this happens
throughout a window.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tf_keras as keras

from tsnas.training.core_model import origin, unwrapped
from tsnas.training.ranges import INT8_STEPS, Range, range_variables

INT8_WEIGHT_STEPS = 127
# With more fractional bits than this, both steps give the same value as one, and float could not tell them apart.
MOST_BITS = 14.0


@tf.autograph.experimental.do_not_convert
def rounding_as_on_board(qat_model: keras.Model) -> keras.Model:
    """Returns a model with the same layers and weights in which the sums of convolutions are rounded as on the board.

    Args:
        qat_model: functional tf_keras model with tfmot's quantisation wrappers. It is not changed, but shares all
            weights: training one trains the other.

    Returns:
        tf_keras functional model, to be trained; `qat_model` is the one to convert.

    Example:
        >>> trained = rounding_as_on_board(qat_model)
        >>> trained.fit(x, y)
        >>> tflite = convert_int8(qat_model)

    Source: `MultiplyByQuantizedMultiplier` of TFLite Micro and `arm_nn_requantize` of CMSIS-NN, as both are built
        by default.
    """
    copies: dict[int, Any] = {}

    def copied(tensor: Any) -> Any:
        if id(tensor) not in copies:
            layer, sources = origin(tensor)
            given = [copied(source) for source in sources]
            if isinstance(unwrapped(layer), keras.layers.ReLU):
                given = [_rounded(given[0], sources[0], layer)]
            copies[id(tensor)] = layer(given if len(given) > 1 else given[0]) if given else tensor
        return copies[id(tensor)]

    return keras.Model(qat_model.inputs, copied(qat_model.outputs[0]), name=qat_model.name)


def _rounded(given: Any, source: Any, relu: keras.layers.Layer) -> Any:
    """Rounds the input of a ReLU if it comes from a convolution with a batch normalisation folded into it."""
    norm, normalised = origin(source)
    if not isinstance(unwrapped(norm), keras.layers.BatchNormalization):
        return given
    conv, inputs = origin(normalised[0])
    weights, after = range_variables(conv, ("kernel",)), range_variables(relu)
    if weights is None or after is None:
        return given
    before = _range_of(inputs[0])
    return BoardRounding(conv, norm, weights, before, after, name=f"{relu.name}_rounding")(given)


def _range_of(tensor: Any) -> Range:
    """Returns the int8 range of a tensor, which some layers inherit from their input."""
    layer, sources = origin(tensor)
    return range_variables(layer) or _range_of(sources[0])


class BoardRounding(keras.layers.Layer):
    """Layer that applies the first of the board's two roundings to the output of a batch normalisation.

    The second rounding is to the nearest value, which tfmot does after the ReLU. The layer is used only in training and
    is never saved.

    Args:
        conv: tfmot's wrapper of the convolution.
        norm: tfmot's wrapper of the batch normalisation after it.
        weights: (lowest, highest), variables, range of the convolution's weights for each filter.
        before: (lowest, highest), variables, range of the convolution's input.
        after: (lowest, highest), variables, range of the ReLU's output.

    Call arguments:
        inputs: float32 tensor (batch, time, channels, filters).

    Returns:
        float32 tensor of the same shape; gradients pass through unchanged.
    """

    def __init__(self, conv, norm, weights: Range, before: Range, after: Range, **kwargs):
        super().__init__(trainable=False, **kwargs)
        self._conv, self._norm = unwrapped(conv), unwrapped(norm)
        self._weights, self._before, self._after = weights, before, after

    def call(self, inputs):
        factor = self._norm.gamma * tf.math.rsqrt(self._norm.moving_variance + self._norm.epsilon)
        bias = self._norm.beta - self._norm.moving_mean * factor
        if self._conv.use_bias:
            bias += self._conv.bias * factor
        lowest, highest = self._weights
        weight_step = tf.maximum(-lowest, highest) / INT8_WEIGHT_STEPS
        # Value of one unit of the integer sum, and of one step of the int8 output.
        unit = tf.maximum(_step(self._before) * weight_step * tf.abs(factor), 1e-30)
        out_step = _step(self._after)
        moved = inputs + (tf.round(bias / unit) * unit - bias)
        # The factor is in [0.5, 1); the rest is a power of two.
        bits = -tf.floor(tf.math.log(unit / out_step) / tf.math.log(2.0)) - 1.0
        fine = 2.0 ** tf.clip_by_value(bits, 0.0, MOST_BITS)
        # A quarter of the least significant bit keeps exact halves from falling below a half in float.
        rounded = (tf.floor(moved / out_step * fine + 0.5) + 0.25) / fine * out_step
        return inputs + tf.stop_gradient(rounded - inputs)


def _step(between: Range) -> Any:
    """Returns the size of one int8 step."""
    lowest, highest = between
    return (highest - lowest) / INT8_STEPS
