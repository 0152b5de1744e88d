"""Windows and labels from arrays or from a tf.data.Dataset."""

from __future__ import annotations

from typing import Any

import numpy as np

from tsnas.errors import DatasetElementError, InfiniteDatasetError, LengthMismatchError, TooFewWindowsError


def from_tf_dataset(dataset: Any) -> tuple[np.ndarray, np.ndarray]:
    """Collects a finite tf.data.Dataset of windows and labels into two arrays.

    Args:
        dataset: tf.data.Dataset of pairs `(x, y)`: either single windows (time, channels) with scalar labels, or
            batches (windows, time, channels) with labels (windows,) or (windows, 1). An endless generator whose
            cardinality is unknown to TensorFlow cannot be distinguished from a long one.

    Returns:
        `(x, y)`, with windows on the first axis.

    Raises:
        InfiniteDatasetError: the dataset repeats forever.
        DatasetElementError: `dataset` is not a tf.data.Dataset, or its elements are not such pairs of one shape.
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
    if not (isinstance(spec, tuple) and len(spec) == 2 and all(isinstance(part, tf.TensorSpec) for part in spec)):
        raise DatasetElementError(
            f"elements of the dataset must be pairs (x, y) of tensors, not {spec}; convert them with .map()"
        )
    try:
        pairs = list(dataset.as_numpy_iterator())
    except tf.errors.OpError as error:
        raise DatasetElementError(f"reading the dataset failed: {error.message.splitlines()[0]}") from None
    if not pairs:
        raise TooFewWindowsError("the dataset is empty; give at least one window")
    if any(np.ndim(y) and np.shape(x)[:1] != np.shape(y)[:1] for x, y in pairs):
        x, y = next((x, y) for x, y in pairs if np.shape(x)[:1] != np.shape(y)[:1])
        raise DatasetElementError(
            f"an element of the dataset has x of shape {np.shape(x)} and y of shape {np.shape(y)}; "
            "give scalar labels for single windows, or batches with one label per window"
        )
    join = np.concatenate if np.ndim(pairs[0][1]) else np.stack
    try:
        return join([x for x, _ in pairs]), join([y for _, y in pairs])
    except ValueError:
        shapes = sorted({np.shape(x) for x, _ in pairs})[:5]
        raise DatasetElementError(
            f"elements of the dataset differ in shape ({', '.join(map(str, shapes))}); "
            "cut or pad all windows to one shape"
        ) from None


def windows_and_labels(x: Any, y: Any, name: str = "x", sample_weight: Any = None) -> tuple[Any, Any, Any]:
    """Returns windows, labels and weights as given, or the former two collected from a tf.data.Dataset.

    Args:
        x: windows, or a tf.data.Dataset of (x, y).
        y: labels; None with a tf.data.Dataset.
        name: str, the name of `x` in messages. Defaults to `"x"`.
        sample_weight: weights of the windows, or None. Defaults to None.

    Returns:
        (x, y, sample_weight), without further checks.

    Raises:
        LengthMismatchError: windows without labels.
        DatasetElementError, InfiniteDatasetError, TooFewWindowsError: see `from_tf_dataset`.
    """
    if y is not None:
        return x, y, sample_weight
    if not hasattr(x, "element_spec"):
        raise LengthMismatchError(
            f"{name} has no labels: AutoClassifier requires y to be passed, but the target y is None; give "
            "one label per window, or a tf.data.Dataset of (x, y)."
        )
    return *from_tf_dataset(x), sample_weight
