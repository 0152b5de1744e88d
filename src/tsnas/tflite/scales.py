"""Checks the scales and zero points of an operator of a .tflite file before the interpreter sees them.

The interpreter trusts a file: with some values it ends the whole process, with others it computes noise.
"""

from __future__ import annotations

import math
from typing import Any

from tsnas.tflite.other_reader import LSTM, MOVES, RESHAPES
from tsnas.tflite.tensors import Tensors

# The axis of the output channels in the weights of each operator that has some.
CHANNEL_AXES = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0}
# Operators that compute with no scale, or with those of constants and states that only the kernel knows.
UNSCALED = ("SHAPE", *RESHAPES, *MOVES, LSTM)
# Multipliers are kept as 31 bits and a shift of at most 30.
LARGEST_MULTIPLIER = 2.0**30
# Steps by which an addition and a softmax shift their inputs to the left before they compute.
ADD_SHIFT, SOFTMAX_SHIFT = 20, 26


def check_scales(
    tensors: Tensors, where: str, name: str, options: Any, activations: list[int], inputs: list[int], output: int
) -> None:
    """Makes sure that the interpreter can compute with the scales and zero points of an operator.

    Args:
        tensors: `Tensors` of the model.
        where: str, the operator, for messages.
        name: str, name of the TFLite operator.
        options: its options.
        activations: list of int, indices of its inputs that are activations.
        inputs: list of int, indices of all its inputs.
        output: int, index of its output.

    Raises:
        ModelFileError: a scale or zero point is missing or impossible.
    """
    if name in UNSCALED or tensors.type_name(output) != "INT8":
        return
    scales = [_of_activation(tensors, where, tensor) for tensor in activations if tensors.type_name(tensor) == "INT8"]
    out = _of_activation(tensors, where, output)
    if not scales:
        return
    largest = 0.0
    if name in CHANNEL_AXES:
        weights = _of_weights(tensors, where, inputs[1], CHANNEL_AXES[name])
        largest = max(weights) * scales[0] / out / LARGEST_MULTIPLIER
    elif name in ("MEAN", "SUM"):
        largest = scales[0] / out / LARGEST_MULTIPLIER
    elif name in ("ADD", "SUB"):
        largest = 2 * max(scales) / out / 2**ADD_SHIFT
    if largest >= 1:
        raise tensors.error(
            f"{where} has scales that are too far apart: {scales[:2]} of the input, {out:.3g} of the output"
        )
    elif name == "MUL":
        largest = math.prod(scales) / out / LARGEST_MULTIPLIER
    if name == "SOFTMAX" and not 1 < float(options.beta) * scales[0] * 2**SOFTMAX_SHIFT < math.inf:
        raise tensors.error(f"{where} has a beta of {options.beta:g} and an input scale of {scales[0]:.3g}")


def _of_activation(tensors: Tensors, where: str, index: int) -> float:
    scales, zero_points = tensors.quantisation(index)
    if len(scales) != 1 or len(zero_points) != 1 or not -128 <= zero_points[0] <= 127 or not _is_scale(scales[0]):
        raise tensors.error(
            f"{where} has tensor {tensors.names[index]!r} with scales {scales[:3]} and zero points {zero_points[:3]}; "
            "it must have one scale above 0 and one zero point of int8"
        )
    return scales[0]


def _of_weights(tensors: Tensors, where: str, index: int, axis: int) -> list[float]:
    scales, zero_points = tensors.quantisation(index)
    channels = tensors.constant_shape(index, len(tensors.tensor(index).shape), "INT8")[axis]
    per_channel = len(scales) > 1
    if (
        len(scales) not in (1, channels)
        or len(zero_points) != len(scales)
        or any(zero_points)
        or not all(map(_is_scale, scales))
        or (per_channel and tensors.tensor(index).quantization.quantizedDimension != axis)
    ):
        raise tensors.error(
            f"{where} has weights {tensors.names[index]!r} with {len(scales)} scales, such as {scales[:3]}, and zero "
            f"points {zero_points[:3]}; they must have one scale above 0, or one for each of {channels} channels, and "
            "zero points of 0"
        )
    return scales


def _is_scale(scale: float) -> bool:
    return math.isfinite(scale) and scale > 0
