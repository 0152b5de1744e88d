"""SharedArray: an array that worker processes map to memory instead of being sent it."""

from __future__ import annotations

import pathlib
import weakref
from typing import Any

import numpy as np

from tsnas.data.lazy_windows import parts
from tsnas.data.mapped import Piece


class SharedArray:
    """An array that is pickled as a piece of a file, if it may have one.

    Args:
        array: NumPy array, or the `Piece` of a file that holds it.
        path: path of a file to write unless there is a piece already, which processes of this machine read; it is
            removed with this object. Defaults to None: the array itself is pickled.

    Example:
        >>> shared = SharedArray(x, folder / "x.bin")
        >>> np.asarray(pickle.loads(pickle.dumps(shared))).shape
        (7352, 128, 9, 1)
    """

    def __init__(self, array: np.ndarray | Piece, path: pathlib.Path | None = None):
        self._array, self._piece = array, None
        if path is not None:
            self._piece = array if isinstance(array, Piece) else self._written(array, path)

    def _written(self, array: np.ndarray, path: pathlib.Path) -> Piece:
        with path.open("wb") as file:
            for part in parts(array):
                file.write(np.ascontiguousarray(part).data)
        # Only here, and not in the processes that read it.
        weakref.finalize(self, path.unlink, missing_ok=True)
        return Piece(str(path), array.dtype, 0, array.shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._array, dtype, copy=copy)

    def __getitem__(self, rows: Any) -> np.ndarray:
        return self._array[rows]

    def __len__(self) -> int:
        return len(self._array)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return self._array.shape

    def __getstate__(self) -> dict[str, Any]:
        return {"_array": np.asarray(self._array) if self._piece is None else self._piece, "_piece": self._piece}
