"""Metadata entry of a .tflite file that fixes where TensorFlow Lite Micro puts the tensors: its name and its format.

Its buffer holds little-endian int32: version 1, subgraph 0, the number of tensors, then an offset in bytes for each
tensor of the file, -1 where there is none (constants, or left to the interpreter).

Source: TensorFlow Lite Micro, docs/memory_management.md, "offline planned tensor allocations".
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

METADATA_NAME = b"OfflineMemoryAllocation"
VERSION, SUBGRAPH = 1, 0
NOT_FIXED = -1
# Version, subgraph and number of tensors; and each offset.
HEADER_BYTES, OFFSET_BYTES = 12, 4


def pack_offsets(offsets: Sequence[int]) -> bytes:
    """Returns the entry's buffer for one offset per tensor of the file."""
    return struct.pack(f"<{3 + len(offsets)}i", VERSION, SUBGRAPH, len(offsets), *offsets)


def unpack_offsets(data: bytes, n_tensors: int) -> list[int]:
    """Returns one offset per tensor of the file, read from the entry's buffer.

    Args:
        data: bytes of the buffer.
        n_tensors: int, number of tensors that the file has.

    Returns:
        list of int, -1 where none is fixed.

    Raises:
        ValueError: another version or subgraph, or not one offset for each tensor.
    """
    words = struct.unpack(f"<{len(data) // 4}i", data[: len(data) // 4 * 4])
    if len(data) % 4 or words[:3] != (VERSION, SUBGRAPH, n_tensors) or len(words) != 3 + n_tensors:
        raise ValueError(
            f"{len(data)} bytes that start with {words[:3]}; expected {(VERSION, SUBGRAPH, n_tensors)} and "
            f"{n_tensors} offsets of 4 bytes"
        )
    if min(words[3:], default=0) < NOT_FIXED:
        raise ValueError(f"an offset is {min(words[3:])}; it must be -1 or more")
    return list(words[3:])
