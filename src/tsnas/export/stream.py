"""Computes the RAM of the streaming helper in exported firmware."""

from __future__ import annotations

# `next`, `due_in` and `stride` of struct tsnas_stream; `place` and `filled` of its ring of answers.
COUNTER_BYTES, RING_COUNTER_BYTES = 12, 8


def buffer_bytes(time: int, channels: int, decimation: int = 1, ring_bytes: int = 0) -> int:
    """Returns the size of `struct tsnas_stream`, which is needed in addition to the tensor arena.

    Args:
        time: int, samples per window.
        channels: int, number of channels that the model takes.
        decimation: int, number of raw samples that are averaged into one. Defaults to 1.
        ring_bytes: int, as `ring_bytes` returns it. Defaults to 0: answers are not smoothed.

    Returns:
        int, bytes for the last `time` samples as int8, aligned to 4 bytes, and three counters; with decimation also
        for one float per channel and a fourth counter.

    Example:
        >>> buffer_bytes(128, 6)
        780
    """
    averaging = 4 * channels + 4 if decimation > 1 else 0
    return _aligned(time * channels) + COUNTER_BYTES + averaging + ring_bytes


def ring_bytes(smooth: int, classes: int, rejection: bool = False) -> int:
    """Returns the part of it that smoothing takes.

    Args:
        smooth: int, number of windows whose answers are averaged.
        classes: int, number of classes, with one byte each for every window.
        rejection: bool, whether windows may be rejected, which takes one byte more for every window. Defaults to False.

    Returns:
        int, bytes, aligned to 4; 0 if answers are not smoothed.

    Example:
        >>> ring_bytes(5, 7)
        44
    """
    return _aligned(smooth * (classes + rejection)) + RING_COUNTER_BYTES if smooth > 1 else 0


def _aligned(size: int) -> int:
    return -(-size // 4) * 4
