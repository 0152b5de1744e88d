"""Changes that a sensor window may undergo in training without becoming another class."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

Augment = Callable[[tf.Tensor, Sequence[int | tf.Tensor]], tf.Tensor]

SCALE_STD = 0.1
NOISE_STD = 0.05


def scale_and_noise(windows: tf.Tensor, seed: Sequence[int | tf.Tensor]) -> tf.Tensor:
    """Scales each channel of each window by a factor of N(1, 0.1), and adds noise of N(0, 0.05).

    Args:
        windows: float32 tensor (batch, time, sensors, 1), standardised.
        seed: pair of ints, (seed of the training, step): the same pair gives the same batch.

    Returns:
        float32 tensor of the same shape.
    """
    training, step = seed
    batch, _, sensors, channels = windows.shape
    scale = tf.random.stateless_normal((batch, 1, sensors, channels), [training, 2 * step], 1.0, SCALE_STD)
    noise = tf.random.stateless_normal(tf.shape(windows), [training, 2 * step + 1], 0.0, NOISE_STD)
    return windows * scale + noise
