"""Piece of a file that holds an array: mapped only while it is read, so that what was read takes no memory."""

from __future__ import annotations

import dataclasses
import mmap
import pathlib
from typing import Any

import numpy as np

from tsnas.errors import DatasetFileError


@dataclasses.dataclass(frozen=True)
class Piece:
    """Array in C order that lies in a file; NumPy makes a memmap of it each time it is asked for an array.

    Pages of a map count as memory of the process until it is closed, although the system takes them back when it needs
    them.

    Args:
        filename: str, path of the file.
        dtype: NumPy dtype.
        offset: int, place of the first byte.
        shape: tuple of int, without a 0.

    Example:
        >>> piece = piece_of(np.load("x.npy", mmap_mode="r")[100:])
        >>> np.asarray(piece).shape
        (199900, 128, 9)
    """

    filename: str
    dtype: np.dtype
    offset: int
    shape: tuple[int, ...]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(np.memmap(self.filename, self.dtype, "r", self.offset, self.shape), dtype, copy=copy)

    def __getitem__(self, rows: np.ndarray | slice | int) -> np.ndarray:
        """Reads rows: those of a slice are a view of a map, and those of an array of indices are copied one by one.

        Around each page that is read the system maps many, so that a map of some hundred rows here and there would be
        one of the whole file.
        """
        if not isinstance(rows, np.ndarray) or rows.dtype == bool:
            return np.asarray(self)[rows]
        indices = np.where(rows < 0, rows + len(self), rows).ravel()
        if indices.size and not (indices.min() >= 0 and indices.max() < len(self)):
            raise IndexError(f"rows from {rows.min()} to {rows.max()} are not all within {len(self)}")
        found = np.empty((rows.size, *self.shape[1:]), self.dtype)
        with open(self.filename, "rb", buffering=0) as file:
            for row, index in zip(found, indices.tolist(), strict=True):
                file.seek(self.offset + index * row.nbytes)
                if file.readinto(row.reshape(-1).view(np.uint8)) != row.nbytes:
                    raise DatasetFileError(
                        f"{self.filename} has become shorter than its {len(self)} windows; write it anew."
                    )
        return found.reshape(*rows.shape, *self.shape[1:])

    def __len__(self) -> int:
        return self.shape[0]


def piece_of(array: np.ndarray) -> Piece | None:
    """Finds the piece of a file that an array is mapped from.

    Args:
        array: NumPy array, such as a memmap or a view of one.

    Returns:
        `Piece`; None if the array is not mapped, is not in one piece, or may differ from the file.
    """
    root = array
    while isinstance(root.base, np.ndarray):
        root = root.base
    # Changes of a copy-on-write map are not in its file.
    if not isinstance(root, np.memmap) or not isinstance(root.base, mmap.mmap) or root.mode == "c":
        return None
    if not array.flags.c_contiguous or root.filename is None or not pathlib.Path(root.filename).is_file():
        return None
    # A view has the offset of the memmap that it is a view of, so its place is found by addresses.
    offset = root.offset + array.ctypes.data - root.ctypes.data
    return Piece(str(root.filename), array.dtype, offset, array.shape)
