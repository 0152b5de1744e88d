"""Planner of TensorFlow Lite Micro: the place in memory of each buffer, by its size and lifetime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# (size, first step used, last step used) of a buffer.
Lifetime = tuple[int, int, int]


def greedy_offsets(buffers: Sequence[Lifetime], fixed: Sequence[int] = ()) -> list[int]:
    """Returns the offsets that TFLM's GreedyMemoryPlanner gives to buffers.

    Args:
        buffers: sequence of (size, first step used, last step used), in the order in which TFLM adds them.
        fixed: sequence of int, offsets that the file fixes for the first buffers; -1 leaves one to the planner.
            Defaults to (), none.

    Returns:
        list of int, offset of each buffer, in the same order.

    Example:
        >>> greedy_offsets([(32, 0, 1), (64, 1, 2), (32, 2, 3)])
        [64, 0, 64]
    """
    known = {i: offset for i, offset in enumerate(fixed) if offset >= 0}
    # TFLM lists the buffers backwards and then sorts stably, so that of two equal sizes the later one comes first.
    others = sorted((i for i in range(len(buffers)) if i not in known), key=lambda i: (-buffers[i][0], -i))
    return first_fit(buffers, others, known)


def first_fit(buffers: Sequence[Lifetime], order: Sequence[int], fixed: Mapping[int, int] | None = None) -> list[int]:
    """Places buffers in a given order, each in the first gap that is large enough.

    Args:
        buffers: sequence of (size, first step used, last step used).
        order: sequence of int, indices of the buffers to place.
        fixed: mapping of index to offset of those that have their place. Defaults to None, none.

    Returns:
        list of int, offset of each buffer.
    """
    offsets = [0] * len(buffers)
    placed: list[tuple[int, int]] = []

    def put(i: int, offset: int) -> None:
        offsets[i] = offset
        # Placed buffers stay ordered by offset; among equal offsets the newer one goes last.
        placed.insert(sum(start <= offset for start, _ in placed), (offset, i))

    for i, offset in (fixed or {}).items():
        put(i, offset)
    for i in order:
        size, first_used, last_used = buffers[i]
        offset = 0
        for start, j in placed:
            other_size, other_first, other_last = buffers[j]
            if other_first > last_used or first_used > other_last:
                continue
            if start - offset >= size:
                break
            offset = max(offset, start + other_size)
        put(i, offset)
    return offsets


def head_bytes(buffers: Sequence[Lifetime], offsets: Sequence[int]) -> int:
    """Returns the bytes from the start of the arena to the end of the last buffer."""
    return max(offset + size for offset, (size, _, _) in zip(offsets, buffers, strict=True))
