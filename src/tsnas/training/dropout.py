"""SeededDropout: dropout whose draws depend on a seed and a step alone."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tf_keras as keras

BYTE_VALUES, WORD_BYTES = 256, 4


class SeededDropout(keras.layers.Dropout):
    """A `Dropout` whose draws depend on `draw` alone; it replaces one during training and is never saved.

    `draw` is a pair of ints or int32 tensors, a seed and a step; it is set before the model is called in training. A
    value is dropped by a random byte, so that the rate is rounded to a multiple of 1/256.

    Args:
        As in `keras.layers.Dropout`.

    Call arguments:
        inputs: float32 tensor of any shape.
        training: bool, whether anything is dropped. Defaults to False.

    Returns:
        float32 tensor of the same shape.
    """

    draw: Any = None

    def call(self, inputs, training=False):
        if not training or not self.rate:
            return inputs
        # Drawing takes longest, and a word for each value would be four times as much.
        shape = tf.shape(inputs)
        count = tf.reduce_prod(shape)
        words = tf.random.stateless_uniform([-(-count // WORD_BYTES)], self.draw, None, None, tf.uint32)
        draws = tf.reshape(tf.bitcast(words, tf.uint8), [-1])[:count]
        dropped = min(round(BYTE_VALUES * self.rate), BYTE_VALUES - 1)
        kept = tf.cast(tf.reshape(draws >= dropped, shape), inputs.dtype)
        return inputs * kept * (BYTE_VALUES / (BYTE_VALUES - dropped))
