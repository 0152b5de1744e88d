"""Values that are missing: None, NaN, pandas.NA, and what a masked array hides."""

from __future__ import annotations

from typing import Any

import numpy as np


def is_missing(value: Any) -> bool:
    """Returns whether a single value is None, NaN, NaT, pandas.NA, or NumPy's `masked`.

    Example:
        >>> [is_missing(value) for value in (None, float("nan"), "nan", 0)]
        [True, True, False, False]
    """
    if value is None or value is np.ma.masked:
        return True
    try:
        return bool(value != value)
    except TypeError:
        # pandas.NA does not say whether it equals itself.
        return True
    except ValueError:
        # An array has as many answers as values.
        return False


def missing_places(values: np.ndarray) -> np.ndarray:
    """Returns which values of an array are missing, a bool array of its shape.

    Args:
        values: array of any dtype; its mask, if it has one, is not looked at.
    """
    if values.dtype.kind in "biuUS":
        return np.zeros(values.shape, bool)
    if values.dtype.kind in "fcmM":
        return values != values
    return np.array([is_missing(value) for value in values.flat], bool).reshape(values.shape)


def hidden_places(values: Any) -> np.ndarray | None:
    """Returns which values a masked array hides; a plain array of it has what lies below the mask.

    Args:
        values: anything, such as a masked array, or a list of masked arrays of one shape.

    Returns:
        bool array of the shape of the values, or None if none is hidden.

    Example:
        >>> hidden_places(np.ma.masked_equal([1, -999], -999))
        array([False,  True])
    """
    if isinstance(values, np.ma.MaskedArray):
        return np.ma.getmaskarray(values) if np.ma.is_masked(values) else None
    is_array = isinstance(values, np.ndarray) and values.dtype == object and values.ndim > 0
    several = is_array or isinstance(values, list | tuple)
    if not several or not any(isinstance(one, np.ma.MaskedArray) and np.ma.is_masked(one) for one in values):
        return None
    masks = [np.ma.getmaskarray(one) for one in values if isinstance(one, np.ndarray | float | int | str)]
    alike = len(masks) == len(values) and len({mask.shape for mask in masks}) == 1
    # Of several shapes NumPy makes no array, so that nothing of what is hidden is taken.
    return np.stack(masks) if alike else None
