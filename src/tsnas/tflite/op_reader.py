"""Turns operators of a .tflite file into descriptors: which of them are known, and what each must look like.

Those of `tsnas.tflite.other_reader` are read there: operators that no firmware of tsnas runs, and others used in ways
for which this file has no descriptor.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from tsnas.errors import UnsupportedOpError
from tsnas.graph.ops import (
    Add,
    AveragePool2D,
    BatchedConv2D,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    GlobalAveragePooling2D,
    GroupedConv2D,
    MaxPool2D,
    Op,
    Pad,
    Reshape,
    Softmax,
)
from tsnas.graph.shapes import AnyShape, effective_kernel
from tsnas.tflite.other_reader import OTHER_OPS, OtherReader, is_float_border
from tsnas.tflite.tensors import Tensors

LARGEST_WINDOW = 2**16
_ACTIVATION_NAMES = {value: name for name, value in vars(schema.ActivationFunctionType).items() if name[0] != "_"}
_PADDINGS = {schema.Padding.SAME: "same", schema.Padding.VALID: "valid"}
_ACTIVATIONS = {
    schema.ActivationFunctionType.NONE: "none",
    schema.ActivationFunctionType.RELU: "relu",
    schema.ActivationFunctionType.RELU6: "relu",
}


@dataclasses.dataclass(frozen=True)
class _Signature:
    """How many inputs an operator may have, the type of its options (None: any), and which inputs are activations."""

    n_inputs: tuple[int, ...]
    options: type | None
    n_activations: int = 1


_SIGNATURES = {
    "CONV_2D": _Signature((3,), schema.Conv2DOptionsT),
    "DEPTHWISE_CONV_2D": _Signature((3,), schema.DepthwiseConv2DOptionsT),
    "FULLY_CONNECTED": _Signature((2, 3), schema.FullyConnectedOptionsT),
    "ADD": _Signature((2,), schema.AddOptionsT, n_activations=2),
    "MEAN": _Signature((2,), schema.ReducerOptionsT),
    "MAX_POOL_2D": _Signature((1,), schema.Pool2DOptionsT),
    "AVERAGE_POOL_2D": _Signature((1,), schema.Pool2DOptionsT),
    "RESHAPE": _Signature((1, 2), None),
    "PAD": _Signature((2,), None),
    "SOFTMAX": _Signature((1,), schema.SoftmaxOptionsT),
}


SUPPORTED = ", ".join(dict.fromkeys((*_SIGNATURES, *OTHER_OPS)))
# What to do without the operators that people meet most.
_OPEN_BATCH = (
    "where it comes from a dense layer on a sequence that is converted with an open batch, which computes shapes on "
    "the board, convert a concrete function whose input shape starts with 1"
)
HINTS = {
    "GELU": "use ReLU or hard swish instead",
    "WHILE": "unroll the recurrent layer (unroll=True), or use convolutions over time",
    "CUSTOM": "an interpreter on a board has no kernel for it; leave out the layer that it comes from",
    "GATHER": _OPEN_BATCH,
    "REDUCE_PROD": _OPEN_BATCH,
}
DEFAULT_HINT = "build the network from layers that convert to supported ones"


class OpReader:
    """Reads the operators of one model.

    Args:
        tensors: `Tensors` of the model.
        source: str, the file, for messages.
    """

    def __init__(self, tensors: Tensors, source: str):
        self._tensors = tensors
        self._source = source
        self._others = OtherReader(tensors, source)
        # Those that return None have no descriptor of their own for what they read.
        self._readers: dict[str, Callable[[str, Any, list[int], int], Op | None]] = {
            "CONV_2D": self._conv2d,
            "DEPTHWISE_CONV_2D": self._depthwise,
            "FULLY_CONNECTED": self._fully_connected,
            "ADD": self._add,
            "MEAN": self._mean,
            "MAX_POOL_2D": self._max_pool,
            "AVERAGE_POOL_2D": self._average_pool,
            "RESHAPE": self._reshape,
            "PAD": self._pad,
            "SOFTMAX": self._softmax,
        }

    def read(self, index: int, name: str, options: Any, inputs: list[int], outputs: list[int]) -> tuple[Op, list[int]]:
        """Returns the descriptor of an operator, and the activation tensors that it computes with.

        Args:
            index: int, its place in the file.
            name: str, name of the TFLite operator.
            options: its options.
            inputs, outputs: list of int, indices of its tensors; -1 is an optional input that is left out.

        Returns:
            (descriptor, indices of the activations among its inputs).

        Raises:
            UnsupportedOpError: an operator, or a way of using it, without a cost model.
            ModelFileError, FloatModelError: a damaged file, a tensor that is not int8.
        """
        where = f"operator {index} ({name})"
        if name not in self._readers and name not in OTHER_OPS:
            raise UnsupportedOpError(
                f"Model {self._source}: {where}{self._tensors.place(outputs)} has no cost model; "
                f"{HINTS.get(name, DEFAULT_HINT)}. Supported are {SUPPORTED}."
            )
        if not outputs or not inputs:
            raise self._tensors.error(f"{where} has {len(inputs)} inputs and {len(outputs)} outputs")
        for tensor in (*inputs, *outputs):
            if tensor != -1 or tensor in outputs:
                self._tensors.tensor(tensor)
        activations = [t for t in inputs if t != -1 and not self._tensors.is_constant(t)]
        self._check_types(where, name, [*activations, *outputs])
        if name not in self._readers:
            return self._others.read(where, name, options, inputs, outputs), activations
        signature = _SIGNATURES[name]
        if signature.options is not None and not isinstance(options, signature.options):
            raise self._tensors.error(
                f"{where} lacks its {signature.options.__name__.removesuffix('T')}; the file is damaged"
            )
        if len(inputs) not in signature.n_inputs or len(outputs) != 1:
            expected = " or ".join(map(str, signature.n_inputs))
            raise self._tensors.error(
                f"{where} has {len(inputs)} inputs and {len(outputs)} outputs, not {expected} and 1"
            )
        if -1 in inputs[: signature.n_activations]:
            raise self._tensors.error(f"{where} lacks an input")
        op = self._readers[name](where, options, inputs, outputs[0])
        if op is None:
            return self._others.read(where, name, options, inputs, outputs), activations
        written: AnyShape = tuple(self._tensors.shape(outputs[0]))
        if not isinstance(op, BatchedConv2D):
            written = self._tensors.activation_shape(outputs[0])
        # A dense layer keeps the axes before the last one.
        fits = written if isinstance(op, FullyConnected) and _as_rows(written) == op.out_shape else op.out_shape
        if written != fits:
            raise self._tensors.error(f"{where} writes shape {written}, but its inputs and options give {op.out_shape}")
        return op, inputs[: signature.n_activations]

    def _check_types(self, where: str, name: str, tensors: list[int]) -> None:
        """Makes sure that an operator that computes does so in int8; names those that stayed float."""
        if is_float_border(name):
            return
        for tensor in tensors:
            if self._tensors.type_name(tensor) == "FLOAT32":
                left = (
                    " The converter left this layer in float, for want of an int8 form of it: put another layer or "
                    "activation there. If it left all in float:"
                )
                self._tensors.raise_type(tensor, f"{where} computes in float: ", left * self._tensors.has_type("INT8"))

    def _conv2d(self, where: str, options: Any, inputs: list[int], output: int) -> Op:
        in_h, in_w, in_c = self._tensors.image_shape(inputs[0])
        out_c, kernel_h, kernel_w, kernel_c = self._tensors.constant_shape(inputs[1], 4, "INT8")
        self._check_bias(inputs)
        strides, padding = self._window(where, options)
        dilation = self._dilation(where, options, (kernel_h, kernel_w))
        activation = self._activation(where, options)
        if kernel_c != in_c:
            groups = in_c // kernel_c
            if in_c % kernel_c or out_c % groups:
                raise self._tensors.error(f"{where} has {in_c} input channels, but {out_c} filters for {kernel_c}")
            window = (kernel_h, kernel_w, *strides, padding, activation, *dilation)
            return self._of_batch(inputs[0], GroupedConv2D(in_h, in_w, in_c, out_c, groups, *window))
        conv = Conv2D(in_h, in_w, in_c, out_c, kernel_h, kernel_w, *strides, padding, activation, *dilation)
        return self._of_batch(inputs[0], conv)

    def _of_batch(self, source: int, conv: Any) -> Op:
        batch = self._tensors.batch(source)
        return conv if batch == 1 else BatchedConv2D(batch, conv)

    def _add(self, where: str, options: Any, inputs: list[int], output: int) -> Op | None:
        self._activation(where, options)
        if any(self._tensors.is_constant(t) or self._tensors.type_name(t) != "INT8" for t in inputs):
            return None
        if self._tensors.plain_shape(inputs[0]) != self._tensors.plain_shape(inputs[1]):
            return None
        return Add(*self._tensors.activation_shape(inputs[0]))

    def _mean(self, where: str, options: Any, inputs: list[int], output: int) -> Op | None:
        axes = self._tensors.integers(inputs[1])
        shape = self._tensors.shape(inputs[0])
        if axes is None or len(shape) not in (3, 4) or shape[0] != 1:
            return None
        # All axes but the batch and the channels, as layers of global average pooling write it.
        if sorted({axis % len(shape) for axis in axes}) != list(range(1, len(shape) - 1)):
            return None
        return GlobalAveragePooling2D(*self._tensors.activation_shape(inputs[0]))

    def _depthwise(self, where: str, options: Any, inputs: list[int], output: int) -> Op:
        shape = self._tensors.image_shape(inputs[0])
        _, kernel_h, kernel_w, out_c = self._tensors.constant_shape(inputs[1], 4, "INT8")
        self._check_bias(inputs)
        if out_c % shape[2]:
            raise self._tensors.error(f"{where} has {shape[2]} input channels, but filters for {out_c} outputs")
        strides, padding = self._window(where, options)
        dilation = self._dilation(where, options, (kernel_h, kernel_w))
        activation = self._activation(where, options)
        filters = out_c // shape[2]
        conv = DepthwiseConv2D(*shape, filters, kernel_h, kernel_w, *strides, padding, activation, *dilation)
        return self._of_batch(inputs[0], conv)

    def _fully_connected(self, where: str, options: Any, inputs: list[int], output: int) -> Op:
        shape = self._tensors.activation_shape(inputs[0])
        out_c, in_c = self._tensors.constant_shape(inputs[1], 2, "INT8")
        self._check_bias(inputs)
        rows, rest = divmod(math.prod(shape), in_c)
        if rest or not rows:
            raise self._tensors.error(f"{where} works on shape {shape} with weights for {in_c} inputs")
        per_channel = len(self._tensors.quantisation(inputs[1])[0]) > 1
        return FullyConnected(in_c, out_c, self._activation(where, options), per_channel, rows)

    def _max_pool(self, where: str, options: Any, inputs: list[int], output: int) -> Op:
        return MaxPool2D(*self._pool(where, options, inputs))

    def _average_pool(self, where: str, options: Any, inputs: list[int], output: int) -> Op:
        return AveragePool2D(*self._pool(where, options, inputs))

    def _pool(self, where: str, options: Any, inputs: list[int]) -> tuple[Any, ...]:
        shape = self._tensors.activation_shape(inputs[0])
        window = options.filterHeight, options.filterWidth
        if min(window) < 1 or max(window) > LARGEST_WINDOW:
            raise self._tensors.error(f"{where} has a window of {window}; each must be from 1 to {LARGEST_WINDOW}")
        strides, padding = self._window(where, options)
        activation = self._activation(where, options)
        return *shape, options.filterHeight, options.filterWidth, *strides, padding, activation

    def _reshape(self, where: str, options: Any, inputs: list[int], output: int) -> Op | None:
        if self._tensors.type_name(inputs[0]) != "INT8" or max(map(self._tensors.rank, (inputs[0], output))) > 4:
            return None
        before, after = (self._tensors.activation_shape(tensor) for tensor in (inputs[0], output))
        if math.prod(before) != math.prod(after):
            raise self._tensors.error(f"{where} turns shape {before} into {after}, which has another number of values")
        return Reshape(before, after)

    def _pad(self, where: str, options: Any, inputs: list[int], output: int) -> Op | None:
        amounts = self._tensors.integers(inputs[1])
        if amounts is None or len(amounts) != 8 or min(amounts) < 0 or any(amounts[:2] + amounts[6:]):
            return None
        return Pad(*self._tensors.activation_shape(inputs[0]), *amounts[2:6])

    def _softmax(self, where: str, options: Any, inputs: list[int], output: int) -> Op | None:
        h, w, c = self._tensors.activation_shape(inputs[0])
        return Softmax(c) if (h, w) == (1, 1) else None

    def _window(self, where: str, options: Any) -> tuple[tuple[int, int], str]:
        """Strides and padding of a convolution or a pooling."""
        if min(options.strideH, options.strideW) < 1 or options.padding not in _PADDINGS:
            raise self._tensors.error(
                f"{where} has strides ({options.strideH}, {options.strideW}), padding {options.padding}"
            )
        return (options.strideH, options.strideW), _PADDINGS[options.padding]

    def _dilation(self, where: str, options: Any, kernel: tuple[int, int]) -> tuple[int, int]:
        """Dilation of a convolution, no larger than the kernels compute with."""
        dilation: tuple[int, int] = options.dilationHFactor, options.dilationWFactor
        spans = [effective_kernel(taps, distance) for taps, distance in zip(kernel, dilation, strict=True)]
        if dilation != (1, 1) and (min(dilation) < 1 or max(*dilation, *spans) > LARGEST_WINDOW):
            raise self._tensors.error(
                f"{where} has dilation {dilation} for a kernel of {kernel}; each must be at least 1, and the kernel "
                f"may span {LARGEST_WINDOW} elements at most"
            )
        return dilation

    def _check_bias(self, inputs: list[int]) -> None:
        # A bias may be left out.
        if len(inputs) > 2 and inputs[2] != -1:
            self._tensors.constant_shape(inputs[2], 1, "INT32")

    def _activation(self, where: str, options: Any) -> str:
        function = options.fusedActivationFunction
        if function not in _ACTIVATIONS:
            name = _ACTIVATION_NAMES.get(function, f"number {function}")
            raise self._unsupported(where, f"has the fused activation {name}; only NONE, RELU and RELU6 are known")
        return _ACTIVATIONS[function]

    def _unsupported(self, where: str, what: str) -> UnsupportedOpError:
        return UnsupportedOpError(f"Model {self._source}: {where} {what}. Supported are {SUPPORTED}.")


def _as_rows(shape: tuple[int, ...]) -> tuple[int, ...]:
    return math.prod(shape[:-1]), 1, shape[-1]
