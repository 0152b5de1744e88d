"""Windows, labels and weights from arrays or from a tf.data.Dataset."""

from __future__ import annotations

from typing import Any

import numpy as np

from tsnas.errors import (
    DatasetElementError,
    InfiniteDatasetError,
    LengthMismatchError,
    OneHotError,
    SampleWeightError,
    TooFewWindowsError,
)


def from_tf_dataset(dataset: Any) -> tuple[np.ndarray, ...]:
    """Collects a finite tf.data.Dataset of windows and labels, and of weights if it has them, into arrays.

    Args:
        dataset: tf.data.Dataset of `(x, y)` or, as in Keras, `(x, y, sample_weight)`: either single windows (time,
            channels) with scalar labels and weights, or batches (windows, time, channels) with labels and weights of
            shape (windows,) or (windows, 1). Labels may also be one-hot: (classes,) for a single window of two
            dimensions, (windows, classes) for a batch. An endless generator whose cardinality is unknown to TensorFlow
            cannot be distinguished from a long one.

    Returns:
        `(x, y)` or `(x, y, sample_weight)`, with windows on the first axis; one-hot labels become the indices of
        classes.

    Raises:
        InfiniteDatasetError: the dataset repeats forever.
        DatasetElementError: `dataset` is not a tf.data.Dataset, or its elements are not of that kind and of one shape.
        OneHotError: rows of labels that are not one-hot.
        TooFewWindowsError: the dataset is empty.

    Example:
        >>> x, y = from_tf_dataset(tf.data.Dataset.from_tensor_slices((windows, labels)).batch(32))
    """
    import tensorflow as tf

    if not isinstance(dataset, tf.data.Dataset):
        raise DatasetElementError(f"expected a tf.data.Dataset, not {type(dataset).__name__}")
    if dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise InfiniteDatasetError("the dataset never ends; remove .repeat(), or bound it with .take(count)")
    spec = dataset.element_spec
    tensors = isinstance(spec, tuple) and all(isinstance(part, tf.TensorSpec) for part in spec)
    if not (tensors and len(spec) in (2, 3)):
        raise DatasetElementError(
            f"elements of the dataset must be pairs (x, y) of tensors, or (x, y, sample_weight), not {spec}; convert "
            "them with .map()"
        )
    try:
        elements = list(dataset.as_numpy_iterator())
    except tf.errors.OpError as error:
        raise DatasetElementError(f"reading the dataset failed: {error.message.splitlines()[0]}") from None
    if not elements:
        raise TooFewWindowsError("the dataset is empty; give at least one window")
    first_x, first_y = elements[0][:2]
    # A single window has two axes; rows of labels that fit no batch are then those of one-hot labels.
    one_hot_window = np.ndim(first_x) == 2 and np.ndim(first_y) == 1 and len(first_x) != len(first_y)
    single = np.ndim(first_y) == 0 or (one_hot_window and _is_one_hot(first_y))
    if not single:
        _check_batches(elements)
    join = np.stack if single else np.concatenate
    try:
        x, y, *weights = (join(parts) for parts in zip(*elements, strict=True))
    except ValueError:
        shapes = sorted({np.shape(element[0]) for element in elements})[:5]
        raise DatasetElementError(
            f"elements of the dataset differ in shape ({', '.join(map(str, shapes))}); "
            "cut or pad all windows to one shape"
        ) from None
    return x, _without_one_hot(y), *(own[:, 0] if own.ndim == 2 and own.shape[1] == 1 else own for own in weights)


def _check_batches(elements: list[tuple[np.ndarray, ...]]) -> None:
    """Raises DatasetElementError unless each batch has a label, and a weight if there are any, for each window."""
    for x, y, *weights in elements:
        if any(np.shape(part)[:1] != np.shape(x)[:1] for part in (y, *weights)):
            further = "".join(f" and sample_weight of shape {np.shape(own)}" for own in weights)
            raise DatasetElementError(
                f"an element of the dataset has x of shape {np.shape(x)} and y of shape {np.shape(y)}{further}; "
                "give scalar labels for single windows, or batches with one label per window"
            )


def _is_one_hot(row: np.ndarray) -> bool:
    return row.dtype.kind in "biuf" and bool(np.isin(row, (0, 1)).all() and row.sum() == 1)


def _without_one_hot(y: np.ndarray) -> np.ndarray:
    """Returns labels, of one-hot rows the index of the class."""
    if y.ndim != 2 or y.shape[1] == 1 or y.dtype.kind not in "biuf":
        return y
    wrong = ~(np.isin(y, (0, 1)).all(axis=1) & (y.sum(axis=1) == 1))
    if wrong.any():
        first = int(wrong.argmax())
        raise OneHotError(
            f"{np.count_nonzero(wrong)} of {len(y)} rows of labels in the dataset are not one-hot, the first "
            f"{y[first].tolist()} of window {first}; a row has a single 1 and zeros, or give one label per window."
        )
    return y.argmax(axis=1)


def windows_and_labels(x: Any, y: Any, name: str = "x", sample_weight: Any = None) -> tuple[Any, Any, Any]:
    """Returns windows, labels and weights as given, or collected from a tf.data.Dataset of them.

    Args:
        x: windows, or a tf.data.Dataset of (x, y) or (x, y, sample_weight).
        y: labels; None with a tf.data.Dataset.
        name: str, the name of `x` in messages. Defaults to `"x"`.
        sample_weight: weights of the windows. Defaults to None: none, or those of the dataset.

    Returns:
        (x, y, sample_weight), without further checks; the latter is None where there are no weights.

    Raises:
        LengthMismatchError: windows without labels.
        SampleWeightError: weights in addition to those of the dataset.
        DatasetElementError, InfiniteDatasetError, OneHotError, TooFewWindowsError: see `from_tf_dataset`.
    """
    if y is not None:
        return x, y, sample_weight
    if not hasattr(x, "element_spec"):
        raise LengthMismatchError(
            f"{name} has no labels: AutoClassifier requires y to be passed, but the target y is None; give "
            "one label per window, or a tf.data.Dataset of (x, y)."
        )
    x, y, *weights = from_tf_dataset(x)
    if weights and sample_weight is not None:
        raise SampleWeightError(f"{name} is a dataset that has weights of its own; give sample_weight or these.")
    return x, y, weights[0] if weights else sample_weight
