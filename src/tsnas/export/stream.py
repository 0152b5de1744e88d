"""Computes the RAM of the streaming helper in exported firmware."""

from __future__ import annotations

# `next`, `due_in` and `stride` of struct tsnas_stream.
COUNTER_BYTES = 12


def buffer_bytes(time: int, channels: int, decimation: int = 1) -> int:
    """Returns the size of `struct tsnas_stream`, which is needed in addition to the tensor arena.

    Args:
        time: int, samples per window.
        channels: int, number of channels that the model takes.
        decimation: int, number of raw samples that are averaged into one. Defaults to 1.

    Returns:
        int, bytes for the last `time` samples as int8, aligned to 4 bytes, and three counters; with decimation also
        for one float per channel and a fourth counter.

    Example:
        >>> buffer_bytes(128, 6)
        780
    """
    averaging = 4 * channels + 4 if decimation > 1 else 0
    return -(-time * channels // 4) * 4 + COUNTER_BYTES + averaging
