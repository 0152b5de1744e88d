"""Answers of a model: its probabilities for any number of windows, read a batch at a time, from one graph."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf
import tf_keras as keras

from tsnas.data import AnyWindows
from tsnas.system.interrupts import raise_if_interrupted

BATCH = 64

Answers = Callable[[AnyWindows], np.ndarray]


def answers_of(model: keras.Model) -> Answers:
    """Returns a function of windows that returns the probabilities of a model.

    Its graph is built once; `predict` would build a data set for each call.

    Args:
        model: tf_keras model from windows to probabilities.

    Returns:
        Function of a float32 array (windows, time, channels, 1), as the model takes them, or such `Windows`, that
        returns a float32 array (windows, classes).

    Example:
        >>> answers_of(model)(x).argmax(axis=1)
        array([0, 2, 1])
    """

    @tf.autograph.experimental.do_not_convert
    def answer(batch: tf.Tensor) -> tf.Tensor:
        return model(batch, training=False)

    function = tf.function(answer, [tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)], autograph=False)

    @functools.cache
    def built() -> Callable[[np.ndarray], tf.Tensor]:
        # By its name TensorFlow would take the function of one model for that of another, and warn of many graphs.
        return function if tf.config.functions_run_eagerly() else function.get_concrete_function()

    def answers(windows: AnyWindows) -> np.ndarray:
        found = np.empty((len(windows), model.output_shape[-1]), np.float32)
        for start in range(0, len(windows), BATCH):
            raise_if_interrupted()
            found[start : start + BATCH] = built()(tf.constant(windows[start : start + BATCH]))
        return found

    return answers


class KeptAnswers:
    """Answers to windows by their rows, each found when it is first asked for: a training may end before it needs all.

    Args:
        answers: function of windows, as `answers_of` returns it.
        windows: float array (windows, time, channels, 1), or such `Windows`.
        classes: int, number of classes.

    Example:
        >>> KeptAnswers(answers_of(model), x, classes=3)[np.array([[5, 0], [7, 5]])].shape
        (2, 2, 3)
    """

    def __init__(self, answers: Answers, windows: AnyWindows, classes: int):
        self._answers, self._windows = answers, windows
        self._found = np.empty((len(windows), classes), np.float32)
        self._known = np.zeros(len(windows), bool)

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        missing = np.unique(rows[~self._known[rows]])
        if len(missing):
            self._found[missing] = self._answers(self._windows[missing])
            self._known[missing] = True
        return self._found[rows]
