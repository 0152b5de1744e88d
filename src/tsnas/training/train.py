"""Training of a plain Keras model: first in float, then quantisation-aware from the float weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from tsnas.data import AnyWindows, check_sample_weight
from tsnas.data.model_arrays import as_windows, one_hot
from tsnas.errors import SettingError
from tsnas.system.absent import absent
from tsnas.system.arguments import is_int, is_number
from tsnas.training.answers import KeptAnswers, answers_of
from tsnas.training.augment import Augment, scale_and_noise, unchanged
from tsnas.training.core_model import check_core_model, unwrapped
from tsnas.training.loop import TrainingLoop, for_training
from tsnas.training.members import member_answers
from tsnas.training.ranges import calibrate_ranges, input_range
from tsnas.training.rounding import rounding_as_on_board
from tsnas.training.seed import fixed_seed, kept_random_state

with absent("keras"):
    import tensorflow_model_optimization as tfmot

ROUNDINGS = ("board", "nearest")


def train_float(
    model: keras.Model,
    x: AnyWindows,
    y: np.ndarray,
    *,
    epochs: int,
    batch_size: int = 64,
    learning_rate: float = 3e-3,
    label_smoothing: float = 0.1,
    seed: int,
    augment: Augment = scale_and_noise,
    validation_data: tuple[np.ndarray, np.ndarray] | None = None,
    callbacks: Sequence[Any] = (),
    verbose: int = 0,
    until_solved: bool = False,
    sample_weight: np.ndarray | None = None,
) -> dict[str, list[float]]:
    """Trains a model in float, in place, with Adam, cosine decay and augmented windows.

    Callbacks see a copy, which is trained instead; the model gets its weights when training has ended.

    The same model, data and seed give the same weights, bit for bit, on the same machine.

    Args:
        model: plain tf_keras model whose output is a softmax.
        x: float array (windows, time, channels) or (windows, time, channels, 1), standardised; or such
            `tsnas.data.Windows`, which are read batch by batch.
        y: int array (windows,), classes from 0 to classes - 1.
        epochs: int, passes over the windows.
        batch_size: int, windows per step; an incomplete last batch is left out of its epoch. Defaults to 64.
        learning_rate: float, peak of the cosine, after a warm-up of 5% of the steps. Defaults to 3e-3.
        label_smoothing: float in [0, 1). Defaults to 0.1.
        seed: int, seed of shuffling, augmentation and dropout.
        augment: function of a batch of windows (batch, time, channels, 1) and the seed of its step, a pair of ints,
            that returns the batch to train on, in operations of TensorFlow alone: AutoGraph converts nothing.
            Defaults to `tsnas.training.augment.scale_and_noise`.
        validation_data: (x, y), evaluated after each epoch. Defaults to None.
        callbacks: sequence of tf_keras callbacks. Defaults to none.
        verbose: int, as in `keras.Model.fit`. Defaults to 0.
        until_solved: bool, whether training may end early: once at most six answers, and at most one of 128, have been
            wrong in 48 steps, the learning rate falls to zero within a fifth of the epochs. Defaults to False.
        sample_weight: float array (windows,), weights of the windows in the loss. Defaults to None: all are the same.

    Returns:
        dict of `loss` and `accuracy`, and with validation data `val_loss` and `val_accuracy`, each to a list with one
        value for each epoch.

    Raises:
        CoreModelError: a model with layers that the search space does not have.
        WindowShapeError, LengthMismatchError, UnknownLabelError: windows or labels that do not fit the model.
        SampleWeightError: weights that cannot be used.
        SettingError: a setting out of range.

    Example:
        >>> history = train_float(model, x, y, epochs=40, seed=0, validation_data=(x_val, y_val))
        >>> history["val_accuracy"][-1]
        0.94
    """
    training = FloatTraining(model, augment, label_smoothing)
    return training.run(
        x,
        y,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=seed,
        validation_data=validation_data,
        callbacks=callbacks,
        verbose=verbose,
        until_solved=until_solved,
        sample_weight=sample_weight,
    )


class FloatTraining:
    """Trainings in float of one model, each from the weights that it has at first, as `train_float` does one.

    Trainings with batches of the same size share a graph, which takes as long to build as hundreds of small steps.

    Args:
        model: as in `train_float`.
        augment, label_smoothing: as in `train_float`.

    Attributes:
        model: the same model, which has the weights of the last training.

    Raises:
        CoreModelError: a model with layers that the search space does not have.

    Example:
        >>> training = FloatTraining(model)
        >>> for (x, y), _ in splits:
        ...     training.run(x, y, epochs=10, seed=0)
    """

    def __init__(self, model: keras.Model, augment: Augment = scale_and_noise, label_smoothing: float = 0.1):
        check_core_model(model)
        self.model, self._augment, self._label_smoothing = model, augment, label_smoothing
        self._start = model.get_weights()
        with kept_random_state():
            self._trained = for_training(model)
        self._loops: dict[int, TrainingLoop] = {}

    def run(
        self,
        x: AnyWindows,
        y: np.ndarray,
        *,
        epochs: int,
        batch_size: int = 64,
        learning_rate: float = 3e-3,
        seed: int,
        validation_data: tuple[np.ndarray, np.ndarray] | None = None,
        callbacks: Sequence[Any] = (),
        verbose: int = 0,
        until_solved: bool = False,
        sample_weight: np.ndarray | None = None,
    ) -> dict[str, list[float]]:
        """Trains the model, in place.

        Args:
            x, y, epochs, batch_size, learning_rate, seed, validation_data: as in `train_float`.
            callbacks, verbose, until_solved, sample_weight: as in `train_float`.

        Returns:
            dict, as `train_float` returns it.

        Raises:
            WindowShapeError, LengthMismatchError, UnknownLabelError, SettingError: as in `train_float`.
        """
        settings = _Settings(epochs, batch_size, learning_rate, self._label_smoothing, seed)
        windows, labels, validation_data = _checked(self.model, x, y, validation_data)
        size = min(batch_size, len(windows))
        # TensorFlow forgets how it runs its graphs when it is given a seed, and no draw of a graph depends on that one.
        is_new = size not in self._loops
        with fixed_seed(seed) if is_new else kept_random_state():
            if is_new:
                smoothing, answers = self._label_smoothing, member_answers(self._trained)
                self._loops[size] = TrainingLoop(self._trained, size, smoothing, self._augment, answers=answers)
            self._trained.set_weights(self._start)
            history = self._loops[size].run(
                windows,
                labels,
                settings.epochs,
                learning_rate,
                seed,
                validation_data,
                callbacks,
                verbose,
                until_solved,
                check_sample_weight(sample_weight, len(windows)),
            )
        self.model.set_weights(self._trained.get_weights())
        return history


def train_quantised(
    model: keras.Model,
    x: AnyWindows,
    y: np.ndarray,
    *,
    epochs: int,
    batch_size: int = 64,
    learning_rate: float = 3e-4,
    label_smoothing: float = 0.1,
    seed: int,
    augment: Augment = unchanged,
    dropout: float = 0.0,
    follow: bool = True,
    rounding: str = "board",
    validation_data: tuple[np.ndarray, np.ndarray] | None = None,
    callbacks: Sequence[Any] = (),
    verbose: int = 0,
    until_solved: bool = False,
    sample_weight: np.ndarray | None = None,
) -> keras.Model:
    """Trains a quantisation-aware copy of a trained float model, ready for `convert_int8`.

    The copy is trained as the network that will run on the board. Windows are clipped to a range that
    `tsnas.training.ranges.input_range` chooses, as int8 input is. Activation ranges start at those that the float model
    shows on the training windows; tfmot starts at (-6, 6), which its slow moving average would take thousands of steps
    to leave. Sums of convolutions are rounded as in the board's kernels. Batch normalisation uses the float model's
    statistics throughout, as the converted model does. There is neither dropout nor augmentation.

    The targets are the float model's probabilities for the windows as they are. That model was trained for much longer,
    on augmented windows, and labels would only drive the copy away from what it has learned.

    Args:
        model: trained tf_keras model; it is not changed.
        x, y, epochs, batch_size, seed, validation_data, callbacks, verbose: as in `train_float`.
        sample_weight: as in `train_float`.
        until_solved: as in `train_float`; an answer is wrong if it differs from the target's.
        label_smoothing: as in `train_float`; has an effect only if `follow` is False.
        learning_rate: float, peak of the cosine. Defaults to 3e-4.
        augment: as in `train_float`. Defaults to `tsnas.training.augment.unchanged`.
        dropout: float in [0, 1), rate of the model's dropout layers during this training. Defaults to 0.
        follow: bool, whether the targets are the float model's probabilities, in which case `accuracy` is the fraction
            of windows on which both models agree; otherwise they are the labels. Defaults to True.
        rounding: `"board"` or `"nearest"`, whether the sums of convolutions are rounded in training as in the board's
            kernels (see `tsnas.training.rounding`) or to the nearest value, as in tfmot. Defaults to `"board"`.

    Returns:
        tf_keras model with tfmot's quantisation wrappers, from windows to probabilities. It can be saved as .h5, but
        not as .keras.

    Raises:
        CoreModelError, WindowShapeError, LengthMismatchError, UnknownLabelError, SettingError: as in `train_float`.

    Example:
        >>> qat_model = train_quantised(model, x, y, epochs=10, seed=0)
        >>> tflite = convert_int8(qat_model)

    Source: Jacob et al., Quantization and Training of Neural Networks for Efficient
        Integer-Arithmetic-Only Inference, 2018; Hinton et al., Distilling the Knowledge in a Neural Network, 2015.
    """
    check_core_model(model)
    settings = _Settings(epochs, batch_size, learning_rate, label_smoothing, seed)
    if rounding not in ROUNDINGS:
        raise SettingError(f"rounding={rounding!r} must be one of {', '.join(map(repr, ROUNDINGS))}.")
    with fixed_seed(seed):
        # Without the softmax, whose fake-quantised probabilities of 0 have no gradient.
        logits_model = keras.Model(model.input, model.layers[-1].input, name=model.name)
        quantised = _quantised(logits_model)
        windows, labels, validation_data = _checked(model, x, y, validation_data)
        answers = answers_of(model)
        low, high = input_range(answers, windows, seed=seed)
        calibrate_ranges(quantised, logits_model, windows, low, high, seed=seed)
        _set_batch_norm_trainable(quantised, False)
        _set_dropout(quantised, dropout)
        softmax = keras.layers.Softmax(name=model.layers[-1].name)
        qat_model = keras.Model(quantised.input, softmax(quantised.output), name=model.name)

        def augmented(windows: tf.Tensor, seed: Sequence[int | tf.Tensor]) -> tf.Tensor:
            return tf.clip_by_value(augment(windows, seed), low, high)

        if follow:
            settings = dataclasses.replace(settings, label_smoothing=0.0)
        trained = rounding_as_on_board(qat_model) if rounding == "board" else qat_model
        size = min(settings.batch_size, len(windows))
        loop = TrainingLoop(trained, size, settings.label_smoothing, augmented)
        loop.run(
            windows,
            KeptAnswers(answers, windows, model.output_shape[-1]) if follow else labels,
            settings.epochs,
            learning_rate,
            seed,
            validation_data,
            callbacks,
            verbose,
            until_solved,
            check_sample_weight(sample_weight, len(windows)),
        )
        # A frozen layer inside tfmot's wrapper lists its weights twice, which an .h5 file does not allow.
        _set_batch_norm_trainable(quantised, True)
    return qat_model


# TensorFlow would take as long to convert the source code of tfmot's layers as these take to train for many steps.
_quantised = tf.autograph.experimental.do_not_convert(tfmot.quantization.keras.quantize_model)


@dataclasses.dataclass(frozen=True)
class _Settings:
    """Checked numbers of one training run."""

    epochs: int
    batch_size: int
    learning_rate: float
    label_smoothing: float
    seed: int

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("batch_size", 1), ("seed", 0)):
            value = getattr(self, name)
            if not is_int(value, least):
                raise SettingError(f"{name}={value!r} must be a whole number of at least {least}.")
        if not (is_number(self.learning_rate) and self.learning_rate > 0):
            raise SettingError(f"learning_rate={self.learning_rate!r} must be a finite number above 0, such as 3e-3.")
        if not (is_number(self.label_smoothing) and 0 <= self.label_smoothing < 1):
            raise SettingError(f"label_smoothing={self.label_smoothing!r} must be in [0, 1), such as 0.1.")


def _checked(
    model: keras.Model, x: AnyWindows, y: np.ndarray, validation_data: tuple[np.ndarray, np.ndarray] | None
) -> tuple[AnyWindows, np.ndarray, tuple[np.ndarray, np.ndarray] | None]:
    """Returns windows, one-hot labels, and both for validation, in the form that the model takes."""
    shape, classes = model.input_shape[1:], model.output_shape[-1]
    windows = as_windows(x, shape)
    labels = one_hot(y, classes, len(x))
    if validation_data is not None:
        x_val, y_val = validation_data
        validation_data = (as_windows(x_val, shape)[:], one_hot(y_val, classes, len(x_val)))
    return windows, labels, validation_data


def _batch_norms(model: keras.Model) -> list[keras.layers.BatchNormalization]:
    return [layer for layer in map(unwrapped, model.layers) if isinstance(layer, keras.layers.BatchNormalization)]


def _set_dropout(model: keras.Model, rate: float) -> None:
    for layer in map(unwrapped, model.layers):
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = rate


def _set_batch_norm_trainable(model: keras.Model, trainable: bool) -> None:
    for layer in _batch_norms(model):
        layer.trainable = trainable
