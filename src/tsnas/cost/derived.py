"""Step counts of operators without measurements, in steps of the measured convolution kernel.

No record of a board stands behind these counts. They follow the loops of the int8 kernels of CMSIS-NN and of TensorFlow
Lite Micro; the factors are our reading of those loops, err on the high side, and come with a wide margin
(`tsnas.cost.latency`). Operators measured on your board replace them, through the board's table.
"""

from __future__ import annotations

from tsnas.cost.taps import valid_taps
from tsnas.graph.ops import AveragePool2D, DepthwiseConv2D, FullyConnected, MaxPool2D, Op, Pad, Reshape, is_dilated

# A step of a convolution's inner loop does 16 multiply-accumulates: two pixels, two channels, four inputs.
MACS_PER_STEP = 16
# Depthwise: four channels and two taps at a time, whose weights must be unpacked and interleaved first.
DEPTHWISE_STEP = 0.65
# Maximum: load two words, compare, select, store. Mean: the same on sums of int32, four times as wide.
MAX_WORDS, MEAN_WORDS = 2.0, 4.0
# TFLM's reference loop of a padding looks at four bounds for each element.
PAD_STEPS = 2.0

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
        "output_elements": op.out_c,
        "mac_steps": op.out_c * _words(op.in_c) * 4 / MACS_PER_STEP,
        # Every weight comes from the flash once.
        "cache_misses": op.weights,
    }


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
