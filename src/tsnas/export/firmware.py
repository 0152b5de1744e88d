"""The facts that firmware needs about a finished model, read from the .tflite file itself."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from typing import Any, TypeGuard

import numpy as np

from tsnas.cost.board import Board, load_board
from tsnas.cost.estimate import Estimate, estimate_tflite
from tsnas.data import Channels, Rejection, Signal, Standardizer, smooth_answers, smooth_rejections
from tsnas.data.smoothing import MOST_WINDOWS
from tsnas.errors import ExportError, ModelFileError
from tsnas.export.rejection_levels import Levels
from tsnas.export.stream import ring_bytes
from tsnas.graph.graph import Graph
from tsnas.system.arguments import is_int
from tsnas.tflite.graph_reader import read_graph
from tsnas.tflite.interpreter import Int8Model
from tsnas.tflite.metadata import read_metadata

UNKNOWN_DATA = (
    "This .tflite file does not say how its input is standardised or how its classes are named; export a file that was "
    "made by a search of tsnas. `tsnas estimate` and `tsnas verify` take any int8 file."
)


def _knows_data(metadata: Any) -> TypeGuard[dict[str, Any]]:
    """Whether metadata say what raw windows and classes are."""
    return isinstance(metadata, dict) and {"classes", "standardization"} <= set(metadata)


@dataclasses.dataclass(frozen=True)
class Firmware:
    """A finished model from the firmware's point of view.

    Args:
        tflite: bytes of a .tflite file made by tsnas, which contains class names and standardisation.
        board: `Board` for which it was made.
        smooth: int, number of windows over which a stream's answers are averaged. Not in the file, which answers
            windows one by one. Defaults to 1: each answer by itself.

    Raises:
        ExportError: the file has no metadata of tsnas.
        ModelFileError, FloatModelError: the bytes are not an int8 .tflite file, or the metadata are damaged.

    Example:
        >>> firmware = Firmware.of(clf.tflite_model_)
        >>> firmware.quantise(x[:1]).shape
        (1, 128, 6, 1)
    """

    tflite: bytes
    board: Board
    smooth: int = 1

    def __post_init__(self) -> None:
        if not (is_int(self.smooth, 1) and self.smooth <= MOST_WINDOWS):
            raise ModelFileError(
                f"A model smooths over 1 to {MOST_WINDOWS} windows, not {self.smooth!r}; save it again."
            )
        metadata = read_metadata(self.tflite)
        if not _knows_data(metadata):
            raise ExportError(UNKNOWN_DATA)
        names = metadata["classes"]
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ModelFileError(f"This .tflite file has {names!r} as its classes, not a list of names.")
        # Checked before the interpreter is made, which trusts its input.
        time, channels, _ = self.graph.input_shape
        if self.signal is not None and (self.signal.window, len(self.taken)) != (time, channels):
            raise ModelFileError(
                f"This .tflite file takes windows of {time} samples and {channels} channels, but its metadata say that "
                f"they come from {self.signal}; export it again."
            )
        _ = self.rejection  # Raises ModelFileError if it is damaged.
        sizes = (len(names), len(self.standardizer.mean))
        if sizes != (self.model.classes, self.model.window_shape[1]):
            raise ExportError(
                f"This .tflite file has {self.model.classes} outputs and {self.model.window_shape[1]} channels, but "
                f"names for {sizes[0]} classes and a standardisation of {sizes[1]} channels; export it again."
            )
        with np.errstate(over="ignore", under="ignore"):
            if not (np.isfinite(self.mean).all() and np.isfinite(self.step).all() and (self.step > 0).all()):
                raise ModelFileError(
                    f"The standardisation in this .tflite file is beyond float32: {self.standardizer}; export it again."
                )

    @classmethod
    def of(cls, tflite: bytes, board: Any = None, kernels: str | None = None, smooth: int = 1) -> Firmware:
        """Creates the firmware of a .tflite file for a board and its kernels, by default those that the file names."""
        if board is None:
            metadata = read_metadata(tflite)
            # A board would not help such a file.
            if not _knows_data(metadata):
                raise ExportError(UNKNOWN_DATA)
            board, kernels = metadata.get("board"), kernels or metadata.get("kernels")
            if board is None:
                raise ExportError("This .tflite file does not name its board; give one, such as 'nucleo_f446re'.")
        return cls(bytes(tflite), load_board(board, kernels), smooth)

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """The metadata that tsnas stored in the file."""
        return read_metadata(self.tflite) or {}

    @cached_property
    def model(self) -> Int8Model:
        """The model in the reference interpreter."""
        return Int8Model(self.tflite)

    @cached_property
    def graph(self) -> Graph:
        """The operators of the model."""
        return read_graph(self.tflite)

    @cached_property
    def estimate(self) -> Estimate:
        """The estimated costs of the model on the board."""
        return estimate_tflite(self.tflite, self.board)

    @cached_property
    def standardizer(self) -> Standardizer:
        """Mean and standard deviation of each channel."""
        return Standardizer.from_json(self.metadata["standardization"])

    @property
    def classes(self) -> list[str]:
        """Names of the classes."""
        return list(self.metadata["classes"])

    @cached_property
    def signal(self) -> Signal | None:
        """The `Signal` that turns samples into windows; None if the model was trained on windows."""
        signal = self.metadata.get("signal")
        return None if signal is None else Signal.from_json(signal)

    @cached_property
    def rejection(self) -> Rejection | None:
        """The `Rejection` of windows that are like none of the classes; None if there is none."""
        values = self.metadata.get("rejection")
        return None if values is None else Rejection.from_json(values, len(self.classes), self.graph.input_shape[1])

    @cached_property
    def rejection_levels(self) -> Levels | None:
        """The same for levels of the input, as the board computes it."""
        if self.rejection is None:
            return None
        return Levels.of(self.rejection, self.graph.input_shape[0], self.model.input_scale, self.model.input_zero_point)

    def rejects(self, x: np.ndarray) -> np.ndarray:
        """Computes which windows are rejected, exactly as the board does.

        Args:
            x: array (windows, time, channels) in raw sensor units.

        Returns:
            bool array (windows,).
        """
        return np.zeros(len(x), bool) if self.rejection_levels is None else self._rejects_levels(self.quantise(x))

    def _rejects_levels(self, quantised: np.ndarray) -> np.ndarray:
        if self.rejection_levels is None:
            return np.zeros(len(quantised), bool)
        return self.rejection_levels.rejects(quantised[..., 0])

    def answers(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Computes the answers to the windows of one stream exactly as the board does, smoothed over `smooth` of them.

        Args:
            x: array (windows, time, channels) in raw sensor units, in the order of the stream.

        Returns:
            (codes, rejected): int array (windows,) of classes, and bool array (windows,), which answers are a rejection
                instead.
        """
        quantised = self.quantise(x)
        rejected = self._rejects_levels(quantised)
        levels = self.model.predict_int8(quantised).astype(np.int64) - self.model.output_zero_point
        means = smooth_answers(levels, self.smooth, rejected)
        return means.argmax(axis=1), smooth_rejections(rejected, self.smooth)

    @property
    def channels(self) -> Channels | None:
        """Names, units and rate of the raw channels; None if they are not known."""
        found = Channels.from_json(self.metadata.get("channels"))
        return found if found is not None and len(found.names) > max(self.taken) else None

    @property
    def taken(self) -> list[int]:
        """The channels of a raw sample that the model takes, in the model's order."""
        chosen = None if self.signal is None else self.signal.channels
        return list(range(self.graph.input_shape[1]) if chosen is None else chosen)

    @property
    def decimation(self) -> int:
        """The number of raw samples that are averaged into one sample of the model."""
        return 1 if self.signal is None else self.signal.decimation

    @property
    def ring_bytes(self) -> int:
        """The RAM that smoothing takes."""
        return ring_bytes(self.smooth, len(self.classes), self.rejection is not None)

    @property
    def mean(self) -> np.ndarray:
        """The float32 array (channels,) that is subtracted from a raw sample."""
        return np.array(self.standardizer.mean, np.float32)

    @property
    def step(self) -> np.ndarray:
        """The float32 array (channels,) of raw units per level of the model's input."""
        return (np.array(self.standardizer.std) * self.model.input_scale).astype(np.float32)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Computes probabilities exactly as the board does.

        Args:
            x: array (windows, time, channels) in raw sensor units.

        Returns:
            float32 array (windows, classes).
        """
        levels = self.model.predict_int8(self.quantise(x)).astype(np.float32)
        return (levels - self.model.output_zero_point) * np.float32(self.model.output_scale)

    def quantise(self, x: np.ndarray) -> np.ndarray:
        """Quantises raw windows to int8 with the exact arithmetic of the exported C: float32, one operation at a time.

        Args:
            x: array (windows, time, channels) in raw sensor units.

        Returns:
            int8 array (windows, time, channels, 1).
        """
        # Beyond float32 is infinite in C as well, and clipped.
        with np.errstate(over="ignore"):
            scaled = (np.asarray(x, np.float32) - self.mean) / self.step
        levels = np.round(scaled) + np.float32(self.model.input_zero_point)
        return np.clip(levels, -128, 127).astype(np.int8)[..., np.newaxis]
