"""SharedArray: an array that worker processes map to memory instead of being sent it."""

from __future__ import annotations

import mmap
import pathlib
import weakref
from typing import Any, NamedTuple

import numpy as np


class SharedArray:
    """An array that is pickled as the path of a file, if it has one.

    An array that is part of a file in one piece, such as a memmap, is read from that file.

    Args:
        array: NumPy array.
        path: path of a .npy file to write, which processes of this machine read; it is removed with this object.
            Defaults to None: the array itself is pickled.

    Example:
        >>> shared = SharedArray(x, folder / "x.npy")
        >>> np.asarray(pickle.loads(pickle.dumps(shared))).shape
        (7352, 128, 9, 1)
    """

    def __init__(self, array: np.ndarray, path: pathlib.Path | None = None):
        self._array = array
        self._source: pathlib.Path | Piece | None = None if path is None else piece_of(array)
        if path is not None and self._source is None:
            np.save(path, array)
            self._source = path
            # Only here, and not in the processes that read it.
            weakref.finalize(self, path.unlink, missing_ok=True)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._array, dtype, copy=copy)

    def __len__(self) -> int:
        return len(self._array)

    def __getstate__(self) -> dict[str, Any]:
        return {"_array": self._array if self._source is None else None, "_source": self._source}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._source, self._array = state["_source"], state["_array"]
        if isinstance(self._source, Piece):
            self._array = np.memmap(**self._source._asdict(), mode="r")
        elif self._source is not None:
            self._array = np.load(self._source, mmap_mode="r")


class Piece(NamedTuple):
    """A piece of a file that holds an array in C order, as the arguments of `numpy.memmap`.

    Args:
        filename: str, path of the file.
        dtype: NumPy dtype.
        offset: int, place of the first byte.
        shape: tuple of int.
    """

    filename: str
    dtype: np.dtype
    offset: int
    shape: tuple[int, ...]


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
