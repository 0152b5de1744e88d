"""Makes an array of real numbers of what is given as windows, or says why that cannot be."""

from __future__ import annotations

import decimal
import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np

from tsnas.data.missing import hidden_places, is_missing
from tsnas.errors import DtypeError, NonFiniteError
from tsnas.system.words import variable

AXES = ("window", "time", "channel")
WANTED = "give an array of shape (windows, time, channels)"
# Types whose values `astype` turns into floats; it would do so with text such as "1.0" too.
NUMBERS = (numbers.Real, np.bool_, decimal.Decimal)
MOST_SHOWN = 40  # characters


def real_numbers(x: Any, name: str = "x") -> np.ndarray:
    """Returns an array of real numbers, of which one that is an array of them, a memmap included, is not copied.

    Numbers that are Python objects become float64, as in scikit-learn, and arrays in an array of objects are stacked.

    Args:
        x: array-like of real numbers, of any shape.
        name: str, name of the array in messages. Defaults to `"x"`.

    Returns:
        array of bools, integers or floats, which may not be finite.

    Raises:
        DtypeError: `x` is no array, is sparse, holds something that is no real number, or arrays of several lengths.
        NonFiniteError: a value is masked, None or NA.

    Example:
        >>> real_numbers(pd.DataFrame({"t0": [1, 2], "t1": [3, 4]}, dtype="Int64"))
        array([[1., 3.],
               [2., 4.]])
    """
    if hasattr(x, "toarray"):
        raise DtypeError(
            f"{name} is a sparse {type(x).__name__} of shape {x.shape}; sparse input is not supported: use "
            f"{variable(name)}.toarray()"
        )
    if hasattr(x, "element_spec"):
        raise DtypeError(
            f"{name} is a tf.data.Dataset ({type(x).__name__}), which is taken only where its labels are wanted too, "
            f"and without further ones, such as fit(dataset) or evaluate(dataset); else {WANTED}"
        )
    hidden = hidden_places(x)
    try:
        found = np.asarray(x)
    except ValueError as error:
        raise _uneven(x, name, error) from None
    if found.ndim == 0 and found.dtype.kind not in "biufc":
        given = found.item() if isinstance(x, np.ndarray) else x
        raise DtypeError(f"{name} is of type {type(given).__name__}, which is no array of numbers; {WANTED}")
    if hidden is not None:
        raise NonFiniteError(
            f"{name} holds {np.count_nonzero(hidden)} masked values of {hidden.size}, the first at "
            f"{_place(np.argwhere(hidden)[0], x)}; drop those windows or fill the gaps"
        )
    if found.dtype == object:
        found = _from_objects(found, x, name)
    if found.dtype.kind not in "biuf":
        hint = (
            "Complex data not supported: use the magnitude, or the real and imaginary parts as two channels"
            if found.dtype.kind == "c"
            else f"convert it first, for example {variable(name)}.astype('float32')"
        )
        raise DtypeError(f"{name} has dtype {found.dtype} and shape {found.shape}, but must hold real numbers; {hint}")
    return found


def _from_objects(found: np.ndarray, x: Any, name: str) -> np.ndarray:
    """Returns the numbers of an array of objects: numbers, or arrays of one shape."""
    if found.ndim == 1 and any(map(_is_array, found)):
        return real_numbers(list(found), name)
    if all(issubclass(kind, NUMBERS) for kind in set(map(type, found.flat))):
        return np.array([_as_float(value) for value in found.flat], np.float64).reshape(found.shape)
    missing = []
    for place, value in np.ndenumerate(found):
        if isinstance(value, NUMBERS):
            continue
        if not is_missing(value):
            raise DtypeError(
                f"{name} has dtype object and must hold real numbers, but holds {_shown(value)} at {_place(place, x)}; "
                "leave out what is no measurement, such as a column of labels, and convert the rest to numbers"
            )
        missing.append(place)
    raise NonFiniteError(
        f"{name} holds {len(missing)} missing values of {found.size} (None or NA), the first at "
        f"{_place(missing[0], x)}; drop those windows or fill the gaps"
    )


def _as_float(value: Any) -> float:
    """Returns a number as a float, one that is too large as infinity."""
    try:
        return float(value)
    except OverflowError:
        return np.inf


def _is_array(value: Any) -> bool:
    return isinstance(value, list | tuple) or (hasattr(value, "__array__") and np.ndim(value) > 0)


def _uneven(x: Any, name: str, error: ValueError) -> DtypeError:
    """Returns the error about windows that NumPy makes no array of, with two that differ."""
    if not isinstance(x, Sequence):
        return DtypeError(f"{name} is of type {type(x).__name__}, which becomes no array ({error}); {WANTED}")
    for index, window in enumerate(x):
        if not _is_array(window):
            return DtypeError(
                f"{name} holds {_shown(window)} as window {index}, but other windows are arrays; {WANTED}"
            )
    lengths = list(map(len, x))
    other = next((index for index, length in enumerate(lengths) if length != lengths[0]), None)
    if other is None:
        return DtypeError(
            f"{name} holds windows of {lengths[0]} time steps that differ in their channels; {WANTED}, with the same "
            "channels in all windows"
        )
    return DtypeError(
        f"{name} holds windows of different lengths, such as {lengths[0]} (window 0) and {lengths[other]} (window "
        f"{other}); cut or pad all windows to one length, so that {variable(name)} is an array of shape (windows, "
        "time, channels)"
    )


def _place(place: Any, x: Any) -> str:
    """Returns where a value is, in words: of a data frame its row and column, else its window, time and channel."""
    index = tuple(int(one) for one in place)
    if hasattr(x, "columns") and len(index) == 2:
        return f"row {index[0]}, column {x.columns[index[1]]!r}"
    if len(index) in (2, 3):
        return f"({', '.join(AXES[: len(index)])}) = {index}"
    return f"index {index}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= MOST_SHOWN and "\n" not in text else f"a value of type {type(value).__name__}"
