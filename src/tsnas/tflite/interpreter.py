"""Runs int8 .tflite files on the host, with exactly the outputs that the board will compute."""

from __future__ import annotations

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from tsnas.data.model_arrays import as_windows
from tsnas.errors import DtypeError, ModelFileError, WindowShapeError
from tsnas.tflite.graph_reader import check_runnable

# More windows at once gain nothing further.
BATCH = 256
# The reference kernels compute what the board computes. TFLite's optimised kernels take a quarter of the time, but
# their rounding differs: on 3,000 windows of a trained network some outputs were off by one, with XNNPACK many.
RESOLVER = OpResolverType.BUILTIN_REF


class Int8Model:
    """An int8 classifier in a .tflite file, run by TFLite's interpreter on the host.

    Args:
        tflite: bytes of a fully int8 .tflite file with input (1, time, channels, 1) and output (1, classes).

    Raises:
        ModelFileError: bytes that are not a .tflite file that the interpreter can run.
        FloatModelError: a tensor that is not int8.

    Example:
        >>> model = Int8Model(tflite)
        >>> model.predict(x).shape      # x: (3000, 128, 9), standardised
        (3000, 6)
    """

    def __init__(self, tflite: bytes):
        if not isinstance(tflite, bytes | bytearray):
            raise ModelFileError(f"Expected the bytes of a .tflite file, got {type(tflite).__name__}; read it first.")
        # Before the interpreter, which trusts what it is given.
        check_runnable(tflite)
        try:
            self._interpreter = Interpreter(
                model_content=bytes(tflite), experimental_op_resolver_type=RESOLVER, num_threads=1
            )
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelFileError(
                f"TFLite cannot load this file of {len(tflite)} bytes: {error}. Export it again."
            ) from error
        inputs, outputs = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        shapes = [[tuple(map(int, details["shape"])) for details in group] for group in (inputs, outputs)]
        if [list(map(len, group)) for group in shapes] != [[4], [2]]:
            raise ModelFileError(
                "A classifier has one input (1, time, channels, 1) and one output (1, classes); this file has inputs "
                f"of shapes {shapes[0]} and outputs of shapes {shapes[1]}."
            )
        (self._input,), (self._output,) = inputs, outputs

    @property
    def window_shape(self) -> tuple[int, int, int]:
        """Shape of one window: (time, channels, 1)."""
        _, time, channels, features = (int(size) for size in self._input["shape"])
        return time, channels, features

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self._output["shape"][-1])

    @property
    def input_scale(self) -> float:
        """Scale of the int8 input: one step, in standard deviations of the sensor."""
        return float(self._input["quantization"][0])

    @property
    def input_zero_point(self) -> int:
        """Zero point of the int8 input: the int8 value that stands for 0."""
        return int(self._input["quantization"][1])

    @property
    def output_scale(self) -> float:
        """Scale of the int8 output: one step, as a probability."""
        return float(self._output["quantization"][0])

    @property
    def output_zero_point(self) -> int:
        """Zero point of the int8 output: the int8 value that stands for 0."""
        return int(self._output["quantization"][1])

    def quantise(self, x: np.ndarray) -> np.ndarray:
        """Quantises windows as the board's firmware does: round(x / scale) + zero point, clipped to int8.

        Args:
            x: float array (windows, time, channels) or (windows, time, channels, 1), standardised.

        Returns:
            int8 array (windows, time, channels, 1).

        Raises:
            WindowShapeError, NonFiniteError: windows that do not fit the model.
        """
        windows = as_windows(x, self.window_shape)[:]
        levels = np.round(windows / np.float32(self.input_scale)) + self.input_zero_point
        return np.clip(levels, -128, 127).astype(np.int8)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Predicts the probabilities of the classes.

        Args:
            x: float array (windows, time, channels) or (windows, time, channels, 1), standardised.

        Returns:
            float32 array (windows, classes).

        Raises:
            WindowShapeError, NonFiniteError: windows that do not fit the model.
        """
        levels = self.predict_int8(self.quantise(x)).astype(np.float32)
        return (levels - self.output_zero_point) * np.float32(self.output_scale)

    def predict_int8(self, q: np.ndarray) -> np.ndarray:
        """Predicts the raw int8 output of raw int8 input, bit for bit as the board computes it.

        Args:
            q: int8 array (windows, time, channels, 1).

        Returns:
            int8 array (windows, classes).

        Raises:
            DtypeError: input that is not int8.
            WindowShapeError: windows that do not fit the model.
        """
        q = np.asarray(q)
        if q.dtype != np.int8:
            raise DtypeError(f"Input is {q.dtype}; predict_int8 takes int8. Use predict for float windows.")
        if q.shape[1:] != self.window_shape:
            time, channels, _ = self.window_shape
            raise WindowShapeError(f"Input has shape {q.shape}; this model takes (windows, {time}, {channels}, 1).")
        out = np.empty((len(q), self.classes), dtype=np.int8)
        for start in range(0, len(q), BATCH):
            batch = q[start : start + BATCH]
            try:
                self._resize(len(batch))
                self._interpreter.set_tensor(self._input["index"], batch)
                self._interpreter.invoke()
            except (ValueError, RuntimeError) as error:
                raise ModelFileError(f"TFLite cannot run this model: {error}. Export it again.") from error
            out[start : start + len(batch)] = self._interpreter.get_tensor(self._output["index"])
        return out

    def _resize(self, batch: int) -> None:
        if self._interpreter.get_input_details()[0]["shape"][0] != batch:
            self._interpreter.resize_tensor_input(self._input["index"], (batch, *self.window_shape))
            self._interpreter.allocate_tensors()
