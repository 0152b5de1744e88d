"""Model: the finished model of a job, with everything that is known about it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tf_keras as keras

from tsnas.cost.board import Board
from tsnas.cost.estimate import Estimate
from tsnas.cost.limits import Limits
from tsnas.data import (
    Axes,
    Signal,
    Standardizer,
    Windows,
    check_labels,
    check_lengths,
    check_recordings,
    check_sample_weight,
    cut_windows,
    encode_labels,
    raw_windows,
    windows_and_labels,
)
from tsnas.data.labels import have_label
from tsnas.errors import SettingError, WindowShapeError
from tsnas.export.firmware import Firmware
from tsnas.model.plain_scores import PlainScores
from tsnas.model.scores import Judged, scores
from tsnas.space.architecture import Architecture
from tsnas.system.forks import check_can_compute
from tsnas.training.answers import answers_of

# Windows that are read at once.
PORTION = 4096


@dataclasses.dataclass(frozen=True, eq=False)
class Model:
    """A finished model: the int8 file that keeps its limits on a board, the float network, and their history.

    Args:
        firmware: `Firmware`, the int8 file as firmware sees it, and its board.
        float_network: float network, from raw windows (batch, time, channels) to probabilities.
        limits: `Limits` that were asked for, including the deadline of the signal.
        estimate: `Estimate` of the file on the board.
        architecture: `Architecture`.
        standardizer: `Standardizer`, mean and standard deviation of each channel, which firmware must apply.
        classes: array of the class labels, sorted.
        axes: tuple of the triples of channels that were rotated in training.
        signal: `Signal` that windows were cut from recordings by, or None.
        seed: int, seed of the job.
        history: dict of phases, as `AutoClassifier.history_`.
        data_summary: dict, as `AutoClassifier.data_summary_`, or None.
        versions: dict, as `AutoClassifier.versions_`.
        plain_scores: dict, as `AutoClassifier.plain_scores_`. Defaults to None.

    Example:
        >>> model = tsnas.load("runs/demo").model_
        >>> model.estimate.latency_ms, model.limits.max_latency_ms
        (29.3, 30.0)
    """

    firmware: Firmware
    float_network: keras.Model
    limits: Limits
    estimate: Estimate
    architecture: Architecture
    standardizer: Standardizer
    classes: np.ndarray
    axes: Axes
    signal: Signal | None
    seed: int
    history: dict[str, Any]
    data_summary: dict[str, Any] | None
    versions: dict[str, str]
    plain_scores: PlainScores | None = None

    @property
    def tflite(self) -> bytes:
        """Bytes of the int8 model, with input (1, time, channels, 1) and output (1, classes)."""
        return self.firmware.tflite

    @property
    def board(self) -> Board:
        """Board that the model was made for."""
        return self.firmware.board

    def predict(self, x: Any) -> np.ndarray:
        """Predicts the labels of windows with the int8 model.

        Args:
            x: array (windows, time, channels), or (windows, time) for one channel, in raw sensor units.

        Returns:
            array (windows,) of labels from `classes`.

        Raises:
            DataError: windows that cannot be used.
        """
        return self.classes[self.predict_proba(x).argmax(axis=1)]

    def rejects(self, x: Any) -> np.ndarray:
        """Returns which windows the int8 model rejects, because they are like none of the classes.

        Args:
            x: as in `predict`.

        Returns:
            bool array (windows,); all False if the model has no rejection.

        Raises:
            DataError: windows that cannot be used.
        """
        return np.concatenate([self.firmware.rejects(part) for part in _portions(self._checked(x))])

    def predict_proba(self, x: Any) -> np.ndarray:
        """Predicts the probabilities of the classes with the int8 model; rows sum to 1.

        Args:
            x: as in `predict`.

        Returns:
            float32 array (windows, classes), columns in the order of `classes`.

        Raises:
            DataError: windows that cannot be used.
        """
        probabilities = np.concatenate([self.firmware.predict(part) for part in _portions(self._checked(x))])
        # The output has steps of 1/256, so its sum is only near 1.
        return probabilities / probabilities.sum(axis=1, keepdims=True)

    def predict_recordings(
        self, recordings: Sequence[Any], predict: Callable[[np.ndarray], np.ndarray] | None = None
    ) -> list[np.ndarray]:
        """Predicts the labels of all windows of recordings with the int8 model, smoothed as on the board.

        Args:
            recordings: sequence of arrays (time, channels) in raw sensor units, with all channels.
            predict: function of the windows of a recording to labels, such as that of an estimator that has one for
                rejected windows. Defaults to None: the classes of `answers`.

        Returns:
            list of arrays, one for each recording, with a label for each window; empty if a recording is too short.

        Raises:
            SettingError: the model has no `signal`, which recordings are cut by.
            DataError: recordings that cannot be used.
        """
        signal = self.signal
        if signal is None:
            raise SettingError("This classifier was fitted on windows, so it cannot cut recordings: use predict.")
        found = []
        for recording in check_recordings(recordings, signal):
            if len(recording) // signal.decimation < signal.window:
                found.append(self.classes[:0])
            else:
                windows = cut_windows([recording], [0], signal)[0]
                found.append(self.classes[self.answers(windows)[0]] if predict is None else predict(windows))
        return found

    def answers(self, x: Any) -> tuple[np.ndarray, np.ndarray]:
        """Computes the answers of the board to the windows of one stream, smoothed over `firmware.smooth` of them.

        Args:
            x: as in `predict`, in the order of the stream.

        Returns:
            (codes, rejected): int array (windows,) of places in `classes`, and bool array (windows,), which answers are
                a rejection instead.

        Raises:
            DataError: windows that cannot be used.
        """
        return self.firmware.answers(self._checked(x)[:])

    def evaluate(
        self,
        x: Any,
        y: Any = None,
        predict_proba: Callable[[np.ndarray], np.ndarray] | None = None,
        sample_weight: Any = None,
        other_class: Any = None,
    ) -> dict[str, dict[str, float]]:
        """Computes accuracy and macro-F1 of the float network and of the int8 model.

        Args:
            x: windows as in `predict`, or a tf.data.Dataset of (x, y).
            y: labels of shape (windows,). Defaults to None, for a tf.data.Dataset.
            predict_proba: as in `judge`. Defaults to None.
            sample_weight, other_class: as in `judge`. Default to None.

        Returns:
            `{"float": {"accuracy": ..., "macro_f1": ...}, "int8": {...}}`, each between 0 and 1. With a rejection,
            `"int8"` has the share of windows that are `"rejected"`, whose classes count in the scores all the same, and
            of windows of no class, if there are any, `"other_rejected"`.

        Raises:
            UnknownLabelError: labels that do not occur in training.
            DataError: windows or labels that cannot be used.
        """
        judged = self.judge(x, y, predict_proba=predict_proba, sample_weight=sample_weight, other_class=other_class)
        found = {kind: scores(judged.codes, guesses, judged.weights) for kind, guesses in judged.predicted.items()}
        found["int8"] |= judged.shares()
        return found

    def judge(
        self,
        x: Any,
        y: Any = None,
        name: str = "x",
        predict_proba: Callable[[np.ndarray], np.ndarray] | None = None,
        sample_weight: Any = None,
        other_class: Any = None,
    ) -> Judged:
        """Predicts the classes of labelled windows with the float network and with the int8 model.

        Args:
            x: windows (windows, time, channels) in raw sensor units, or a tf.data.Dataset of (x, y).
            y: labels of shape (windows,). Defaults to None, for a tf.data.Dataset.
            name: str, the name of `x` in messages, such as `"x_test"`, beside which labels are `"y_test"`. Defaults to
                `"x"`.
            predict_proba: function of windows to probabilities that stands for the int8 model, such as that of an
                estimator that changes them. Defaults to None, `predict_proba` of the model.
            sample_weight: array (windows,), weights of the windows. Defaults to None: those of the dataset, if it has
                any.
            other_class: label of windows of no class, of which it is only told whether they are rejected. Defaults to
                None: there are none.

        Returns:
            `Judged`.

        Raises:
            UnknownLabelError: labels that do not occur in training.
            DataError: windows or labels that cannot be used.
            WorkerError: this process was forked from one in which TensorFlow had computed.
        """
        x, y, sample_weight = windows_and_labels(x, y, name, sample_weight)
        y_name = "y" if name == "x" else name.replace("x_", "y_")
        windows = self._checked(x, name)
        check_lengths(**{name: windows, y_name: y})
        weights = check_sample_weight(sample_weight, len(windows))
        other = None
        if other_class is not None:
            y = check_labels(y, y_name)
            is_other = have_label(y, other_class)
            other = self.rejects(np.asarray(windows.source)[is_other]) if is_other.any() else np.zeros(0, bool)
            y, windows = y[~is_other], Windows(np.asarray(windows.source)[~is_other])
            weights = None if weights is None else weights[~is_other]
        codes, _ = encode_labels(y, self.classes, y_name)
        check_can_compute()
        probabilities = {
            "float": answers_of(self.float_network)(windows),
            "int8": (predict_proba or self.predict_proba)(np.asarray(windows.source)),
        }
        predicted = {kind: p.argmax(axis=1) for kind, p in probabilities.items()}
        rejected = None if self.firmware.rejection is None else self.rejects(np.asarray(windows.source))
        return Judged(codes, predicted, weights, rejected, other)

    def _checked(self, x: Any, name: str = "x") -> Windows:
        expected = (self.architecture.time, self.architecture.channels)
        if getattr(x, "shape", None) == expected:
            time, channels = expected
            raise WindowShapeError(
                f"{name} has shape {expected}, that of a single window (time, channels), but the model takes an array "
                f"of shape (windows, {time}, {channels}); give {name}[np.newaxis]."
            )
        windows = raw_windows(x, name)
        if windows.shape[1:] != expected:
            raise WindowShapeError(
                f"Windows have shape {windows.shape[1:]}, but the model was trained on {expected} (time, channels); "
                "give windows with the length and the channels of the training windows."
            )
        return windows


def _portions(windows: Windows) -> Iterator[np.ndarray]:
    """Yields whole batches of windows, so many that a call of a network is worth it."""
    for start in range(0, len(windows), PORTION):
        yield windows[start : start + PORTION]


def raw_network(network: keras.Model, standardizer: Standardizer) -> keras.Model:
    """Adds the standardisation to a float network, so that it takes raw windows (batch, time, channels)."""
    time, channels = network.input_shape[1:3]
    inputs = keras.Input((time, channels), name="raw_windows")
    mean, std = np.array(standardizer.mean), np.array(standardizer.std)
    # Keras's Normalization takes no deviation to be below 1e-7, as that of currents in amperes may be, and squares it.
    x = keras.layers.Rescaling(1.0, (-mean).tolist(), name="centre")(inputs)
    x = keras.layers.Rescaling((1 / std).tolist(), name="standardize")(x)
    x = keras.layers.Reshape((time, channels, 1), name="one_feature")(x)
    return keras.Model(inputs, network(x), name="tsnas_float")
