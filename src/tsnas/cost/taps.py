"""Counts the taps of a kernel that read inside the input."""

from __future__ import annotations

import functools
import math

from tsnas.graph.ops import AveragePool2D, Conv2D, DepthwiseConv2D, GroupedConv2D, MaxPool2D
from tsnas.graph.shapes import conv_output_size, padding_before

Windowed = Conv2D | DepthwiseConv2D | GroupedConv2D | AveragePool2D | MaxPool2D


@functools.lru_cache(maxsize=4096)
def valid_taps(in_size: int, kernel: int, stride: int, padding: str, dilation: int = 1) -> tuple[int, int]:
    """Returns the output length of one axis, and how many of its (output, kernel tap) pairs read inside the input.

    Args:
        in_size: int, length of the input axis.
        kernel: int, number of taps of the kernel along it.
        stride: int, its stride.
        padding: `"same"` or `"valid"`.
        dilation: int, distance of neighbouring taps. Defaults to 1.

    Returns:
        (output length, taps that read inside the input).

    Example:
        >>> valid_taps(4, 3, 1, "same")
        (4, 10)
        >>> valid_taps(4, 3, 1, "same", dilation=2)
        (4, 8)
    """
    out_size = conv_output_size(in_size, kernel, stride, padding, dilation)
    if padding == "valid":
        return out_size, out_size * kernel
    pad_before = padding_before(in_size, out_size, kernel, stride, dilation)
    taps = 0
    for offset in range(0, kernel * dilation, dilation):
        first = max(0, -((offset - pad_before) // stride))
        last = min(out_size - 1, (in_size - 1 + pad_before - offset) // stride)
        taps += max(0, last - first + 1)
    return out_size, taps


def taps_of(op: Windowed) -> int:
    """Returns how many (output pixel, kernel tap) pairs of a convolution or a pooling read inside the input.

    Args:
        op: operator descriptor.

    Example:
        >>> taps_of(Conv2D(4, 1, 2, 8, 3, 1))
        10
    """
    if isinstance(op, AveragePool2D | MaxPool2D):
        axes = (op.in_h, op.pool_h, op.stride_h, 1), (op.in_w, op.pool_w, op.stride_w, 1)
    else:
        axes = (op.in_h, op.kernel_h, op.stride_h, op.dilation_h), (op.in_w, op.kernel_w, op.stride_w, op.dilation_w)
    return math.prod(
        valid_taps(size, kernel, stride, op.padding, dilation)[1] for size, kernel, stride, dilation in axes
    )
