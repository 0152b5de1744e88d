"""Steps of CMSIS-NN's kernels on a core with MVE (Helium), whose vectors hold 16 values of a network.

The counts follow the loops of CMSIS-NN 4.0. A convolution copies the inputs of four output pixels and takes each filter
over all four, 16 values a step; where one of the four reads beyond the input, and for each pixel that is left over, it
takes 8. A 1x1 convolution copies nothing, nor does one of a single line. A depthwise one takes four channels of four
pixels a step, pooling 16 channels, a dense layer 16 inputs of three outputs. All other kernels are plain loops, which
`tsnas.cost.loops` counts.
"""

from __future__ import annotations

import functools

import numpy as np

from tsnas.cost.taps import taps_of
from tsnas.graph.ops import (
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    GroupedConv2D,
    MaxPool2D,
    Op,
    is_dilated,
)
from tsnas.graph.shapes import conv_output_size, effective_kernel, padding_before

Pair = tuple[int, int]

# What a kernel does once for a row of a kernel at an output pixel; for a tap that is copied, and 16 values of it; for a
# tap beyond the input, and a value of it; for four pixels of a filter (three outputs of a dense layer), and a step of
# their loop; the same where one of the four reads beyond the input; the same for a pixel (an output) that is left over;
# the same for a pixel near the end of a line.
MVE_STEPS = (
    "kernel_rows",
    "copied_taps",
    "copied_vectors",
    "cleared_taps",
    "cleared_values",
    "quads",
    "quad_vectors",
    "edge_quads",
    "edge_quad_vectors",
    "singles",
    "single_vectors",
    "line_singles",
    "line_single_vectors",
)
# Values of a step: of a copy and a product, of a product with pixels beyond the input, and channels of a depthwise one.
LANES, EDGE_LANES, CHANNEL_LANES = 16, 8, 4
# Pixels of a convolution, outputs of a dense layer at a time.
PIXELS, OUTPUTS = 4, 3
# Depthwise kernels take so many channels at a time.
CHANNELS = 124


def mve_steps(op: Op) -> tuple[float, ...]:
    """Returns how often an operator does each of `MVE_STEPS`; all are 0 for one whose kernel has no vectors.

    Args:
        op: operator descriptor.

    Returns:
        tuple of float, in the order of `MVE_STEPS`.

    Example:
        >>> dict(zip(MVE_STEPS, mve_steps(FullyConnected(64, 7))))["quad_vectors"]
        8.0
    """
    found: dict[str, float] = {}
    if isinstance(op, GroupedConv2D):
        one = Conv2D(
            *(op.in_h, op.in_w, op.in_c // op.groups, op.out_c // op.groups, op.kernel_h, op.kernel_w),
            *(op.stride_h, op.stride_w, op.padding, op.activation, op.dilation_h, op.dilation_w),
        )
        found = {name: op.groups * count for name, count in _conv2d(one).items()}
    elif isinstance(op, Conv2D):
        found = _conv2d(op)
    elif isinstance(op, DepthwiseConv2D) and op.depth_multiplier == 1 and not is_dilated(op):
        found = _depthwise(op)
    elif isinstance(op, FullyConnected):
        groups, left = divmod(op.out_c, OUTPUTS)
        vectors = -(-op.in_c // LANES)
        found = _quads(op.rows * groups, vectors) | _singles(op.rows * left, vectors)
    elif isinstance(op, AveragePool2D | MaxPool2D):
        h, w, c = op.out_shape
        taps = taps_of(op)
        vectors = -(-c // LANES)
        found = {"copied_taps": taps, "copied_vectors": h * w * c / LANES} | _singles(h * w * vectors, 1)
        found["single_vectors"] = taps * vectors
    return tuple(float(found.get(name, 0.0)) for name in MVE_STEPS)


def _conv2d(op: Conv2D) -> dict[str, float]:
    """Steps of a convolution: a 1x1 one copies nothing, and takes 16 values at a time of each pixel."""
    h, w, filters = op.out_shape
    inputs = op.kernel_h * op.kernel_w * op.in_c
    if inputs == op.in_c and not is_dilated(op):
        # With a stride, each row of the output by itself.
        rows, pixels = (1, h * w) if op.stride_h == op.stride_w == 1 else (h, w)
        groups, left = divmod(pixels, PIXELS)
        vectors = -(-inputs // LANES)
        return _quads(rows * groups * filters, vectors) | _singles(rows * left * filters, vectors)
    if op.in_h == op.kernel_h == op.dilation_w == 1 and w % PIXELS == 0:
        return _line(op)
    size, dilations = (op.kernel_h, op.kernel_w), (op.dilation_h, op.dilation_w)
    inside, edge, left = _groups(op.in_h, op.in_w, size, (op.stride_h, op.stride_w), op.padding, dilations)
    edge_vectors = -(-inputs // EDGE_LANES)
    return (
        _copies(op, op.in_c)
        | _quads(inside * filters, -(-inputs // LANES))
        | {"edge_quads": edge * filters, "edge_quad_vectors": edge * filters * edge_vectors}
        | _singles(left * filters, edge_vectors)
    )


def _line(op: Conv2D) -> dict[str, float]:
    """Steps of a convolution of a single line, which copies nothing; near its ends, pixels are taken one by one."""
    pixels = op.out_shape[1]
    first = np.arange(pixels) * op.stride_w
    if op.padding == "same":
        first -= padding_before(op.in_w, pixels, op.kernel_w, op.stride_w)
    taps = np.minimum(first + op.kernel_w, op.in_w) - np.maximum(first, 0)
    near = (taps < op.kernel_w).reshape(-1, PIXELS).any(axis=1)
    ends = int(near.sum())
    vectors = -(-taps.reshape(-1, PIXELS)[near] * op.in_c // LANES)
    return _quads((pixels // PIXELS - ends) * op.out_c, -(-op.kernel_w * op.in_c // LANES)) | {
        "line_singles": PIXELS * ends * op.out_c,
        "line_single_vectors": int(vectors.sum()) * op.out_c,
    }


def _depthwise(op: DepthwiseConv2D) -> dict[str, float]:
    """Steps of a depthwise convolution of one filter for each channel: four channels of four pixels at a time."""
    size, strides = (op.kernel_h, op.kernel_w), (op.stride_h, op.stride_w)
    inside, edge, left = _groups(op.in_h, op.in_w, size, strides, op.padding)
    taps, fours = op.kernel_h * op.kernel_w, -(-op.in_c // CHANNEL_LANES)
    return (
        _copies(op, op.in_c, -(-op.in_c // CHANNELS))
        | _quads(inside * fours, taps)
        | {"edge_quads": edge * fours, "edge_quad_vectors": edge * fours * taps}
        | _singles(left * fours, taps)
    )


def _quads(count: int, vectors: int) -> dict[str, float]:
    return {"quads": count, "quad_vectors": count * vectors}


def _singles(count: int, vectors: int) -> dict[str, float]:
    return {"singles": count, "single_vectors": count * vectors}


def _copies(op: Conv2D | DepthwiseConv2D, channels: int, blocks: int = 1) -> dict[str, float]:
    """Copies of the taps of each output pixel, in blocks of channels; taps beyond the input are cleared."""
    h, w, _ = op.out_shape
    taps = taps_of(op)
    beyond = h * w * op.kernel_h * op.kernel_w - taps
    return {
        "kernel_rows": h * w * op.kernel_h * blocks,
        "copied_taps": taps * blocks,
        "copied_vectors": taps * -(-channels // LANES),
        "cleared_taps": beyond * blocks,
        "cleared_values": beyond * channels,
    }


@functools.lru_cache(maxsize=4096)
def _groups(h: int, w: int, size: Pair, strides: Pair, padding: str, dilations: Pair = (1, 1)) -> tuple[int, int, int]:
    """Groups of four output pixels that read inside the input alone, other groups, and pixels that are left over."""
    axes = zip((h, w), size, strides, dilations, strict=True)
    rows, columns = (_beyond(in_size, kernel, stride, padding, dilation) for in_size, kernel, stride, dilation in axes)
    beyond = (rows[:, None] | columns[None, :]).ravel()
    groups = len(beyond) // PIXELS
    edge = int(beyond[: groups * PIXELS].reshape(-1, PIXELS).any(axis=1).sum())
    return groups - edge, edge, len(beyond) % PIXELS


def _beyond(in_size: int, kernel: int, stride: int, padding: str, dilation: int) -> np.ndarray:
    """Whether each output of one axis reads beyond the input."""
    out_size = conv_output_size(in_size, kernel, stride, padding, dilation)
    before = 0 if padding == "valid" else padding_before(in_size, out_size, kernel, stride, dilation)
    first = np.arange(out_size) * stride - before
    return (first < 0) | (first + effective_kernel(kernel, dilation) > in_size)
