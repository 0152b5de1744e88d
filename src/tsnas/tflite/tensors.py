"""Tensors of a parsed .tflite model: their shapes, types and constants, checked when they are read."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any, NoReturn

from ai_edge_litert import schema_py_generated as schema

from tsnas.errors import FloatModelError, ModelFileError
from tsnas.graph.shapes import AnyShape, Shape

EXPORT_HINT = "Export the model with a fixed batch of 1: convert a concrete function whose input shape starts with 1."
INT8_HINT = (
    "Convert the model with full int8 quantisation: a representative_dataset and "
    "target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]."
)
# The address space of a Cortex-M for RAM is larger, but no tensor of a model is: a file that says so is damaged.
MOST_BYTES = 2**26
TYPE_BYTES = {"INT8": 1, "UINT8": 1, "BOOL": 1, "INT16": 2, "INT32": 4, "FLOAT32": 4, "INT64": 8}
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

    def place(self, outputs: Sequence[int]) -> str:
        """Returns what an operator writes, for messages: empty if it writes nothing that exists."""
        named = [self.names[index] for index in outputs if 0 <= index < len(self.names)]
        return f", which writes {named[0]!r}," if named else ""

    def rank(self, index: int) -> int:
        """Returns the number of dimensions of a tensor."""
        return len(indices(self.tensor(index).shape))

    def type_name(self, index: int) -> str:
        """Returns the type of a tensor's values as TFLite names it."""
        return TYPE_NAMES.get(self.tensor(index).type, "of an unknown type")

    def has_type(self, type_name: str) -> bool:
        """Returns whether any tensor has values of that type."""
        return any(TYPE_NAMES.get(tensor.type) == type_name for tensor in self._tensors)

    def is_constant(self, index: int) -> bool:
        """Returns whether the values of a tensor are in the file."""
        return bool(self.data(self.tensor(index).buffer))

    def is_state(self, index: int) -> bool:
        """Returns whether a tensor keeps its values from one inference to the next."""
        return bool(self.tensor(index).isVariable)

    def shape(self, index: int) -> list[int]:
        """Returns all dimensions of a tensor; none for a scalar."""
        shape = indices(self.tensor(index).shape)
        if shape and min(shape) < 1:
            raise self.error(f"tensor {self.names[index]!r} has shape {shape}; all sizes must be fixed")
        if math.prod(shape) > MOST_BYTES:
            raise self.error(
                f"tensor {self.names[index]!r} has shape {shape}: more bytes than any board has ({MOST_BYTES})"
            )
        return shape

    def is_empty(self, index: int) -> bool:
        """Returns whether a tensor has no values at all, as some that only name a place have."""
        return 0 in indices(self.tensor(index).shape)

    def byte_size(self, index: int) -> int:
        """Returns the bytes of a tensor's values."""
        name = self.type_name(index)
        if name not in TYPE_BYTES:
            raise self.error(f"tensor {self.names[index]!r} is {name}; known are {', '.join(TYPE_BYTES)}")
        return math.prod(self.shape(index)) * TYPE_BYTES[name]

    def plain_shape(self, index: int) -> AnyShape:
        """Returns the shape of a tensor of any type and rank, without a batch of 1."""
        shape = self.shape(index)
        return tuple(shape[1:]) if len(shape) > 1 and shape[0] == 1 else tuple(shape) or (1,)

    def batch(self, index: int) -> int:
        """Returns the number of images of a tensor of four dimensions."""
        shape = self.shape(index)
        return shape[0] if len(shape) == 4 else 1

    def image_shape(self, index: int) -> Shape:
        """Returns (height, width, channels) of each of an int8 tensor's images."""
        self._check_type(index, "INT8")
        if self.batch(index) == 1:
            return self.activation_shape(index)
        _, height, width, channels = self.shape(index)
        return height, width, channels

    def activation_shape(self, index: int) -> Shape:
        """Returns (height, width, channels) of an int8 tensor of up to four dimensions, with a batch of 1.

        Those that lack a height or width have 1 of it; the rows of a matrix are its height.
        """
        self._check_type(index, "INT8")
        shape = self.shape(index)
        if len(shape) > 4 or (len(shape) == 4 and shape[0] != 1):
            raise self.error(
                f"tensor {self.names[index]!r} has shape {shape}; known are (channels), (1, channels), "
                "(1, h, channels) and (1, h, w, channels), with a batch that is 1"
            )
        *rest, channels = self.plain_shape(index)
        height, width = (*rest, 1, 1)[:2]
        return height, width, channels

    def check_input(self, index: int) -> None:
        """Makes sure that a tensor can be an input of the network: of a batch of 1, with sizes that are fixed."""
        shape, signature = self.shape(index), indices(self.tensor(index).shapeSignature)
        # The signature of a batch that may be any says -1; the interpreter on a board reads the shape alone.
        if len(shape) > 1 and shape[0] != 1:
            raise self.error(f"tensor {self.names[index]!r} has a batch that is {shape[0]}. {EXPORT_HINT[:-1]}")
        if any(size < 1 for size in signature[1:]):
            raise self.error(
                f"input {self.names[index]!r} has the signature {signature}: axes other than the batch are dynamic. "
                "Export the model for windows of one length"
            )
        self.check_computed(index)

    def check_computed(self, index: int) -> None:
        """Makes sure that a tensor is not a constant, which no operator may write to."""
        self.byte_size(index)
        if self.is_constant(index):
            raise self.error(f"tensor {self.names[index]!r} is computed, but has constant values in the file")

    def constant_shape(self, index: int, rank: int, type_name: str) -> list[int]:
        """Returns the shape of a constant of that rank and type, all of whose values are in the file."""
        tensor = self.tensor(index)
        self._check_type(index, type_name)
        shape = indices(tensor.shape)
        if len(shape) != rank or min(shape, default=1) < 1:
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
        if self.type_name(index) != type_name:
            self.raise_type(index, expected=type_name)

    def raise_type(self, index: int, before: str = "", after: str = "", expected: str = "INT8") -> NoReturn:
        """Raises the error of a tensor of another type, which says what it is and how to convert."""
        actual = self.type_name(index)
        what = f"Model {self._source}: {before}tensor {self.names[index]!r} is {actual}, not {expected}"
        if actual == "INT16":
            what += ": activations of 16 bits with weights of 8, for which tsnas has neither costs nor kernels"
        raise FloatModelError(f"{what}.{after} {INT8_HINT}")


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
