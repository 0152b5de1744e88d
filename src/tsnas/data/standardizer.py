"""Standardisation of each channel by the mean and standard deviation of the training windows."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from tsnas.data.lazy_windows import AnyWindows
from tsnas.data.moments import moments
from tsnas.errors import ModelFileError, WindowShapeError

# Number of values that are standardised at once, few enough for the cache.
PART_VALUES = 2**16


@dataclasses.dataclass(frozen=True)
class Standardizer:
    """Scaling of each channel to mean 0 and standard deviation 1: `(x - mean) / std`.

    The firmware applies the same two numbers per channel before it quantises its input.

    Args:
        mean: tuple of floats, one per channel, in the units of the data.
        std: tuple of positive floats, one per channel, in the units of the data.
        ordinary: ((low, high), ...), for each channel the ends of its ordinary values where some of those it was fitted
            to are wild (`tsnas.data.wild`), else infinite; values beyond are taken for the end. The int8 range of a
            network cuts them off as well, so this is not kept in files. Defaults to None: nothing is cut off.

    Call arguments:
        x: array of shape (windows, time, channels).

    Returns:
        float32 array of the same shape.

    Raises:
        WindowShapeError: `x` has a different number of channels.

    Example:
        >>> standardize = Standardizer.fit(x_train)
        >>> x_test = standardize(x_test)
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    ordinary: tuple[tuple[float, float], ...] | None = dataclasses.field(default=None, compare=False)

    @classmethod
    def fit(cls, x: AnyWindows) -> Standardizer:
        """Creates a standardizer from training windows; a constant channel becomes 0, and wild values do not count.

        Args:
            x: array of shape (windows, time, channels), or `Windows`; of more than 65,536 windows so many are drawn.

        Returns:
            A `Standardizer`.
        """
        low, high, mean, std, wild = moments(x)
        constant = low == high
        # Rounding errors would give a constant channel a tiny deviation, by which it would be divided.
        mean, std = np.where(constant, low, mean), np.where(constant, 1.0, std)
        ordinary = None
        if wild.any():
            ends = np.stack([np.where(wild, low, -np.inf), np.where(wild, high, np.inf)], axis=1)
            ordinary = tuple((float(one), float(other)) for one, other in ends)
        return cls(tuple(mean.tolist()), tuple(std.tolist()), ordinary)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        if x.ndim != 3 or x.shape[-1] != len(self.mean):
            raise WindowShapeError(
                f"x has shape {x.shape}, but must be (windows, time, {len(self.mean)}) like the training windows"
            )
        mean, std = np.array(self.mean), np.array(self.std)
        standardized = np.empty(x.shape, np.float32)
        # In float64, since a large mean would cost a small signal its digits; in parts, since that takes more memory.
        at_once = max(1, PART_VALUES // max(1, x.shape[1] * x.shape[2]))
        for start in range(0, len(x), at_once):
            part = slice(start, start + at_once)
            values = x[part] if self.ordinary is None else np.clip(x[part], *np.array(self.ordinary).T)
            standardized[part] = (values - mean) / std
        return standardized

    def to_json(self) -> dict[str, list[float]]:
        """Returns a dict of plain JSON values, which `from_json` reads."""
        return {"mean": list(self.mean), "std": list(self.std)}

    @classmethod
    def from_json(cls, values: Any) -> Standardizer:
        """Creates the standardizer that `to_json` described.

        Args:
            values: dict of the lists `"mean"` and `"std"`, with one number for each channel.

        Returns:
            A `Standardizer`.

        Raises:
            ModelFileError: `values` is not such a dict.
        """
        try:
            mean, std = (np.array(values[name], np.float64) for name in ("mean", "std"))
        except (KeyError, TypeError, ValueError):
            raise ModelFileError(f"standardisation needs the lists 'mean' and 'std', not {values!r}") from None
        if mean.ndim != 1 or mean.shape != std.shape or not np.isfinite([mean, std]).all() or not (std > 0).all():
            raise ModelFileError(
                f"standardisation needs one finite mean and one positive std per channel, not {values!r}"
            )
        return cls(tuple(mean.tolist()), tuple(std.tolist()))
