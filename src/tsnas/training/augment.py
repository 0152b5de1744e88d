"""Changes that a sensor window may undergo in training without becoming another class."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from tsnas.data import Axes, Standardizer

Augment = Callable[[tf.Tensor, Sequence[int | tf.Tensor]], tf.Tensor]

SCALE_STD = 0.1
NOISE_STD = 0.05
TURN_DEGREES = 8.0


def unchanged(windows: tf.Tensor, seed: Sequence[int | tf.Tensor]) -> tf.Tensor:
    """Windows as they are; see `scale_and_noise`."""
    return windows


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


def augmentation(standardizer: Standardizer, axes: Axes = ()) -> Augment:
    """Turned sensors, where it is known which channels are the axes of one, then scaled and noisy channels.

    No two users wear a device at quite the same angle, and a network that has learned the angles of a few fails on
    others. All triples of a window are turned together, as sensors in one case are, by one rotation of N(0, 8)
    degrees about each axis.

    Args:
        standardizer: `Standardizer` of the windows: they are turned in their raw units, gravity included.
        axes: tuple of triples of channels. Defaults to none, nothing is turned.

    Returns:
        function of a batch and a seed, as `scale_and_noise`.

    Example:
        >>> train_float(model, x, y, epochs=40, seed=0, augment=augmentation(standardizer, ((0, 1, 2), (3, 4, 5))))
    """
    if not axes:
        return scale_and_noise
    sensors = len(standardizer.mean)
    mean, std = np.array(standardizer.mean, np.float32), np.array(standardizer.std, np.float32)
    # Turned channels are sums of channels and a constant: what each entry of a rotation adds to their factors.
    factors, shifts = np.zeros((3, 3, sensors, sensors), np.float32), np.zeros((3, 3, sensors), np.float32)
    others, origin = np.eye(sensors, dtype=np.float32), np.zeros(sensors, np.float32)
    for triple in axes:
        for row, new in enumerate(triple):
            others[new, new], origin[new] = 0.0, mean[new] / std[new]
            for column, old in enumerate(triple):
                factors[row, column, old, new] = std[old] / std[new]
                shifts[row, column, new] = mean[old] / std[new]

    def turned(windows: tf.Tensor, seed: Sequence[int | tf.Tensor]) -> tf.Tensor:
        rotations = _rotations(windows.shape[0], seed)
        factor = others + tf.einsum("bij,ijst->bst", rotations, factors)
        shift = tf.einsum("bij,ijt->bt", rotations, shifts) - origin
        new = tf.matmul(windows[..., 0], factor) + shift[:, tf.newaxis]
        return scale_and_noise(new[..., tf.newaxis], seed)

    return turned


def _rotations(batch: int, seed: Sequence[int | tf.Tensor]) -> tf.Tensor:
    """Random rotation matrices (batch, 3, 3), by the formula of Rodrigues."""
    # Apart from the draws of scale_and_noise, which has this seed as well.
    vectors = tf.random.stateless_normal((batch, 3), [seed[0] + 1, 2 * seed[1]], 0.0, math.radians(TURN_DEGREES))
    angles = tf.maximum(tf.norm(vectors, axis=1, keepdims=True), 1e-6)
    x, y, z = tf.unstack(vectors / angles, axis=1)
    zero = tf.zeros_like(x)
    cross = tf.reshape(tf.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1), (batch, 3, 3))
    angles = angles[..., tf.newaxis]
    return tf.eye(3) + tf.sin(angles) * cross + (1 - tf.cos(angles)) * cross @ cross
