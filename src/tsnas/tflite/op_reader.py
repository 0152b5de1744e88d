"""Turns operators of a .tflite file into descriptors: which of them are known, and what each must look like."""

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
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    GlobalAveragePooling2D,
    MaxPool2D,
    Op,
    Pad,
    Reshape,
    Softmax,
    effective_kernel,
)
from tsnas.tflite.tensors import Tensors

SUPPORTED = (
    "CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, ADD, MEAN over both spatial axes, MAX_POOL_2D, AVERAGE_POOL_2D, "
    "RESHAPE, PAD, SOFTMAX"
)
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


class OpReader:
    """Reads the operators of one model.

    Args:
        tensors: `Tensors` of the model.
        source: str, the file, for messages.
    """

    def __init__(self, tensors: Tensors, source: str):
        self._tensors = tensors
        self._source = source
        self._readers: dict[str, Callable[[str, Any, list[int], int], Op]] = {
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
        """Returns the descriptor of an operator, and the activation tensors that it reads.

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
        if name not in self._readers:
            raise UnsupportedOpError(
                f"Model {self._source}: {where} has no cost model. Supported are {SUPPORTED}; "
                "build the network from layers that convert to these."
            )
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
        for position, tensor in enumerate((*inputs, *outputs)):
            if tensor != -1 or position < signature.n_activations or position >= len(inputs):
                self._tensors.tensor(tensor)
        op = self._readers[name](where, options, inputs, outputs[0])
        written = self._tensors.activation_shape(outputs[0])
        if written != op.out_shape:
            raise self._tensors.error(f"{where} writes shape {written}, but its inputs and options give {op.out_shape}")
        return op, inputs[: signature.n_activations]

    def _conv2d(self, where: str, options: Any, inputs: list[int], output: int) -> Op:
        in_h, in_w, in_c = self._tensors.activation_shape(inputs[0])
        out_c, kernel_h, kernel_w, kernel_c = self._tensors.constant_shape(inputs[1], 4, "INT8")
        self._check_bias(inputs)
        if kernel_c != in_c:
            raise self._unsupported(where, f"has groups: {in_c} input channels, but filters for {kernel_c}")
        strides, padding = self._window(where, options)
        dilation = self._dilation(where, options, (kernel_h, kernel_w))
        activation = self._activation(where, options)
        return Conv2D(in_h, in_w, in_c, out_c, kernel_h, kernel_w, *strides, padding, activation, *dilation)

    def _add(self, where: str, options: Any, inputs: list[int], output: int) -> Op:
        shapes = [self._tensors.activation_shape(tensor) for tensor in inputs]
        if shapes[0] != shapes[1]:
            raise self._unsupported(where, f"broadcasts shapes {shapes[0]} and {shapes[1]}; they must be equal")
        self._activation(where, options)
        return Add(*shapes[0])

    def _mean(self, where: str, options: Any, inputs: list[int], output: int) -> Op:
        shape = self._tensors.activation_shape(inputs[0])
        axes = self._tensors.integers(inputs[1])
        if axes is None:
            raise self._unsupported(where, "has axes that are not constant")
        rank = self._tensors.rank(inputs[0])
        if rank != 4 or {axis % 4 for axis in axes} != {1, 2}:
            raise self._unsupported(
                where, f"averages axes {axes} of {rank} dimensions; only axes [1, 2] of 4 are known"
            )
        return GlobalAveragePooling2D(*shape)

    def _depthwise(self, where: str, options: Any, inputs: list[int], output: int) -> Op:
        shape = self._tensors.activation_shape(inputs[0])
        _, kernel_h, kernel_w, out_c = self._tensors.constant_shape(inputs[1], 4, "INT8")
        self._check_bias(inputs)
        if out_c % shape[2]:
            raise self._tensors.error(f"{where} has {shape[2]} input channels, but filters for {out_c} outputs")
        strides, padding = self._window(where, options)
        dilation = self._dilation(where, options, (kernel_h, kernel_w))
        activation = self._activation(where, options)
        return DepthwiseConv2D(*shape, out_c // shape[2], kernel_h, kernel_w, *strides, padding, activation, *dilation)

    def _fully_connected(self, where: str, options: Any, inputs: list[int], output: int) -> Op:
        shape = self._tensors.activation_shape(inputs[0])
        out_c, in_c = self._tensors.constant_shape(inputs[1], 2, "INT8")
        self._check_bias(inputs)
        if math.prod(shape) != in_c:
            raise self._unsupported(where, f"works on shape {shape} with weights for {in_c} inputs: more than a vector")
        return FullyConnected(in_c, out_c, self._activation(where, options))

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

    def _reshape(self, where: str, options: Any, inputs: list[int], output: int) -> Op:
        before, after = (self._tensors.activation_shape(tensor) for tensor in (inputs[0], output))
        if math.prod(before) != math.prod(after):
            raise self._tensors.error(f"{where} turns shape {before} into {after}, which has another number of values")
        return Reshape(before, after)

    def _pad(self, where: str, options: Any, inputs: list[int], output: int) -> Op:
        shape = self._tensors.activation_shape(inputs[0])
        amounts = self._tensors.integers(inputs[1])
        if amounts is None:
            raise self._unsupported(where, "has paddings that are not constant")
        if len(amounts) != 8 or min(amounts) < 0 or any(amounts[:2] + amounts[6:]):
            raise self._unsupported(where, f"pads by {amounts}; only height and width of (1, h, w, channels) are known")
        return Pad(*shape, *amounts[2:6])

    def _softmax(self, where: str, options: Any, inputs: list[int], output: int) -> Op:
        h, w, c = self._tensors.activation_shape(inputs[0])
        if (h, w) != (1, 1):
            raise self._unsupported(where, f"works on shape {(h, w, c)}; only a vector of classes is known")
        return Softmax(c)

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
