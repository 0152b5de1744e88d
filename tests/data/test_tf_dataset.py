"""tf.data.Datasets of pairs are collected whole; others are refused with advice."""

import numpy as np
import pytest
import tensorflow as tf

from tsnas.data import encode_labels, from_tf_dataset
from tsnas.errors import DatasetElementError, InfiniteDatasetError, TooFewWindowsError


@pytest.mark.parametrize("batch", [None, 1, 7, 90])
def test_single_windows_and_batches_come_back_in_order(toy_windows, batch):
    dataset = tf.data.Dataset.from_tensor_slices(toy_windows)
    x, y = from_tf_dataset(dataset.batch(batch) if batch else dataset)
    np.testing.assert_array_equal(x, toy_windows[0])
    np.testing.assert_array_equal(y, toy_windows[1])


def test_string_labels_can_be_encoded(toy_windows):
    names = np.array(["a", "b", "c"])[toy_windows[1]]
    _, y = from_tf_dataset(tf.data.Dataset.from_tensor_slices((toy_windows[0], names)).batch(8))
    codes, classes = encode_labels(y)
    np.testing.assert_array_equal(codes, toy_windows[1])
    assert classes.tolist() == ["a", "b", "c"]


def test_endless_datasets_are_refused(toy_windows):
    with pytest.raises(InfiniteDatasetError, match=r"remove .repeat\(\)"):
        from_tf_dataset(tf.data.Dataset.from_tensor_slices(toy_windows).batch(8).repeat())


@pytest.mark.parametrize(
    "elements",
    [np.zeros((4, 16, 3)), (np.zeros((4, 16, 3)),) * 3, {"x": np.zeros((4, 16, 3)), "y": np.zeros(4)}],
)
def test_elements_that_are_no_pairs_are_refused(elements):
    with pytest.raises(DatasetElementError, match=r"must be pairs \(x, y\)"):
        from_tf_dataset(tf.data.Dataset.from_tensor_slices(elements))


def test_other_objects_are_refused():
    with pytest.raises(DatasetElementError, match="not list"):
        from_tf_dataset([1, 2])


def test_empty_datasets_are_refused(toy_windows):
    with pytest.raises(TooFewWindowsError, match="empty"):
        from_tf_dataset(tf.data.Dataset.from_tensor_slices(toy_windows).take(0))


def test_one_hot_labels_of_single_windows_are_refused():
    dataset = tf.data.Dataset.from_tensor_slices((np.zeros((4, 16, 3)), np.eye(4)))
    with pytest.raises(DatasetElementError, match=r"\(16, 3\) and y of shape \(4,\)"):
        from_tf_dataset(dataset)


def generated(pairs):
    spec = (tf.TensorSpec([None, 3], tf.float32), tf.TensorSpec([], tf.int32))
    return tf.data.Dataset.from_generator(lambda: iter(pairs), output_signature=spec)


def test_windows_of_several_lengths_are_refused():
    with pytest.raises(DatasetElementError, match=r"differ in shape \(\(16, 3\), \(17, 3\)\)"):
        from_tf_dataset(generated([(np.zeros((16, 3)), 0), (np.zeros((17, 3)), 1)]))


def test_a_failing_generator_is_reported_without_a_stack_trace():
    with pytest.raises(DatasetElementError, match="reading the dataset failed"):
        from_tf_dataset(generated([(np.zeros((16, 3)), 0), (np.zeros((16, 2)), 1)]))
