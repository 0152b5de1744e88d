"""Checks labels and encodes them as integers."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np

from tsnas.data.missing import hidden_places, missing_places
from tsnas.errors import (
    DtypeError,
    LabelShapeError,
    LabelValueError,
    SingleClassError,
    TooFewWindowsError,
    UnknownLabelError,
)
from tsnas.system.words import variable

SMALLEST, LARGEST = -(2**63), 2**63 - 1
# Integers that messages write out.
MOST_BITS = 128


def have_label(y: np.ndarray, label: Any) -> np.ndarray:
    """Returns which windows have a label, also where it is of another type than all that there are.

    Args:
        y: array (windows,), as `check_labels` returns it.
        label: any value.

    Returns:
        bool array (windows,).
    """
    return np.array([own == label for own in y.tolist()], bool)


def check_labels(y: Any, name: str = "y") -> np.ndarray:
    """Returns one label per window as a 1-D array of str, int64 or bool.

    Args:
        y: array-like of shape (windows,) or (windows, 1) of strings, integers, bools, or whole-numbered floats.
        name: str, name of the array in messages. Defaults to `"y"`.

    Returns:
        Array of shape (windows,); bytes become str, whole-numbered floats become int64.

    Raises:
        LabelShapeError: `y` has another shape, such as one-hot rows.
        LabelValueError: a label is missing (None, NaN, NA, or masked), a fraction, or beyond int64.
        DtypeError: the labels are of other types, or of mixed types.
    """
    hidden = hidden_places(y)
    try:
        # A list goes through dtype object, since NumPy would turn [1, "a"] into two strings.
        y = np.asarray(y) if hasattr(y, "__array__") else np.array(y, dtype=object)
    except ValueError:
        raise LabelShapeError(f"{name} is a list of lists of different lengths; give one label per window") from None
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        hint = (
            f"for one-hot rows use np.argmax({variable(name)}, axis=1)" if y.ndim == 2 else "give one label per window"
        )
        raise LabelShapeError(f"{name} has shape {y.shape}, but must be (windows,) or (windows, 1); {hint}")
    missing = missing_places(y)
    if hidden is not None:
        missing |= hidden.reshape(y.shape)
    if missing.any():
        raise LabelValueError(
            f"{name} has {np.count_nonzero(missing)} missing labels (None, NaN, NA or masked), the first at index "
            f"{int(missing.argmax())}; drop those windows"
        )
    if y.dtype == object:
        kinds = {_kind(label) for label in y}
        if len(kinds) > 1 or kinds - {"str", "bytes", "bool", "number"}:
            raise DtypeError(
                f"{name} holds labels of type {' and '.join(sorted(kinds))}; use one type: strings, integers or bools"
            )
        if kinds == {"number"}:
            # One by one, since NumPy would round integers beside a float, and those of more than 64 bits.
            return np.array([_as_integer(label, name) for label in y], np.int64)
        y = np.array(y.tolist())
    if y.dtype.kind == "S":
        return np.char.decode(y, "utf-8", errors="backslashreplace")
    if y.dtype.kind not in "biufU":
        raise DtypeError(f"{name} has dtype {y.dtype}, but labels must be strings, integers or bools")
    if y.dtype.kind in "uf":
        # float64, since float16 does not hold it; 2**63 - 1 would be rounded up to it.
        beyond = np.float64(2**63)
        fits = y <= LARGEST if y.dtype.kind == "u" else (y == np.floor(y)) & (y >= -beyond) & (y < beyond)
        if not fits.all():
            _as_integer(y[~fits][0], name)
    return y.astype(np.int64) if y.dtype.kind in "iuf" else y


def _as_integer(label: Any, name: str) -> int:
    """Returns a label that is a number as an integer; raises LabelValueError unless it is one of 64 bits."""
    given = label.item() if isinstance(label, np.generic) else label
    if not isinstance(given, numbers.Integral) and (not math.isfinite(given) or given != int(given)):
        raise LabelValueError(f"{name} holds {float(given)!r}, but labels name classes: use strings, integers or bools")
    if not SMALLEST <= int(given) <= LARGEST:
        bits = int(given).bit_length()
        # Python writes out no integer of many thousand digits.
        shown = (
            f"an integer of {bits} bits" if isinstance(given, numbers.Integral) and bits > MOST_BITS else repr(given)
        )
        raise LabelValueError(
            f"{name} holds {shown}, but integers must lie between -2**63 and 2**63 - 1: use strings, or smaller "
            "integers"
        )
    return int(given)


def _kind(label: Any) -> str:
    """Returns the name of a label's type, the same for all types that may be mixed."""
    # bool before number: Python's bool is an int.
    if isinstance(label, (bool, np.bool_)):
        return "bool"
    if isinstance(label, numbers.Real):
        return "number"
    return next((kind.__name__ for kind in (str, bytes) if isinstance(label, kind)), type(label).__name__)


def encode_labels(y: Any, classes: Any = None, name: str = "y") -> tuple[np.ndarray, np.ndarray]:
    """Encodes labels as indices 0, 1, ... into an array of classes.

    Args:
        y: labels, in any form that `check_labels` accepts.
        classes: the classes to index, as returned by an earlier call. Defaults to None: the sorted distinct labels of
            `y`, of which there must be at least two.
        name: str, name of the labels in messages. Defaults to `"y"`.

    Returns:
        `(codes, classes)`: int32 array of shape (windows,), and the array of classes.

    Raises:
        LabelShapeError, LabelValueError, DtypeError: see `check_labels`.
        SingleClassError: `classes` is None and `y` has fewer than two classes.
        TooFewWindowsError: there are no labels, or no class has more than one window, so that none is left for
            validation.
        UnknownLabelError: a label is not in `classes`.

    Example:
        >>> encode_labels(["walk", "sit", "walk"])
        (array([1, 0, 1], dtype=int32), array(['sit', 'walk'], dtype='<U4'))
    """
    y = check_labels(y, name)
    if len(y) == 0:
        raise TooFewWindowsError(f"{name} is empty; give one label per window, and at least one window")
    if classes is None:
        classes, codes = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise SingleClassError(
                f"{name} holds a single class, {classes.tolist()[0]!r}; a classifier needs at least two"
            )
        if len(y) <= len(classes):
            raise TooFewWindowsError(
                f"{name} has {len(y)} windows of {len(classes)} classes, so none is left for validation; "
                "give several windows of each class"
            )
        return codes.astype(np.int32), classes
    classes = check_labels(classes, "classes")
    code_of = {label: code for code, label in enumerate(classes.tolist())}
    unknown = [label for label in dict.fromkeys(y.tolist()) if label not in code_of]
    if unknown:
        raise UnknownLabelError(
            f"{name} holds labels {_shorten(unknown)}, but the classes are {_shorten(classes.tolist())}"
        )
    return np.array([code_of[label] for label in y.tolist()], np.int32), classes


def _shorten(values: list, limit: int = 10) -> str:
    shown = ", ".join(repr(value) for value in values[:limit])
    return shown + (f" and {len(values) - limit} more" if len(values) > limit else "")
