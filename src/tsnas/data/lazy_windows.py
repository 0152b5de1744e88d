"""Windows that are converted and standardised only where they are read, so that many are never held twice."""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

# Values that are read at once where all of them are needed.
PART_VALUES = 2**24


class Windows:
    """Windows of any real dtype, of which those that are read become float32.

    An index is a row, a slice of rows, or an array of rows of any shape; what is read is a new array or a view.

    Args:
        source: array (windows, ...), or an object with a shape and rows that NumPy makes an array of without a copy,
            such as a `Piece` of a file or a `SharedArray`.
        standardizer: `Standardizer` of raw windows (windows, time, channels); what is read has a further axis then, as
            networks take it. Defaults to None: what is read has the values and the shape of the raw windows.
        rows: int array, the raw windows that these are, in order. Defaults to None: all of them.

    Example:
        >>> windows = Windows(piece_of(np.load("x.npy", mmap_mode="r")), standardizer)
        >>> windows.shape, windows[[5, 3]].shape
        ((200000, 128, 9, 1), (2, 128, 9, 1))
        >>> windows.select(train)[:64].dtype
        dtype('float32')
    """

    dtype = np.dtype(np.float32)

    def __init__(
        self,
        source: Any,
        standardizer: Callable[[np.ndarray], np.ndarray] | None = None,
        rows: np.ndarray | None = None,
    ):
        self.source, self._standardizer, self._rows = source, standardizer, rows

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of what is read if all is."""
        added = () if self._standardizer is None else (1,)
        return (len(self), *self.source.shape[1:], *added)

    @property
    def rows(self) -> np.ndarray | None:
        """The raw windows that these are, in order; None for all of them."""
        return self._rows

    @functools.cached_property
    def digest(self) -> str:
        """Digest of all that would be read, computed once."""
        found = hashlib.sha256(f"{self.shape}".encode())
        for part in parts(self):
            found.update(np.ascontiguousarray(part).data)
        return found.hexdigest()

    def __len__(self) -> int:
        return len(self.source if self._rows is None else self._rows)

    def __getitem__(self, index: Any) -> np.ndarray:
        rows = index if self._rows is None else self._rows[index]
        # In C order whatever that of the source is, for sums depend on it in their last bits.
        part = np.ascontiguousarray(self.source[rows], np.float32)
        if self._standardizer is None:
            return part
        return self._standardizer(part.reshape(-1, *self.source.shape[1:])).reshape(*part.shape, 1)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        raise TypeError(f"{len(self)} windows are not copied by accident; read some of them, such as windows[:64].")

    def select(self, rows: Any) -> Windows:
        """Returns some of the windows, of which none is copied.

        Args:
            rows: int array or slice.

        Returns:
            `Windows`.
        """
        chosen = np.arange(len(self))[rows] if self._rows is None else self._rows[rows]
        return Windows(self.source, self._standardizer, chosen)


# Windows as trainings take them.
AnyWindows = np.ndarray | Windows


def parts(x: AnyWindows, rows: np.ndarray | None = None) -> Iterator[np.ndarray]:
    """Yields windows in their order, a few million values at a time.

    Args:
        x: array (windows, ...), or `Windows`.
        rows: int array, the rows to yield. Defaults to None, all.
    """
    at_once = max(1, PART_VALUES // max(1, math.prod(x.shape[1:])))
    for start in range(0, len(x) if rows is None else len(rows), at_once):
        place = slice(start, start + at_once)
        yield x[place] if rows is None else x[rows[place]]
