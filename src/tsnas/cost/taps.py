"""Counts the taps of a kernel that read inside the input."""

from __future__ import annotations

import functools


@functools.lru_cache(maxsize=4096)
def valid_taps(in_size: int, kernel: int, stride: int, padding: str) -> tuple[int, int]:
    """Returns the output length of one axis, and how many of its (output, kernel tap) pairs read inside the input.

    Args:
        in_size: int, length of the input axis.
        kernel: int, length of the kernel along it.
        stride: int, its stride.
        padding: `"same"` or `"valid"`.

    Returns:
        (output length, taps that read inside the input).

    Example:
        >>> valid_taps(4, 3, 1, "same")
        (4, 10)
    """
    if padding == "valid":
        out_size = -(-(in_size - kernel + 1) // stride)
        return out_size, out_size * kernel
    out_size = -(-in_size // stride)
    pad_before = max((out_size - 1) * stride + kernel - in_size, 0) // 2
    taps = 0
    for k in range(kernel):
        first = max(0, -((k - pad_before) // stride))
        last = min(out_size - 1, (in_size - 1 + pad_before - k) // stride)
        taps += max(0, last - first + 1)
    return out_size, taps
