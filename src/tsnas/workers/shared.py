"""SharedArray: an array that worker processes map to memory instead of being sent it."""

from __future__ import annotations

import pathlib
import weakref
from typing import Any

import numpy as np


class SharedArray:
    """An array that is pickled as the path of a file, if it has one.

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
        self._array, self._path = array, path
        if path is not None:
            np.save(path, array)
            # Only here, and not in the processes that read it.
            weakref.finalize(self, path.unlink, missing_ok=True)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._array, dtype, copy=copy)

    def __len__(self) -> int:
        return len(self._array)

    def __getstate__(self) -> dict[str, Any]:
        return {"_array": self._array if self._path is None else None, "_path": self._path}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._path, self._array = state["_path"], state["_array"]
        if self._path is not None:
            self._array = np.load(self._path, mmap_mode="r")
