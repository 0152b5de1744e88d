"""Checks windows and the lengths of the arrays that go with them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tsnas.data.lazy_windows import Windows, parts
from tsnas.data.mapped import piece_of
from tsnas.errors import DtypeError, LengthMismatchError, NonFiniteError, WindowShapeError, WindowTooShortError

MINIMUM_LENGTH = 8


def check_windows(x: Any, minimum_length: int = MINIMUM_LENGTH) -> np.ndarray:
    """Returns windows as a finite float32 array of shape (windows, time, channels).

    Args:
        x, minimum_length: as in `check_raw_windows`.

    Returns:
        float32 array of shape (windows, time, channels), C-contiguous.

    Raises:
        DtypeError, WindowShapeError, WindowTooShortError, NonFiniteError: see `check_raw_windows`.

    Example:
        >>> check_windows(np.zeros((10, 128), np.int16)).shape
        (10, 128, 1)
    """
    return np.ascontiguousarray(check_raw_windows(x, minimum_length), dtype=np.float32)


def check_raw_windows(x: Any, minimum_length: int = MINIMUM_LENGTH) -> np.ndarray:
    """Returns windows as an array of shape (windows, time, channels) whose values are finite in float32.

    The array has the type that it is given with, and an array, a memmap included, is not copied.

    Args:
        x: array-like of real numbers, shape (windows, time, channels), or (windows, time) for one channel.
        minimum_length: int, minimum number of time steps. Defaults to 8.

    Returns:
        array of shape (windows, time, channels).

    Raises:
        DtypeError: `x` does not hold real numbers, is sparse, or its windows differ in length.
        WindowShapeError: `x` has a different number of dimensions, or no windows or channels.
        WindowTooShortError: fewer than `minimum_length` time steps.
        NonFiniteError: NaN, infinity, or a value beyond float32.
    """
    if hasattr(x, "toarray"):
        raise DtypeError(
            f"x is a sparse {type(x).__name__} of shape {x.shape}; sparse input is not supported: use x.toarray()"
        )
    try:
        x = np.asarray(x)
    except ValueError:
        raise DtypeError(
            "x holds windows of different lengths; cut or pad all windows to one length, "
            "so that x is an array of shape (windows, time, channels)"
        ) from None
    if x.dtype.kind not in "biuf":
        hint = (
            "an object array usually means windows of different lengths: cut or pad them to one length"
            if x.dtype == object
            else "Complex data not supported: use the magnitude, or the real and imaginary parts as two channels"
            if x.dtype.kind == "c"
            else "convert it first, for example x.astype('float32')"
        )
        raise DtypeError(f"x has dtype {x.dtype} and shape {x.shape}, but must hold real numbers; {hint}")
    if x.ndim not in (2, 3):
        hint = "for a single window use x[np.newaxis]" if x.ndim < 2 else "put all channels on the last axis"
        raise WindowShapeError(
            f"x has shape {x.shape}, but must be (windows, time, channels), or (windows, time) for one channel; {hint}"
        )
    if x.ndim == 2:
        x = x[:, :, np.newaxis]
    windows, time, channels = x.shape
    if windows == 0 or channels == 0:
        raise WindowShapeError(f"x has {windows} windows of {channels} channels (shape {x.shape}); give at least one")
    if time < minimum_length:
        raise WindowTooShortError(
            f"x has shape {x.shape}: windows of {time} time steps, but at least {minimum_length} are needed; "
            "cut longer windows, or check that time is the second axis"
        )
    if x.dtype.kind == "f":
        _check_finite(x)
    return x


def raw_windows(x: Any) -> Windows:
    """Returns windows as `check_raw_windows` accepts them, to be read where they are, such as in the file of a memmap.

    Args:
        x: as in `check_raw_windows`.

    Returns:
        `Windows` (windows, time, channels).

    Raises:
        DtypeError, WindowShapeError, WindowTooShortError, NonFiniteError: see `check_raw_windows`.
    """
    array = check_raw_windows(x)
    piece = piece_of(array)
    return Windows(array if piece is None else piece)


def _check_finite(x: np.ndarray) -> None:
    """Raises NonFiniteError for values that are not finite in float32."""
    missing, start = 0, 0
    first: tuple[int, ...] | None = None
    piece = piece_of(x)
    with np.errstate(over="ignore"):
        for part in parts(Windows(x if piece is None else piece)):
            finite = np.isfinite(part)
            if not finite.all():
                missing += finite.size - int(np.count_nonzero(finite))
                if first is None:
                    window, time, channel = (int(i) for i in np.argwhere(~finite)[0])
                    first = start + window, time, channel
            start += len(part)
    if missing:
        raise NonFiniteError(
            f"x holds {missing} values of {x.size} that are NaN, infinite or beyond float32, the first at "
            f"(window, time, channel) = {first}; drop those windows or fill the gaps"
        )


def check_lengths(**arrays: Any) -> None:
    """Checks that each array has one entry per window.

    Args:
        **arrays: the arrays, each under the name that messages use for it; those that are None are ignored.

    Raises:
        LengthMismatchError: the lengths differ, or one of the arguments is a single value.

    Example:
        >>> check_lengths(x=x, y=y, groups=groups)
    """
    lengths = {name: _length(name, array) for name, array in arrays.items() if array is not None}
    if len(set(lengths.values())) > 1:
        given = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise LengthMismatchError(f"{given} entries, but each needs one per window; pass arrays of the same length")


def _length(name: str, array: Any) -> int:
    try:
        return len(array)
    except TypeError:
        raise LengthMismatchError(f"{name} is the single value {array!r}, but needs one entry per window") from None
