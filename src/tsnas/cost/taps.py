"""Counts the taps of a kernel that read inside the input."""

from __future__ import annotations

import functools

from tsnas.graph.shapes import conv_output_size, padding_before


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
