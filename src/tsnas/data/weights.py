"""Weights of windows and of classes: checks them, and joins them to what a training or a score takes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_class_weight

from tsnas.data.lazy_windows import AnyWindows
from tsnas.data.missing import hidden_places
from tsnas.errors import ClassWeightError, LengthMismatchError, SampleWeightError
from tsnas.system.arguments import is_number
from tsnas.system.words import listed

BALANCED = "balanced"
# Weights are taken as they are if the largest is between 2**-32 and 2**32.
MOST_EXPONENT = 32

# Windows, labels and, where there are any, weights, as in Keras.
Data = tuple[AnyWindows, np.ndarray] | tuple[AnyWindows, np.ndarray, np.ndarray]


def check_sample_weight(sample_weight: Any, windows: int, name: str = "sample_weight") -> np.ndarray | None:
    """Returns one weight per window in float64, or None if there are none.

    Only ratios matter, so weights that are all tiny or huge are returned as a power of two of what was given: sums and
    products of them stay within the range of floats.

    Args:
        sample_weight: array-like of numbers of at least 0, shape (windows,), or None.
        windows: int, number of windows.
        name: str, name of the weights in messages. Defaults to `"sample_weight"`.

    Returns:
        float64 array (windows,), or None.

    Raises:
        LengthMismatchError: there is not exactly one weight for each window.
        SampleWeightError: a weight is no number, NaN, masked, infinite or below 0, or all are 0.
    """
    if sample_weight is None:
        return None
    hidden = hidden_places(sample_weight)
    if hidden is not None:
        raise SampleWeightError(
            f"{name} holds {np.count_nonzero(hidden)} masked values, the first at index {int(hidden.argmax())}; give "
            "finite numbers of at least 0."
        )
    try:
        weights = np.array(sample_weight, np.float64)
    except (TypeError, ValueError):
        raise SampleWeightError(f"{name} must hold numbers, one for each window, such as 1.0.") from None
    if weights.shape != (windows,):
        raise LengthMismatchError(
            f"{name} has shape {weights.shape} for {windows} windows; give one weight per window, shape ({windows},)."
        )
    bad = ~(np.isfinite(weights) & (weights >= 0))
    if bad.any():
        first = int(bad.argmax())
        raise SampleWeightError(
            f"{name} holds {np.count_nonzero(bad)} values that are negative, NaN or infinite, the first "
            f"{weights[first]:g} at index {first}; give finite numbers of at least 0."
        )
    if not weights.any():
        raise SampleWeightError(f"All {windows} values of {name} are zero; give some windows a weight above 0.")
    return _in_range(weights)


def _in_range(weights: np.ndarray) -> np.ndarray:
    """Returns weights as they are, or if the largest is far from 1, times a power of two, which rounds nothing."""
    _, exponent = np.frexp(weights.max())
    return weights if abs(exponent) <= MOST_EXPONENT else np.ldexp(weights, -exponent)


def check_class_weight(class_weight: Any) -> str | dict[Any, float] | None:
    """Returns a setting of weights of classes as it was given, its numbers as Python's.

    Args:
        class_weight: None, `"balanced"`, or dict of class label to a number above 0.

    Returns:
        None, str or dict.

    Raises:
        ClassWeightError: it is none of them.
    """
    if class_weight is None or (isinstance(class_weight, str) and class_weight == BALANCED):
        return class_weight
    if not isinstance(class_weight, dict):
        raise ClassWeightError(
            f"class_weight={class_weight!r} must be None, 'balanced', or a dict of class label to weight, such as "
            "{'fall': 5.0}."
        )
    for label, weight in class_weight.items():
        if not (is_number(weight) and weight > 0):
            raise ClassWeightError(
                f"class_weight has {weight!r} for class {label!r}; a weight must be a finite number above 0. To train "
                "without a class, leave its windows out."
            )
    return {_plain(label): float(weight) for label, weight in class_weight.items()}


def weights_of_classes(
    class_weight: str | dict[Any, float] | None,
    classes: np.ndarray,
    codes: np.ndarray,
    sample_weight: np.ndarray | None = None,
) -> tuple[float, ...] | None:
    """Returns the weight of each class, as scikit-learn's classifiers take `class_weight`.

    Args:
        class_weight: as `check_class_weight` returns it. `"balanced"`: classes weigh the same in total. In a dict, a
            class that is missing has a weight of 1.
        classes: array of the class labels.
        codes: int array (windows,), class codes.
        sample_weight: float array (windows,), or None. Defaults to None.

    Returns:
        tuple of float in the order of the classes; None without weights.

    Raises:
        ClassWeightError: a label that is no class.
    """
    if class_weight is None:
        return None
    names = classes.tolist()
    if isinstance(class_weight, str):
        every = np.arange(len(names))
        return tuple(compute_class_weight(class_weight, classes=every, y=codes, sample_weight=sample_weight).tolist())
    unknown = [label for label in class_weight if label not in names]
    if unknown:
        raise ClassWeightError(
            f"class_weight names {listed([repr(label) for label in unknown])}, but the classes are "
            f"{listed([repr(name) for name in names])}."
        )
    return tuple(_in_range(np.array([class_weight.get(name, 1.0) for name in names])).tolist())


def unpacked(data: Data) -> tuple[AnyWindows, np.ndarray, np.ndarray | None]:
    """Returns windows, labels and weights, the latter None where there are none.

    Args:
        data: `Data`.

    Returns:
        (x, y, weights).
    """
    x, y, *weights = data
    return x, y, weights[0] if weights else None


def with_class_weights(data: Data, class_weights: tuple[float, ...] | None) -> Data:
    """Returns data in which windows weigh as much as their own weight times that of their class.

    Args:
        data: `Data` whose labels are class codes.
        class_weights: tuple of float, or None: the data are returned as they are.

    Returns:
        `Data`.
    """
    if class_weights is None:
        return data
    x, codes, weights = unpacked(data)
    of_class = np.array(class_weights)[codes]
    return x, codes, of_class if weights is None else of_class * weights


def mean_one(weights: np.ndarray) -> np.ndarray:
    """Returns weights in float32 with a mean of 1, so that steps are as long as without weights.

    Args:
        weights: float array (windows,), at least 0 and not all 0.

    Returns:
        float32 array (windows,).
    """
    return (weights / math.fsum(weights) * len(weights)).astype(np.float32)


def _plain(label: Any) -> Any:
    return label.item() if isinstance(label, np.generic) else label
