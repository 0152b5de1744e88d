"""Step counts of operators without measurements, in steps of the measured convolution kernel.

No record of a board stands behind these counts. They follow the loops of the int8 kernels of CMSIS-NN and of TensorFlow
Lite Micro; the factors are our reading of those loops, err on the high side, and come with a wide margin
(`tsnas.cost.latency`). Operators measured on your board replace them, through the board's table.
"""

from __future__ import annotations

import math

from tsnas.cost.taps import valid_taps
from tsnas.graph.ops import (
    AveragePool2D,
    BatchedConv2D,
    DepthwiseConv2D,
    FullyConnected,
    GroupedConv2D,
    MaxPool2D,
    Op,
    OtherOp,
    Pad,
    Reshape,
    is_dilated,
)

# A step of a convolution's inner loop does 16 multiply-accumulates: two pixels, two channels, four inputs.
MACS_PER_STEP = 16
# Depthwise: four channels and two taps at a time, whose weights must be unpacked and interleaved first.
DEPTHWISE_STEP = 0.65
# Maximum: load two words, compare, select, store. Mean: the same on sums of int32, four times as wide.
MAX_WORDS, MEAN_WORDS = 2.0, 4.0
# TFLM's reference loop of a padding looks at four bounds for each element.
PAD_STEPS = 2.0
# What each kind of operator takes for each value that it reads or writes, whichever are more: in requantised values of
# a convolution for those that compute, by the multiplications and branches of TFLM's reference kernels; in padded
# inputs for those that find each value's place by its indices; all others copy.
COMPUTED = {
    "add": 2.0,
    "sub": 2.0,
    "mul": 1.2,
    "squared_difference": 2.0,
    "rsqrt": 4.0,
    "maximum": 0.7,
    "minimum": 0.7,
    "logistic": 6.0,
    "tanh": 6.0,
    "softmax": 11.0,
    "leaky_relu": 1.5,
    "prelu": 1.5,
    "hard_swish": 2.0,
    "relu": 1.0,
    "relu6": 0.5,
    "quantize": 1.0,
    "dequantize": 0.7,
    "mean": 2.5,
    "sum": 2.5,
    "reduce_max": 1.5,
    "reduce_min": 1.5,
}
INDEXED = {"transpose": 3.0, "strided_slice": 2.0, "slice": 2.0, "padv2": PAD_STEPS, "pad": PAD_STEPS, "elu": 1.0}
# An LSTM's products are vectors by matrices; each of its gates computes a non-linear function of each unit.
LSTM_STEPS_PER_MAC = 0.3

Steps = dict[str, float]


def derived_steps(op: Op) -> Steps:
    """Counts how often an operator does each step of the convolution kernel; steps that it never does are left out.

    Args:
        op: descriptor of an operator without measurements.

    Returns:
        dict of feature name to count, all >= 0.

    Raises:
        TypeError: `op` is not such a descriptor.
    """
    if isinstance(op, DepthwiseConv2D):
        return _depthwise(op)
    if isinstance(op, FullyConnected):
        return _fully_connected(op)
    if isinstance(op, (MaxPool2D, AveragePool2D)):
        return _pool(op)
    if isinstance(op, Reshape):
        h, w, c = op.out_shape
        return {"call": 1.0, "copied_words": h * w * c / 4}
    if isinstance(op, Pad):
        h, w, c = op.out_shape
        return {"call": 1.0, "padded_inputs": PAD_STEPS * h * w * c}
    if isinstance(op, GroupedConv2D):
        return _grouped(op)
    if isinstance(op, BatchedConv2D):
        return {name: op.batch * count for name, count in derived_steps(op.conv).items()}
    if isinstance(op, OtherOp):
        return _other(op)
    raise TypeError(f"{op!r} is not an operator descriptor; use those of tsnas.graph.ops, such as Conv2D.")


def _depthwise(op: DepthwiseConv2D) -> Steps:
    out_h, taps_h = valid_taps(op.in_h, op.kernel_h, op.stride_h, op.padding, op.dilation_h)
    out_w, taps_w = valid_taps(op.in_w, op.kernel_w, op.stride_w, op.padding, op.dilation_w)
    pixels, taps = out_h * out_w, taps_h * taps_w
    depth = op.kernel_h * op.kernel_w
    steps = {"call": 1.0, "output_pixels": pixels, "output_elements": pixels * op.out_c}
    if op.depth_multiplier != 1 or is_dilated(op):
        # The general kernel goes tap by tap, one multiply-accumulate at a time.
        return steps | {"remainder_steps": pixels * depth * op.out_c}
    return steps | {
        "kernel_rows": pixels * op.kernel_h,
        "valid_taps": taps,
        "padded_inputs": (pixels * depth - taps) * op.in_c,
        "copied_words": taps * _words(op.in_c),
        "mac_steps": DEPTHWISE_STEP * pixels * _words(op.in_c) * -(-depth // 2),
    }


def _fully_connected(op: FullyConnected) -> Steps:
    return {
        "call": 1.0,
        "output_elements": op.rows * op.out_c,
        "mac_steps": op.rows * op.out_c * _words(op.in_c) * 4 / MACS_PER_STEP,
        # Every weight comes from the flash once for each row.
        "cache_misses": op.rows * op.weights,
    }


def _grouped(op: GroupedConv2D) -> Steps:
    out_h, taps_h = valid_taps(op.in_h, op.kernel_h, op.stride_h, op.padding, op.dilation_h)
    out_w, taps_w = valid_taps(op.in_w, op.kernel_w, op.stride_w, op.padding, op.dilation_w)
    pixels, taps = out_h * out_w, taps_h * taps_w
    # Kernels of most versions have no fast path: they multiply value by value.
    macs = taps * (op.in_c // op.groups) * op.out_c
    return {"call": 1.0, "output_pixels": pixels, "output_elements": pixels * op.out_c, "remainder_steps": macs}


def _other(op: OtherOp) -> Steps:
    values = max(map(math.prod, (*op.in_shapes, *op.out_shapes)))
    if op.kind in COMPUTED:
        return {"call": 1.0, "output_elements": COMPUTED[op.kind] * values}
    if op.kind in INDEXED:
        return {"call": 1.0, "padded_inputs": INDEXED[op.kind] * values}
    if op.kind == "transpose_conv":
        return {"call": 1.0, "remainder_steps": op.macs, "output_elements": math.prod(op.out_shape)}
    if op.kind == "unidirectional_sequence_lstm":
        return {
            "call": 1.0,
            "remainder_steps": LSTM_STEPS_PER_MAC * op.macs,
            "output_elements": COMPUTED["tanh"] * sum(op.scratch) * op.macs / max(1, op.params),
        }
    return {"call": 1.0, "copied_words": values / 4}


def _pool(op: MaxPool2D | AveragePool2D) -> Steps:
    out_h, taps_h = valid_taps(op.in_h, op.pool_h, op.stride_h, op.padding)
    out_w, taps_w = valid_taps(op.in_w, op.pool_w, op.stride_w, op.padding)
    pixels, taps = out_h * out_w, taps_h * taps_w
    steps = {"call": 1.0, "output_pixels": pixels, "kernel_rows": pixels * op.pool_h, "valid_taps": taps}
    if isinstance(op, MaxPool2D):
        # Every output word is clamped once more.
        return steps | {"copied_words": (MAX_WORDS * taps + pixels) * _words(op.in_c)}
    # Every output element is divided by the number of taps.
    return steps | {"copied_words": MEAN_WORDS * taps * _words(op.in_c), "output_elements": pixels * op.in_c}


def _words(channels: int) -> int:
    """Words of four int8 values."""
    return -(-channels // 4)
