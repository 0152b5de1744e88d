"""Operators of a .tflite file in the encoding of the probe, with their own weights and TFLite's quantisation."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tsnas.errors import UnsupportedProbeOpError
from tsnas.graph.ops import (
    Add,
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    GlobalAveragePooling2D,
    MaxPool2D,
    Op,
    Softmax,
)
from tsnas.probe import protocol
from tsnas.probe.op_encoding import add_words, op_words, quantized_multiplier, softmax_words
from tsnas.probe.protocol import OpWords
from tsnas.tflite.graph_reader import check_runnable
from tsnas.tflite.parser import parse_model

# Operators that change the shape alone.
COPIES = ("reshape", "expand_dims", "squeeze")


@dataclasses.dataclass(frozen=True)
class Step:
    """One operator of a model.

    Args:
        name: str, name of the layer.
        op: its descriptor.
        words: `OpWords`; None for an operator without a kernel in the probe.
        constants: dict of a tensor of the probe, such as `protocol.WEIGHTS`, to its bytes.
        inputs: tuple of int, indices in the file of its inputs.
        output: int, index in the file of its output.
    """

    name: str
    op: Op
    words: OpWords | None
    constants: dict[int, bytes]
    inputs: tuple[int, ...]
    output: int


def model_steps(tflite: bytes) -> list[Step]:
    """Returns the operators of an int8 model in order, in the encoding of the probe; those that copy are left out.

    Args:
        tflite: bytes of the model.

    Returns:
        list of `Step`; a change of shape is no step.

    Raises:
        ModelFileError: not an int8 .tflite file that can be run; see `check_runnable`.
    """
    graph, model = check_runnable(tflite), parse_model(tflite)
    (subgraph,) = model.subgraphs
    steps = []
    for node, operator in zip(graph.nodes, subgraph.operators, strict=True):
        if node.op.kind in COPIES:
            continue
        reader, op = _Reader(model, subgraph, operator), as_run(node.op)
        inputs = tuple(int(index) for index in operator.inputs[: len(node.inputs)])
        output = int(operator.outputs[0])
        try:
            words: OpWords | None = dataclasses.replace(op_words(op), **reader.quantisation(op))
            constants = reader.constants(op)
        except UnsupportedProbeOpError:
            words, constants = None, {}
        steps.append(Step(node.name, node.op, words, constants, inputs, output))
    return steps


def as_run(op: Op) -> Op:
    """Returns the operator that our kernels run instead: a dense layer of several scales or rows is a convolution."""
    if isinstance(op, FullyConnected) and (op.per_channel or op.rows > 1):
        return Conv2D(op.rows, 1, op.in_c, op.out_c, 1, 1, activation=op.activation)
    return op


class _Reader:
    """Constants and quantisation of one operator of a file."""

    def __init__(self, model: Any, subgraph: Any, operator: Any):
        self._model, self._subgraph, self._operator = model, subgraph, operator

    def _tensor(self, index: int) -> Any:
        return self._subgraph.tensors[index]

    def _scale(self, place: int) -> np.ndarray:
        return np.asarray(self._tensor(self._operator.inputs[place]).quantization.scale, np.float64)

    def _zero_point(self, place: int) -> int:
        return int(self._tensor(self._operator.inputs[place]).quantization.zeroPoint[0])

    @property
    def _out(self) -> tuple[float, int]:
        quantization = self._tensor(self._operator.outputs[0]).quantization
        return float(quantization.scale[0]), int(quantization.zeroPoint[0])

    def _multipliers(self) -> list[tuple[int, int]]:
        product = self._scale(0)[0] * self._scale(1)
        if isinstance(self._operator.builtinOptions, schema.FullyConnectedOptionsT) and len(product) == 1:
            # TFLM multiplies the two scales of a dense layer as float32.
            product = np.float32(self._scale(0)[:1]).astype(np.float32) * np.float32(self._scale(1)).astype(np.float32)
        real = product.astype(np.float64) / self._out[0]
        return [quantized_multiplier(float(value)) for value in real]

    def quantisation(self, op: Op) -> dict[str, int]:
        """The words that depend on scales and zero points."""
        out_scale, out_zero = self._out
        words = {"in_offset": -self._zero_point(0), "out_offset": out_zero}
        words |= _range_words(getattr(self._operator.builtinOptions, "fusedActivationFunction", 0), out_scale, out_zero)
        if isinstance(op, FullyConnected):
            words["out_multiplier"], words["out_shift"] = self._multipliers()[0]
        elif isinstance(op, Add):
            words["in2_offset"] = -self._zero_point(1)
            words |= add_words(float(self._scale(0)[0]), float(self._scale(1)[0]), out_scale)
        elif isinstance(op, GlobalAveragePooling2D):
            words |= _mean_words(float(self._scale(0)[0]) / out_scale, op.h * op.w)
        elif isinstance(op, Softmax):
            words |= softmax_words(float(self._scale(0)[0]), float(self._operator.builtinOptions.beta))
        elif not isinstance(op, Conv2D | DepthwiseConv2D | MaxPool2D | AveragePool2D):
            raise UnsupportedProbeOpError(f"The probe has no kernel for {op}.")
        return words

    def constants(self, op: Op) -> dict[int, bytes]:
        """Weights, bias and multipliers."""
        if not isinstance(op, Conv2D | DepthwiseConv2D | FullyConnected):
            return {}
        channels = op.out_shape[2]
        found = {protocol.WEIGHTS: self._content(1), protocol.BIAS: bytes(4 * channels)}
        if len(self._operator.inputs) > 2 and self._operator.inputs[2] >= 0:
            found[protocol.BIAS] = self._content(2)
        if not isinstance(op, FullyConnected):
            pairs = self._multipliers() * (channels if len(self._scale(1)) == 1 else 1)
            found[protocol.MULTIPLIERS] = np.array([pair[0] for pair in pairs], "<i4").tobytes()
            found[protocol.SHIFTS] = np.array([pair[1] for pair in pairs], "<i4").tobytes()
        return found

    def _content(self, place: int) -> bytes:
        buffer = self._model.buffers[self._tensor(self._operator.inputs[place]).buffer]
        return np.asarray(buffer.data, np.uint8).tobytes()


def _range_words(activation: int, scale: float, zero_point: int) -> dict[str, int]:
    """The range of levels that a fused activation leaves."""
    if activation not in (schema.ActivationFunctionType.RELU, schema.ActivationFunctionType.RELU6):
        return {}
    words = {"act_min": max(-128, zero_point)}
    if activation == schema.ActivationFunctionType.RELU6:
        words["act_max"] = min(127, zero_point + math.floor(6 / scale + 0.5))
    return words


def _mean_words(real: float, count: int) -> dict[str, int]:
    """TFLite's multiplier of a mean: that of the scales, with the division by the count in it."""
    multiplier, shift = quantized_multiplier(real)
    extra = min(count.bit_length() - 1, 32, 31 + shift)
    return {"out_multiplier": (multiplier << extra) // count, "out_shift": shift - extra}
