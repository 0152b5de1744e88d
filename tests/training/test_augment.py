"""Augmentation: what it changes by how much, and that the seed decides."""

import unittest.mock

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scale import scaled

from tsnas.data import Standardizer
from tsnas.training import augment


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


@pytest.fixture(scope="module")
def standardizer():
    rng = np.random.default_rng(0)
    return Standardizer(tuple(rng.normal(size=7)), tuple(rng.uniform(0.5, 2, 7)))


def test_turned_sensors_keep_their_length_and_angles(standardizer, monkeypatch):
    """Against rotations as they are defined: lengths and the angle between two sensors stay, in raw units."""
    monkeypatch.setattr(augment, "scale_and_noise", lambda windows, seed: windows)
    axes = ((4, 2, 0), (1, 5, 6))
    raw = np.random.default_rng(1).normal(size=(256, 10, 7)).astype(np.float32)
    change = augment.augmentation(standardizer, axes)
    found = change(tf.constant(standardizer(raw)[..., None]), [3, 5]).numpy()[..., 0]
    found = found * np.array(standardizer.std) + np.array(standardizer.mean)
    assert found[..., 3] == pytest.approx(raw[..., 3], abs=1e-5)
    old, new = ([values[..., list(triple)] for triple in axes] for values in (raw, found))
    for one, other in [(0, 0), (1, 1), (0, 1)]:
        assert (new[one] * new[other]).sum(-1) == pytest.approx((old[one] * old[other]).sum(-1), abs=1e-4)
    # The same rotation for all samples of a window: it is found from them, and has no mirror in it.
    angles = []
    for before, after in zip(old[0], new[0], strict=True):
        matrix = np.linalg.lstsq(before, after, rcond=None)[0]
        assert np.linalg.det(matrix) == pytest.approx(1, abs=1e-3)
        assert before @ matrix == pytest.approx(after, abs=1e-3)
        angles.append(np.degrees(np.arccos(np.clip((np.trace(matrix) - 1) / 2, -1, 1))))
    # Three components of N(0, 8) degrees: the mean length is 8 * sqrt(8 / pi).
    assert np.mean(angles) == pytest.approx(augment.ROTATION_DEGREES * np.sqrt(8 / np.pi), rel=0.1)


def test_without_axes_nothing_is_turned(standardizer):
    assert augment.augmentation(standardizer) is augment.stretch_and_shift


@given(time=st.integers(1, 40), channels=st.integers(1, 3), seed=st.integers(0, 99))
@settings(max_examples=scaled(20), deadline=None)
def test_stretched_and_shifted_windows_are_interpolated_ones(time, channels, seed):
    """Against NumPy's interpolation at the places that the same draws give."""
    windows = np.random.default_rng(seed).normal(size=(5, time, channels, 1)).astype(np.float32)
    with unittest.mock.patch.object(augment, "scale_and_noise", lambda windows, seed: windows):
        found = augment.stretch_and_shift(tf.constant(windows), [seed, 3]).numpy()
    draws = tf.random.stateless_uniform((2, 5, 1), [seed + 1, 6], -1.0, 1.0).numpy()[..., 0]
    middle = (time - 1) / 2
    for window, moved, (factor, shift) in zip(windows, found, draws.T, strict=True):
        places = (np.arange(time) - middle) * np.exp(0.15 * factor) + middle + 0.08 * time * shift
        for channel in range(channels):
            expected = np.interp(places, np.arange(time), window[:, channel, 0])
            np.testing.assert_allclose(moved[:, channel, 0], expected, atol=1e-4)


def test_all_channels_are_stretched_alike_and_each_window_on_its_own():
    ramp = np.tile(np.arange(100, dtype=np.float32)[:, None, None], (64, 1, 3, 1)).reshape(64, 100, 3, 1)
    with unittest.mock.patch.object(augment, "scale_and_noise", lambda windows, seed: windows):
        found = augment.stretch_and_shift(tf.constant(ramp), [0, 0]).numpy()[..., 0]
    assert np.array_equal(found[..., 0], found[..., 2])
    factors = np.diff(found[:, 40:60, 0], axis=1).mean(axis=1)
    assert np.exp(-0.15) <= factors.min() < 0.93
    assert 1.07 < factors.max() <= np.exp(0.15) + 1e-4
