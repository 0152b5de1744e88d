"""Tensors of a parsed .tflite model: their shapes, types and constants, checked when they are read."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from tsnas.errors import FloatModelError, ModelFileError
from tsnas.graph.ops import Shape

EXPORT_HINT = "Export the model with a fixed batch of 1: convert a concrete function whose input shape starts with 1."
# The address space of a Cortex-M for RAM is larger, but no tensor of a model is: a file that says so is damaged.
MOST_BYTES = 2**26
TYPE_BYTES = {"INT8": 1, "INT32": 4}
TYPE_NAMES = {value: name for name, value in vars(schema.TensorType).items() if not name.startswith("_")}


class Tensors:
    """Tensors and buffers of the only subgraph of a model.

    Args:
        tensors: list of `TensorT`.
        buffers: list of `BufferT`.
        source: str, the file, for messages.

    Attributes:
        names: list of str, a unique name for each tensor.
    """

    def __init__(self, tensors: Sequence[Any], buffers: Sequence[Any], source: str):
        self._tensors = tensors
        self._buffers = buffers
        self._source = source
        self.names = unique([text(tensor.name) for tensor in tensors])

    def __len__(self) -> int:
        return len(self._tensors)

    def error(self, what: str) -> ModelFileError:
        """Returns an error that names the file, to be raised."""
        return ModelFileError(f"Model {self._source}: {what}.")

    def item(self, items: Sequence[Any], index: int, what: str) -> Any:
        """Returns `items[index]`, or raises an error that names what is missing."""
        if not 0 <= index < len(items):
            raise self.error(f"it refers to {what} {index} of {len(items)}; the file is damaged")
        return items[index]

    def tensor(self, index: int) -> Any:
        """Returns a tensor as a `TensorT`."""
        return self.item(self._tensors, index, "tensor")

    def rank(self, index: int) -> int:
        """Returns the number of dimensions of a tensor."""
        return len(indices(self.tensor(index).shape))

    def activation_shape(self, index: int) -> Shape:
        """Returns (height, width, channels) of an int8 tensor with a batch of 1; one of rank 3 has a width of 1."""
        tensor = self.tensor(index)
        self._check_type(index, "INT8")
        shape = indices(tensor.shape)
        signature = indices(tensor.shapeSignature) or shape
        if len(shape) not in (2, 3, 4):
            raise self.error(
                f"tensor {self.names[index]!r} has shape {shape}; known are (1, channels), (1, h, channels) and "
                "(1, h, w, channels)"
            )
        if signature[0] != 1 or shape[0] != 1:
            batch = "dynamic" if signature[0] == -1 else shape[0]
            raise self.error(f"tensor {self.names[index]!r} has a batch that is {batch}. {EXPORT_HINT[:-1]}")
        if min(shape) < 1 or min(signature) < 1:
            raise self.error(f"tensor {self.names[index]!r} has shape {signature}; all sizes must be fixed")
        height, width, channels = {2: (1, 1, shape[-1]), 3: (shape[1], 1, shape[-1]), 4: tuple(shape[1:])}[len(shape)]
        if math.prod(shape) > MOST_BYTES:
            raise self.error(
                f"tensor {self.names[index]!r} has shape {shape}: more bytes than any board has ({MOST_BYTES})"
            )
        return height, width, channels

    def check_computed(self, index: int) -> None:
        """Makes sure that a tensor is an int8 activation, and not a constant, which no operator may write to."""
        self.activation_shape(index)
        if self.data(self.tensor(index).buffer):
            raise self.error(f"tensor {self.names[index]!r} is computed, but has constant values in the file")

    def constant_shape(self, index: int, rank: int, type_name: str) -> list[int]:
        """Returns the shape of a constant of that rank and type, all of whose values are in the file."""
        tensor = self.tensor(index)
        self._check_type(index, type_name)
        shape = indices(tensor.shape)
        if len(shape) != rank or min(shape) < 1:
            raise self.error(f"constant {self.names[index]!r} has shape {shape}; it must have {rank} dimensions")
        expected, found = math.prod(shape) * TYPE_BYTES[type_name], len(self.data(tensor.buffer))
        if found != expected:
            raise self.error(
                f"constant {self.names[index]!r} has shape {shape}, {expected} bytes, but {found} in the file"
            )
        return shape

    def integers(self, index: int) -> list[int] | None:
        """Returns the values of a constant int32 tensor, flattened; None if it is not constant."""
        tensor = self.tensor(index)
        self._check_type(index, "INT32")
        data = self.data(tensor.buffer)
        if not data or len(data) % 4:
            return None
        return list(struct.unpack(f"<{len(data) // 4}i", data))

    def data(self, buffer: int) -> bytes:
        """Returns the content of a buffer, empty if it has none."""
        content = self.item(self._buffers, buffer, "buffer").data
        return b"" if content is None else bytes(content)

    def quantisation(self, index: int) -> tuple[list[float], list[int]]:
        """Returns the scales and zero points of a tensor, empty if it has none."""
        quantization = self.tensor(index).quantization
        if quantization is None:
            return [], []
        scales = [] if quantization.scale is None else [float(scale) for scale in quantization.scale]
        return scales, indices(quantization.zeroPoint)

    def _check_type(self, index: int, type_name: str) -> None:
        actual = TYPE_NAMES.get(self.tensor(index).type, "of an unknown type")
        if actual != type_name:
            raise FloatModelError(
                f"Model {self._source}: tensor {self.names[index]!r} is {actual}, not {type_name}. Convert the model "
                "with full int8 quantisation, inference_input_type=tf.int8 and inference_output_type=tf.int8."
            )


def indices(values: Any) -> list[int]:
    """Returns a vector of the file as a list."""
    return [] if values is None else [int(value) for value in values]


def text(name: bytes | None) -> str:
    """Returns a name of the file as text."""
    return (name or b"").decode("utf-8", errors="replace")


def unique(names: list[str]) -> list[str]:
    """Returns unique names: the index is appended to names that are empty or repeated."""
    seen: set[str] = set()
    unique = []
    for index, name in enumerate(names):
        candidate = name or f"tensor_{index}"
        while candidate in seen:
            candidate = f"{candidate}_{index}"
        seen.add(candidate)
        unique.append(candidate)
    return unique
