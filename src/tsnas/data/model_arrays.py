"""Converts windows and labels to the form that a model takes, or says what is wrong with them."""

from __future__ import annotations

import numpy as np

from tsnas.data.lazy_windows import AnyWindows, Windows
from tsnas.errors import LengthMismatchError, NonFiniteError, UnknownLabelError, WindowShapeError


def as_windows(x: AnyWindows, shape: tuple[int, int, int]) -> AnyWindows:
    """Returns windows in float32, with the last axis that the model expects.

    Args:
        x: array (windows, time, channels) or (windows, time, channels, 1), standardised; or such `Windows`, whose
            values have been checked.
        shape: (time, channels, 1), input shape of the model.

    Returns:
        float32 array (windows, time, channels, 1), or the same `Windows`.

    Raises:
        WindowShapeError: the windows have another shape, or there are none.
        NonFiniteError: there are NaN or infinite values.
    """
    windows = x if isinstance(x, Windows) else np.asarray(x, dtype=np.float32)
    if isinstance(windows, np.ndarray) and windows.ndim == 3:
        windows = windows[..., None]
    if len(windows.shape) != 4 or windows.shape[1:] != tuple(shape) or not len(windows):
        time, channels, _ = shape
        raise WindowShapeError(
            f"Windows have shape {x.shape if isinstance(x, Windows) else np.shape(x)}; this model takes at least one "
            f"window in an array (windows, {time}, {channels}) or (windows, {time}, {channels}, 1)."
        )
    if isinstance(windows, np.ndarray) and not np.isfinite(windows).all():
        raise NonFiniteError("The windows hold NaN or infinite values; drop or fill them first.")
    return windows


def one_hot(y: np.ndarray, classes: int, windows: int) -> np.ndarray:
    """Returns one-hot rows in float32, with a 1 at the class of each window.

    Args:
        y: int array (windows,), classes from 0 to classes - 1.
        classes: int, number of classes of the model.
        windows: int, number of windows that the labels belong to.

    Returns:
        float32 array (windows, classes).

    Raises:
        LengthMismatchError: there is not exactly one label for each window.
        UnknownLabelError: a label is not an integer from 0 to classes - 1.
    """
    labels = np.asarray(y)
    if labels.shape != (windows,):
        raise LengthMismatchError(
            f"Labels have shape {labels.shape} for {windows} windows; give one integer per window, shape ({windows},)."
        )
    if not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0 or labels.max() >= classes:
        raise UnknownLabelError(
            f"Labels of type {labels.dtype} include {np.unique(labels)[:10].tolist()}; this model takes integers "
            f"from 0 to {classes - 1}."
        )
    return np.eye(classes, dtype=np.float32)[labels]
