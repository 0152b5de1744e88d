"""Collects a tf.data.Dataset into arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from tsnas.errors import DatasetElementError, InfiniteDatasetError, TooFewWindowsError


def from_tf_dataset(dataset: Any) -> tuple[np.ndarray, np.ndarray]:
    """Collects a finite tf.data.Dataset of windows and labels into two arrays.

    Args:
        dataset: tf.data.Dataset of pairs `(x, y)`: either single windows (time, channels) with scalar labels, or
            batches (windows, time, channels) with labels (windows,) or (windows, 1). An endless generator whose
            cardinality TensorFlow does not know cannot be told from a long one.

    Returns:
        `(x, y)`, with windows on the first axis.

    Raises:
        InfiniteDatasetError: the dataset repeats without end.
        DatasetElementError: not a tf.data.Dataset, or elements that are not such pairs of one shape.
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
            f"elements of the dataset must be pairs (x, y) of tensors, not {spec}; "
            "bring them into that form with .map()"
        )
    try:
        pairs = list(dataset.as_numpy_iterator())
    except tf.errors.OpError as error:
        raise DatasetElementError(f"the dataset failed while it was read: {error.message.splitlines()[0]}") from None
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
