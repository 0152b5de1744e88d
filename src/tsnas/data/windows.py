"""Checks windows and the lengths of the arrays that go with them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tsnas.data.lazy_windows import Windows, parts
from tsnas.data.mapped import piece_of
from tsnas.data.real_numbers import real_numbers
from tsnas.errors import LengthMismatchError, NonFiniteError, WindowShapeError, WindowTooShortError
from tsnas.system.words import variable

MINIMUM_LENGTH = 8


def check_windows(x: Any, minimum_length: int = MINIMUM_LENGTH, name: str = "x") -> np.ndarray:
    """Returns windows as a finite float32 array of shape (windows, time, channels).

    Args:
        x, minimum_length, name: as in `check_raw_windows`.

    Returns:
        float32 array of shape (windows, time, channels), C-contiguous.

    Raises:
        DtypeError, WindowShapeError, WindowTooShortError, NonFiniteError: see `check_raw_windows`.

    Example:
        >>> check_windows(np.zeros((10, 128), np.int16)).shape
        (10, 128, 1)
    """
    return np.ascontiguousarray(check_raw_windows(x, minimum_length, name), dtype=np.float32)


def check_raw_windows(x: Any, minimum_length: int = MINIMUM_LENGTH, name: str = "x") -> np.ndarray:
    """Returns windows as an array of shape (windows, time, channels) whose values are finite in float32.

    An array of bools, integers or floats, a memmap included, keeps its type and is not copied.

    Args:
        x: array-like of real numbers, shape (windows, time, channels), or (windows, time) for one channel.
        minimum_length: int, minimum number of time steps. Defaults to 8.
        name: str, name of the windows in messages. Defaults to `"x"`.

    Returns:
        array of shape (windows, time, channels).

    Raises:
        DtypeError: `x` is no array, does not hold real numbers, is sparse, or its windows differ in length.
        WindowShapeError: `x` has a different number of dimensions, or no windows or channels.
        WindowTooShortError: fewer than `minimum_length` time steps.
        NonFiniteError: NaN, infinity, a value beyond float32, or one that is masked or missing.
    """
    x = real_numbers(x, name)
    if x.ndim not in (2, 3):
        single = f"for a single window use {variable(name)}[np.newaxis]"
        raise WindowShapeError(
            f"{name} has shape {x.shape}, but must be (windows, time, channels), or (windows, time) for one channel; "
            f"{single if x.ndim < 2 else 'put all channels on the last axis'}"
        )
    if x.ndim == 2:
        x = x[:, :, np.newaxis]
    windows, time, channels = x.shape
    if windows == 0 or channels == 0:
        raise WindowShapeError(
            f"{name} has {windows} windows of {channels} channels (shape {x.shape}); give at least one"
        )
    if time < minimum_length:
        raise WindowTooShortError(
            f"{name} has shape {x.shape}: windows of {time} time steps, but at least {minimum_length} are needed; "
            "cut longer windows, or check that time is the second axis"
        )
    if x.dtype.kind == "f":
        _check_finite(x, name)
    return x


def raw_windows(x: Any, name: str = "x") -> Windows:
    """Returns windows as `check_raw_windows` accepts them, to be read where they are, such as in the file of a memmap.

    Args:
        x, name: as in `check_raw_windows`.

    Returns:
        `Windows` (windows, time, channels).

    Raises:
        DtypeError, WindowShapeError, WindowTooShortError, NonFiniteError: see `check_raw_windows`.
    """
    array = check_raw_windows(x, name=name)
    piece = piece_of(array)
    return Windows(array if piece is None else piece)


def _check_finite(x: np.ndarray, name: str) -> None:
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
            f"{name} holds {missing} values of {x.size} that are NaN, infinite or beyond float32, the first at "
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
