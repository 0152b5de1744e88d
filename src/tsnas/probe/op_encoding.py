"""Encodes operators for the probe from their shapes alone, with quantisation that spreads outputs over all of int8."""

from __future__ import annotations

import math

from tsnas.errors import UnsupportedProbeOpError
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
    OtherOp,
    Softmax,
)
from tsnas.graph.shapes import padding_before
from tsnas.probe import protocol
from tsnas.probe.protocol import OpWords

# Softmax of inputs in steps of 1/16: TFLite's multiplier, shift and the least difference that counts.
SOFTMAX_SCALE = 1 / 16
SCALED_DIFF_BITS = 5


def op_words(op: Op, exported: bool = False) -> OpWords:
    """Encodes an operator, with quantisation parameters that its cost does not depend on.

    Args:
        op: operator descriptor.
        exported: bool, whether addition, mean and softmax run the kernels that exports have, which only firmware with
            the portable kernels can. Defaults to False: kernels in the steps of TensorFlow Lite Micro's.

    Raises:
        UnsupportedProbeOpError: an operator that computes nothing, such as a reshape.
    """
    if isinstance(op, GroupedConv2D | BatchedConv2D | OtherOp):
        raise UnsupportedProbeOpError(f"The probe has no kernel for {op.kind}.")
    (in_h, in_w, in_c), (out_h, out_w, out_c) = op.in_shapes[0], op.out_shape
    shape = {"in_h": in_h, "in_w": in_w, "in_c": in_c, "out_h": out_h, "out_w": out_w, "out_c": out_c}
    if isinstance(op, Conv2D | DepthwiseConv2D):
        kind = protocol.CONV2D if isinstance(op, Conv2D) else protocol.DEPTHWISE_CONV2D
        window = window_words(op, op.kernel_h, op.kernel_w)
        taps = op.kernel_h * op.kernel_w * (in_c if isinstance(op, Conv2D) else 1)
        multiplier, shift = quantized_multiplier(_spread(taps))
        return OpWords(kind, **shape, **window, out_multiplier=multiplier, out_shift=shift)
    if isinstance(op, MaxPool2D | AveragePool2D):
        kind = protocol.MAX_POOL if isinstance(op, MaxPool2D) else protocol.AVERAGE_POOL
        return OpWords(kind, **shape, **window_words(op, op.pool_h, op.pool_w))
    if isinstance(op, FullyConnected):
        multiplier, shift = quantized_multiplier(_spread(op.in_c))
        return OpWords(protocol.FULLY_CONNECTED, **shape, out_multiplier=multiplier, out_shift=shift)
    if isinstance(op, Add):
        kind = protocol.EXPORTED_ADD if exported else protocol.ADD
        return OpWords(kind, **shape, **add_words(1.0, 1.0, 2.0))
    if isinstance(op, GlobalAveragePooling2D):
        multiplier, shift = quantized_multiplier(1 / (in_h * in_w))
        kind = protocol.EXPORTED_MEAN if exported else protocol.MEAN
        return OpWords(kind, **shape, out_multiplier=multiplier, out_shift=shift)
    if isinstance(op, Softmax):
        kind = protocol.EXPORTED_SOFTMAX if exported else protocol.SOFTMAX
        return OpWords(kind, **shape, **softmax_words(SOFTMAX_SCALE))
    raise UnsupportedProbeOpError(f"The probe has no kernel for {op}, which computes nothing.")


def window_words(op: Conv2D | DepthwiseConv2D | MaxPool2D | AveragePool2D, height: int, width: int) -> dict[str, int]:
    """Returns the words for kernel, strides, dilations and padding at the start of each axis, as TFLite pads."""
    words = {"kernel_h": height, "kernel_w": width, "stride_h": op.stride_h, "stride_w": op.stride_w}
    dilation_h = dilation_w = 1
    if isinstance(op, Conv2D | DepthwiseConv2D):
        words["dilation_h"], words["dilation_w"] = dilation_h, dilation_w = op.dilation_h, op.dilation_w
    if op.padding == "same":
        out_h, out_w, _ = op.out_shape
        words["pad_top"] = padding_before(op.in_h, out_h, height, op.stride_h, dilation_h)
        words["pad_left"] = padding_before(op.in_w, out_w, width, op.stride_w, dilation_w)
    return words


def quantized_multiplier(real: float) -> tuple[int, int]:
    """Returns a positive number as (multiplier, shift): multiplier / 2**31 * 2**shift, as TFLite rounds it."""
    if real == 0:
        return 0, 0
    fraction, shift = math.frexp(real)
    multiplier = math.floor(fraction * 2**31 + 0.5)
    if multiplier == 2**31:
        multiplier, shift = multiplier // 2, shift + 1
    return (0, 0) if shift < -31 else (multiplier, shift)


def add_words(scale: float, scale2: float, out_scale: float) -> dict[str, int]:
    """Returns the words for the multipliers of an addition of inputs of two scales, as TFLite computes them."""
    largest = 2 * max(scale, scale2)
    words = {}
    for name, real in (
        ("in", scale / largest),
        ("in2", scale2 / largest),
        ("out", largest / ((1 << 20) * out_scale)),
    ):
        words[f"{name}_multiplier"], words[f"{name}_shift"] = quantized_multiplier(real)
    return words


def softmax_words(scale: float, beta: float = 1.0) -> dict[str, int]:
    """Returns the words for multiplier, shift and least difference of a softmax, as TFLite computes them."""
    real = min(beta * scale * (1 << (31 - SCALED_DIFF_BITS)), 2.0**31 - 1.0)
    multiplier, shift = quantized_multiplier(real)
    reach = ((1 << SCALED_DIFF_BITS) - 1) * (1 << (31 - SCALED_DIFF_BITS)) / (1 << shift)
    return {"in_multiplier": multiplier, "in_shift": shift, "diff_min": -math.floor(reach)}


def _spread(taps: int) -> float:
    """A factor that brings sums of so many products of random bytes to about the width of an int8."""
    return 0.5 / (74.0 * math.sqrt(taps))
