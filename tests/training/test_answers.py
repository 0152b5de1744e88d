"""Answers of a model are its probabilities, for any number of windows."""

import numpy as np
import pytest
import tf_keras as keras

from tests.small_nets import small_net
from tsnas.training.answers import BATCH, KeptAnswers, answers_of


@pytest.mark.parametrize("count", [1, BATCH, BATCH + 1, 3 * BATCH])
def test_they_are_those_of_predict(count):
    model = small_net()
    x = np.random.default_rng(count).normal(size=(count, *model.input_shape[1:])).astype(np.float32)
    found = answers_of(model)(x)
    np.testing.assert_allclose(found, model.predict(x, verbose=0), rtol=1e-5, atol=1e-6)
    assert found.dtype == np.float32
    assert found.shape == (count, 3)


def test_none_of_no_windows():
    model = small_net()
    assert answers_of(model)(np.zeros((0, *model.input_shape[1:]), np.float32)).shape == (0, 3)


def test_one_graph_answers_all():
    traced = []

    def noted(x):
        traced.append(x)
        return x

    window = keras.Input((8, 2, 1))
    model = keras.Model(window, keras.layers.GlobalMaxPooling2D()(keras.layers.Lambda(noted)(window)))
    answers = answers_of(model)
    traced.clear()
    for count in (1, 5, 200):
        answers(np.zeros((count, 8, 2, 1), np.float32))
    assert len(traced) == 1


def test_each_row_is_answered_once_and_only_if_it_is_asked_for():
    asked = []

    def double(windows):
        asked.append(windows[:, 0, 0, 0].tolist())
        return np.repeat(2 * windows[:, 0, 0], 3, axis=1)

    kept = KeptAnswers(double, np.arange(10, dtype=np.float32).reshape(10, 1, 1, 1), classes=3)
    assert kept[np.array([[5, 0], [7, 5]])].tolist() == [[[10] * 3, [0] * 3], [[14] * 3, [10] * 3]]
    assert kept[np.array([7, 1])].tolist() == [[14] * 3, [2] * 3]
    assert kept[np.array([0, 5])].tolist() == [[0] * 3, [10] * 3]
    assert asked == [[0, 5, 7], [1]]
