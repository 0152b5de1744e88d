"""TrainingLoop: the steps of a training as one graph, which is built once for any windows and any number of steps."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf
import tf_keras as keras

from tsnas.data import AnyWindows, mean_one
from tsnas.system.forks import check_can_compute
from tsnas.system.interrupts import raise_if_interrupted
from tsnas.training.adam import Adam
from tsnas.training.answers import KeptAnswers
from tsnas.training.augment import Augment
from tsnas.training.batch_norm import RowBatchNormalization
from tsnas.training.dropout import SeededDropout

WARM_UP_SHARE = 0.05
# After so many steps with hardly a wrong answer, augmented windows and dropout included, further ones teach hardly
# anything: the learning rate falls to zero within a share of the epochs that were planned.
SOLVED_STEPS, LAST_SHARE = 48, 0.2
# Some augmented windows of any training are wrong: at most so many, or this share of small batches, are hardly any.
MOST_WRONG, MOST_WRONG_SHARE = 6, 1 / 128
# So many steps are one call, after which callbacks hear of them: a call costs as much as a small step.
STEPS_PER_CALL = 16
VALIDATION_BATCH = 256
# A number of wrong answers that is computed from means may differ from a whole one by so much.
ROUNDING = 0.01


class TrainingLoop:
    """Trains a model with Adam and cosine decay; a further training takes the same graph.

    All draws of a step depend on the seed and the step alone, so a training does not depend on those before it.

    Args:
        model: tf_keras model whose output is a softmax.
        batch_size: int, windows in a batch.
        label_smoothing: float in [0, 1).
        augment: augmentation, as in `tsnas.training.train.train_float`.
        answers: tf_keras model whose output is trained instead of the model's, and may have an axis of members before
            that of the classes; it shares the model's weights. Defaults to None: the model.

    Example:
        >>> loop = TrainingLoop(model, 64, 0.1, scale_and_noise)
        >>> history = loop.run(windows, labels, epochs=40, learning_rate=3e-3, seed=0)
    """

    def __init__(
        self,
        model: keras.Model,
        batch_size: int,
        label_smoothing: float,
        augment: Augment,
        answers: keras.Model | None = None,
    ):
        self._model, self._batch_size = model, batch_size
        self._answers = answers or model
        self._smoothing, self._augment = label_smoothing, augment
        self._strategy = model.distribute_strategy
        self._adam = Adam(model.trainable_variables, self._strategy)
        self._dropouts = [layer for layer in model.layers if isinstance(layer, SeededDropout)]
        self._norms = [layer for layer in model.layers if isinstance(layer, RowBatchNormalization)]
        shape, classes = model.input_shape[1:], model.output_shape[-1]
        self._function = tf.function(
            self._steps,
            input_signature=[
                tf.TensorSpec((None, batch_size, *shape), tf.float32),
                tf.TensorSpec((None, batch_size, classes), tf.float32),
                tf.TensorSpec((None, batch_size), tf.float32),
                tf.TensorSpec((None,), tf.float32),
                tf.TensorSpec((3,), tf.int32),
            ],
            autograph=False,
        )

    def run(
        self,
        windows: AnyWindows,
        labels: np.ndarray | KeptAnswers,
        epochs: int,
        learning_rate: float,
        seed: int,
        validation_data: tuple[np.ndarray, np.ndarray] | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        verbose: int = 0,
        until_solved: bool = False,
        sample_weight: np.ndarray | None = None,
    ) -> dict[str, list[float]]:
        """Trains the model from the weights that it has.

        Args:
            windows: float32 array (windows, time, channels, 1), or such `Windows`, read a few batches at a time.
            labels: float32 array (windows, classes), one-hot or probabilities; or such `KeptAnswers`.
            epochs: int, passes over the windows; an incomplete last batch is left out of its epoch.
            learning_rate: float, peak of the cosine, after a warm-up of 5% of the steps.
            seed: int, seed of shuffling, augmentation and dropout.
            validation_data: (windows, labels) of the same kind, evaluated after each epoch. Defaults to None.
            callbacks: sequence of tf_keras callbacks, which hear of steps a few at a time. Defaults to none.
            verbose: int, as in `keras.Model.fit`. Defaults to 0.
            until_solved: bool, whether the learning rate falls early, and training ends, once at most six answers, and
                at most one of 128, have been wrong in 48 steps. Defaults to False: there are `epochs` epochs.
            sample_weight: float array (windows,), factors of the losses of windows, which are divided by their mean.
                Defaults to None: all windows weigh the same.

        Returns:
            dict of log key to a list with one value for each epoch.
        """
        check_can_compute()
        per_epoch = len(windows) // self._batch_size
        steps = per_epoch * epochs
        rates = learning_rate * _cosine(steps)
        weights = np.ones(len(windows), np.float32) if sample_weight is None else mean_one(sample_weight)
        self._adam.reset()
        if validation_data is not None:
            self._model.compile(
                loss=keras.losses.CategoricalCrossentropy(label_smoothing=self._smoothing),
                metrics=[keras.metrics.CategoricalAccuracy("accuracy")],
            )
        heard = keras.callbacks.CallbackList(
            list(callbacks),
            add_history=True,
            add_progbar=verbose != 0,
            model=self._model,
            verbose=verbose,
            epochs=epochs,
            steps=per_epoch,
        )
        self._model.stop_training = False
        heard.on_train_begin()
        accuracies: list[float] = []
        for epoch in range(epochs):
            if epoch * per_epoch >= len(rates):
                break
            heard.on_epoch_begin(epoch)
            own_rates = rates[epoch * per_epoch :][:per_epoch]
            logs = self._epoch(windows, labels, weights, epoch, steps, own_rates, seed, callbacks)
            accuracies.append(logs["accuracy"])
            if until_solved and _is_solved(accuracies, per_epoch, self._batch_size):
                last = math.ceil(LAST_SHARE * epochs) * per_epoch
                rates, until_solved = _shortened(rates, (epoch + 1) * per_epoch, last), False
            if validation_data is not None:
                found = self._model.evaluate(*validation_data, batch_size=VALIDATION_BATCH, verbose=0, return_dict=True)
                logs |= {f"val_{name}": value for name, value in found.items()}
            heard.on_epoch_end(epoch, logs)
            if self._model.stop_training:
                break
        heard.on_train_end()
        return self._model.history.history

    def _epoch(self, windows, labels, weights, epoch, steps, rates, seed, callbacks) -> dict[str, float]:
        """Runs the steps of an epoch, or as many as callbacks let it, and returns the means of loss and accuracy."""
        totals, done = np.zeros(2), 0
        # By its name TensorFlow would take the function of one network for that of another, and warn of many graphs.
        eager = tf.config.functions_run_eagerly()
        call = self._function if eager else self._function.get_concrete_function()
        for rows in self._batches(len(windows), epoch, seed):
            first = epoch * (len(windows) // self._batch_size) + done
            own_rates = np.float32(rates[done : done + len(rows)])
            raise_if_interrupted()
            numbers = np.array([first, steps, seed % 2**31], np.int32)
            totals += call(windows[rows], labels[rows], weights[rows], own_rates, numbers).numpy()
            # Keras's list of callbacks would time them, and find them slow beside a step that is over.
            for step, callback in itertools.product(range(done, done + len(rows)), callbacks):
                callback.on_train_batch_begin(step)
                callback.on_train_batch_end(step)
            done += len(rows)
            if self._model.stop_training:
                break
        return dict(zip(("loss", "accuracy"), (totals / done).tolist(), strict=True))

    def _batches(self, count: int, epoch: int, seed: int) -> Iterator[np.ndarray]:
        """Yields the rows of a few batches at a time (steps, batch); each row is drawn at most once."""
        per_epoch = count // self._batch_size
        order = np.random.default_rng([seed, epoch]).permutation(count)[: per_epoch * self._batch_size]
        yield from np.array_split(order.reshape(per_epoch, self._batch_size), math.ceil(per_epoch / STEPS_PER_CALL))

    def _steps(
        self, windows: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor, rates: tf.Tensor, numbers: tf.Tensor
    ) -> tf.Tensor:
        """Runs a step for each batch; returns the sums of loss and accuracy."""
        first, steps, seed = tf.unstack(numbers)
        count = tf.shape(windows)[0]

        def run(index: tf.Tensor, totals: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            step = first + index
            batch = windows[index], labels[index], weights[index]
            found = self._strategy.run(self._step, (*batch, rates[index], seed, step, steps))
            return index + 1, totals + self._strategy.reduce(tf.distribute.ReduceOp.SUM, found, None)

        return tf.while_loop(lambda index, _: index < count, run, (0, tf.zeros(2)))[1]

    def _step(
        self,
        windows: tf.Tensor,
        labels: tf.Tensor,
        weights: tf.Tensor,
        rate: tf.Tensor,
        seed: tf.Tensor,
        step: tf.Tensor,
        steps: tf.Tensor,
    ) -> tf.Tensor:
        """Updates the weights by one batch, of which each replica takes its share."""
        context = tf.distribute.get_replica_context()
        replicas = context.num_replicas_in_sync
        windows = self._augment(windows, [seed, step])
        if replicas > 1:
            share = self._batch_size // replicas
            start = share * context.replica_id_in_sync_group
            windows, labels, weights = (part[start : start + share] for part in (windows, labels, weights))
        targets = labels
        for place, layer in enumerate(self._dropouts):
            layer.draw = [seed + place + 2, step * replicas + context.replica_id_in_sync_group]
        # Otherwise the statistics of a short training would still be those at its start.
        memory = tf.maximum(0.5, 1.0 - 10.0 / tf.cast(steps, tf.float32))
        for layer in self._norms:
            layer.memory = tf.minimum(layer.momentum, memory)
        with tf.GradientTape() as tape:
            predicted = self._answers(windows, training=True)
            if len(predicted.shape) == 3:
                targets = tf.repeat(targets[:, tf.newaxis], predicted.shape[1], axis=1)
                weights = weights[:, tf.newaxis]
            losses = keras.losses.categorical_crossentropy(targets, predicted, label_smoothing=self._smoothing)
            loss = tf.reduce_mean(losses * weights) / replicas
        self._adam.update(tape.gradient(loss, self._model.trainable_variables), rate, step)
        right = tf.reduce_mean(keras.metrics.categorical_accuracy(targets, predicted)) / replicas
        return tf.stack([loss, right])


def _is_solved(accuracies: Sequence[float], per_epoch: int, batch_size: int) -> bool:
    """Returns whether hardly any answers of the last epochs, which have at least `SOLVED_STEPS` steps, were wrong."""
    epochs = math.ceil(SOLVED_STEPS / per_epoch)
    answers = per_epoch * batch_size
    wrong = sum((1.0 - accuracy) * answers for accuracy in accuracies[-epochs:])
    most = min(MOST_WRONG, MOST_WRONG_SHARE * epochs * answers)
    return len(accuracies) >= epochs and wrong <= most + ROUNDING


def _cosine(steps: int) -> np.ndarray:
    """Returns the fraction of the learning rate at each step: a straight rise from zero, then half a cosine to zero."""
    warm_up = max(1, round(WARM_UP_SHARE * steps))
    done = np.arange(steps)
    fall = 0.5 * (1.0 + np.cos(math.pi * np.clip((done - warm_up) / max(steps - warm_up, 1), 0.0, 1.0)))
    return np.where(done < warm_up, done / warm_up, fall)


def _shortened(rates: np.ndarray, done: int, most: int) -> np.ndarray:
    """Returns the rates of steps with those that are left thinned out to so many, if they are more."""
    left = min(len(rates) - done, most)
    kept = np.linspace(done, len(rates) - 1, left).round().astype(int)
    return np.concatenate([rates[:done], rates[kept]])


@tf.autograph.experimental.do_not_convert
def for_training(model: keras.Model) -> keras.Model:
    """Copies a model, weights included; some layers of the copy are others that compute the same for a `TrainingLoop`.

    Batch normalisation trains in wide rows, which is faster, and dropout does not depend on earlier trainings.

    Args:
        model: tf_keras functional model.

    Returns:
        tf_keras functional model; `model.set_weights(copy.get_weights())` transfers what it has learned.

    Example:
        >>> copy = for_training(model)
        >>> copy.get_layer("stem_bn")
        <tsnas.training.batch_norm.RowBatchNormalization object at ...>
    """

    def copied(layer: keras.layers.Layer) -> keras.layers.Layer:
        # A subclass may compute something else, so it is left alone.
        kind = type(layer)
        if kind is keras.layers.BatchNormalization and layer.scale and layer.center and list(layer.axis) == [3]:
            kind = RowBatchNormalization
        elif kind is keras.layers.Dropout:
            kind = SeededDropout
        return kind.from_config(layer.get_config())

    with model.distribute_strategy.scope():
        copy = keras.models.clone_model(model, clone_function=copied)
        copy.set_weights(model.get_weights())
    return copy
