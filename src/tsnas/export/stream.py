"""RAM of the streaming helper in exported firmware."""

from __future__ import annotations

# `next`, `due_in` and `stride` of struct tsnas_stream.
COUNTER_BYTES = 12


def buffer_bytes(time: int, channels: int, decimation: int = 1) -> int:
    """Bytes of `struct tsnas_stream`, which comes on top of the tensor arena.

    Args:
        time: int, samples in a window.
        channels: int, sensor channels that the model takes.
        decimation: int, raw samples that are averaged to one. Defaults to 1.

    Returns:
        int, the last `time` samples as int8, aligned to 4 bytes, and three counters; with decimation also a float for
        each channel, and a fourth counter.

    Example:
        >>> buffer_bytes(128, 6)
        780
    """
    averaging = 4 * channels + 4 if decimation > 1 else 0
    return -(-time * channels // 4) * 4 + COUNTER_BYTES + averaging
