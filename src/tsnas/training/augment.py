"""Label-preserving augmentation of windows: stretching, shifting, rotation of sensors, scaling and noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from tsnas.data import Axes, Standardizer

Augment = Callable[[tf.Tensor, Sequence[int | tf.Tensor]], tf.Tensor]

SCALE_STD = 0.1
NOISE_STD = 0.05
ROTATION_DEGREES = 8.0
# A window is stretched by up to e ** 0.15 about its middle, and shifted by up to this fraction of its length.
STRETCH, SHIFT = 0.15, 0.08


def unchanged(windows: tf.Tensor, seed: Sequence[int | tf.Tensor]) -> tf.Tensor:
    """Returns windows unchanged; arguments as in `scale_and_noise`."""
    return windows


def scale_and_noise(windows: tf.Tensor, seed: Sequence[int | tf.Tensor]) -> tf.Tensor:
    """Scales each channel of each window by a factor from N(1, 0.1), and adds noise from N(0, 0.05).

    Args:
        windows: float32 tensor (batch, time, channels, 1), standardised.
        seed: pair of ints, (seed of the training, step); the same pair gives the same batch.

    Returns:
        float32 tensor of the same shape.
    """
    training, step = seed
    batch, _, channels, features = windows.shape
    scale = tf.random.stateless_normal((batch, 1, channels, features), [training, 2 * step], 1.0, SCALE_STD)
    noise = tf.random.stateless_normal(tf.shape(windows), [training, 2 * step + 1], 0.0, NOISE_STD)
    return windows * scale + noise


def stretch_and_shift(windows: tf.Tensor, seed: Sequence[int | tf.Tensor]) -> tf.Tensor:
    """Stretches or shrinks each window about its middle and shifts it, then applies `scale_and_noise`.

    The factor is the exponential of a number from U(-0.15, 0.15), the shift U(-0.08, 0.08) of the length; all channels
    of a window move together. Values between samples are interpolated; beyond the ends, the first and last samples are
    repeated.

    Args:
        windows: float32 tensor (batch, time, channels, 1), standardised.
        seed: pair of ints, as in `scale_and_noise`.

    Returns:
        float32 tensor of the same shape.

    Source: Um et al., Data Augmentation of Wearable Sensor Data (2017); Le Guennec et al., Data Augmentation for Time
        Series Classification using Convolutional Neural Networks (2016).
    """
    batch, time, _, _ = windows.shape
    if time < 2:
        return scale_and_noise(windows, seed)
    # The seed differs from those of scale_and_noise, which is given the same pair.
    moved = tf.random.stateless_uniform((2, batch, 1), [seed[0] + 1, 2 * seed[1]], -1.0, 1.0)
    middle, last = (time - 1) / 2, float(time - 1)
    samples = tf.range(time, dtype=tf.float32)[tf.newaxis]
    places = (samples - middle) * tf.exp(STRETCH * moved[0]) + middle + SHIFT * time * moved[1]
    places = tf.clip_by_value(places, 0.0, last)
    before = tf.minimum(tf.cast(places, tf.int32), time - 2)
    share = (places - tf.cast(before, tf.float32))[..., tf.newaxis, tf.newaxis]
    first, second = (tf.gather(windows, index, batch_dims=1) for index in (before, before + 1))
    return scale_and_noise(first + share * (second - first), seed)


def augmentation(standardizer: Standardizer, axes: Axes = ()) -> Augment:
    """Returns an augmentation that rotates sensors whose axes are known, then applies `scale_and_noise`.

    Without known axes it is `stretch_and_shift`, which suits series of any kind.

    No two users wear a device at quite the same angle, and a network that has learned the angles of a few users fails
    on others. All triples of a window are rotated together, like sensors in one case, by angles from N(0, 8) degrees
    about the three axes.

    Args:
        standardizer: `Standardizer` of the windows, which are rotated in raw units, including gravity.
        axes: tuple of triples of channels that are x, y and z of a sensor. Defaults to ():
            `stretch_and_shift` is returned.

    Returns:
        Function of a batch and a seed, like `scale_and_noise`.

    Example:
        >>> train_float(model, x, y, epochs=40, seed=0, augment=augmentation(standardizer, ((0, 1, 2), (3, 4, 5))))
    """
    if not axes:
        return stretch_and_shift
    return _Rotation(standardizer, axes)


class _Rotation:
    """Augmentation that rotates sensors; an object, so that it can be sent to another process."""

    def __init__(self, standardizer: Standardizer, axes: Axes):
        channels = len(standardizer.mean)
        mean, std = np.array(standardizer.mean, np.float32), np.array(standardizer.std, np.float32)
        # Rotated channels are weighted sums of channels plus a constant: what each entry of a rotation adds to both.
        factors, shifts = np.zeros((3, 3, channels, channels), np.float32), np.zeros((3, 3, channels), np.float32)
        others, origin = np.eye(channels, dtype=np.float32), np.zeros(channels, np.float32)
        for triple in axes:
            for row, new in enumerate(triple):
                others[new, new], origin[new] = 0.0, mean[new] / std[new]
                for column, old in enumerate(triple):
                    factors[row, column, old, new] = std[old] / std[new]
                    shifts[row, column, new] = mean[old] / std[new]
        self._factors, self._shifts, self._others, self._origin = factors, shifts, others, origin

    def __call__(self, windows: tf.Tensor, seed: Sequence[int | tf.Tensor]) -> tf.Tensor:
        rotations = _rotations(windows.shape[0], seed)
        factor = self._others + tf.einsum("bij,ijst->bst", rotations, self._factors)
        shift = tf.einsum("bij,ijt->bt", rotations, self._shifts) - self._origin
        new = tf.matmul(windows[..., 0], factor) + shift[:, tf.newaxis]
        return scale_and_noise(new[..., tf.newaxis], seed)


def _rotations(batch: int, seed: Sequence[int | tf.Tensor]) -> tf.Tensor:
    """Draws rotation matrices (batch, 3, 3), by the formula of Rodrigues."""
    # The seed differs from those of scale_and_noise, which is given the same pair.
    vectors = tf.random.stateless_normal((batch, 3), [seed[0] + 1, 2 * seed[1]], 0.0, math.radians(ROTATION_DEGREES))
    angles = tf.maximum(tf.norm(vectors, axis=1, keepdims=True), 1e-6)
    x, y, z = tf.unstack(vectors / angles, axis=1)
    zero = tf.zeros_like(x)
    cross = tf.reshape(tf.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1), (batch, 3, 3))
    angles = angles[..., tf.newaxis]
    return tf.eye(3) + tf.sin(angles) * cross + (1 - tf.cos(angles)) * cross @ cross
