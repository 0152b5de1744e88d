"""The range of the input: spikes that say nothing are cut off, those that decide are kept."""

import numpy as np
import pytest
import tf_keras as keras

from tsnas.training.answers import answers_of
from tsnas.training.ranges import input_range

SPIKE = 100.0


@pytest.fixture
def windows() -> np.ndarray:
    """Channel 0 has an offset of 0.2 in half of the windows, channel 1 a spike in a quarter of them."""
    rng = np.random.default_rng(0)
    x = rng.normal(0, 0.02, (400, 50, 2, 1)).astype(np.float32)
    x[::2, :, 0] += 0.2
    x[:100, 7, 1] = SPIKE
    return x


def answering(function) -> keras.Model:
    window = keras.Input((50, 2, 1))
    logit = keras.layers.Lambda(function)(window)
    return keras.Model(window, keras.layers.Softmax()(keras.layers.Concatenate()([logit, -logit])))


def test_spikes_that_say_nothing_are_cut_off(windows):
    by_offset = answering(lambda x: 30 * (keras.backend.mean(x[:, :, 0], axis=1) - 0.1))
    low, high = input_range(answers_of(by_offset), windows, seed=0)
    assert low <= 0 < high < 1


def test_spikes_that_decide_are_kept(windows):
    by_spike = answering(lambda x: keras.backend.max(x[:, :, 1], axis=1) - SPIKE / 2)
    _, high = input_range(answers_of(by_spike), windows, seed=0)
    assert high == pytest.approx(SPIKE)


def test_constant_windows_have_a_range(windows):
    by_offset = answering(lambda x: keras.backend.mean(x[:, :, 0], axis=1))
    assert input_range(answers_of(by_offset), np.zeros_like(windows), seed=0) == (0.0, 0.0)
