"""SeededDropout: dropout whose draws depend on a seed and a step alone."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tf_keras as keras


class SeededDropout(keras.layers.Dropout):
    """A `Dropout` whose draws depend on `draw` alone; it replaces one during training and is never saved.

    `draw` is a pair of ints or int32 tensors, a seed and a step; it is set before the model is called in training.

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
        kept = tf.random.stateless_uniform(tf.shape(inputs), self.draw) >= self.rate
        return tf.where(kept, inputs / (1.0 - self.rate), 0.0)
