"""Augmentation: what it changes by how much, and that the seed decides."""

import numpy as np
import pytest
import tensorflow as tf

from tsnas.deploy import augment


def test_scales_channels_and_adds_noise():
    windows = tf.ones((512, 64, 2, 1))
    batch = augment.scale_and_noise(windows, [0, 0]).numpy()
    scales = batch.mean(axis=1)
    assert scales.std() == pytest.approx(augment.SCALE_STD, rel=0.1)
    assert abs(np.corrcoef(scales[:, 0, 0], scales[:, 1, 0])[0, 1]) < 0.15
    assert batch.std(axis=1).mean() == pytest.approx(augment.NOISE_STD, rel=0.1)


def test_seed_and_step_decide():
    windows = tf.ones((4, 8, 2, 1))
    batches = [augment.scale_and_noise(windows, seed).numpy() for seed in ([0, 0], [0, 0], [0, 1], [1, 0])]
    assert np.array_equal(batches[0], batches[1])
    assert not np.array_equal(batches[0], batches[2])
    assert not np.array_equal(batches[0], batches[3])
