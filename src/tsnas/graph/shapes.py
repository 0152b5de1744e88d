"""Arithmetic of shapes: what kernels span, what padding adds, and how long outputs are."""

from __future__ import annotations

# (height, width, channels), without the batch of 1; and that of tensors which may have other axes.
Shape = tuple[int, int, int]
AnyShape = tuple[int, ...]


def effective_kernel(kernel: int, dilation: int) -> int:
    """Returns the length that a kernel spans along one axis: its taps stand `dilation` elements apart."""
    return (kernel - 1) * dilation + 1


def conv_output_size(in_size: int, kernel: int, stride: int, padding: str, dilation: int = 1) -> int:
    """Returns the length of one output axis of a convolution, by TensorFlow's rule for `padding`."""
    if padding == "same":
        return -(-in_size // stride)
    return -(-(in_size - effective_kernel(kernel, dilation) + 1) // stride)


def padding_before(in_size: int, out_size: int, kernel: int, stride: int, dilation: int = 1) -> int:
    """Returns the zeros that TensorFlow's padding `"same"` puts before one axis; what is left goes behind it."""
    return max((out_size - 1) * stride + effective_kernel(kernel, dilation) - in_size, 0) // 2
