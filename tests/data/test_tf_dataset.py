"""tf.data.Datasets of pairs are collected whole; others are refused with advice."""

import numpy as np
import pytest
import tensorflow as tf

from tsnas.data import encode_labels, from_tf_dataset, windows_and_labels
from tsnas.errors import (
    DatasetElementError,
    InfiniteDatasetError,
    OneHotError,
    SampleWeightError,
    TooFewWindowsError,
)


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
    [np.zeros((4, 16, 3)), (np.zeros((4, 16, 3)),) * 4, {"x": np.zeros((4, 16, 3)), "y": np.zeros(4)}],
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


@pytest.mark.parametrize("batch", [None, 1, 7, 90])
@pytest.mark.parametrize("kind", [np.float32, np.int64, bool])
def test_one_hot_labels_are_codes(toy_windows, batch, kind):
    x, codes = toy_windows
    dataset = tf.data.Dataset.from_tensor_slices((x, np.eye(3, dtype=kind)[codes]))
    found, y = from_tf_dataset(dataset.batch(batch) if batch else dataset)
    np.testing.assert_array_equal(found, x)
    np.testing.assert_array_equal(y, codes)


@pytest.mark.parametrize("row", [[0, 0, 0], [1, 1, 0], [0.9, 0.05, 0.05], [0, 2, 0]])
def test_rows_that_are_not_one_hot_are_named(row):
    labels = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
    labels[2] = row
    dataset = tf.data.Dataset.from_tensor_slices((np.zeros((4, 16, 3)), labels))
    for one in (dataset, dataset.batch(2)):
        with pytest.raises(OneHotError, match=r"1 of 4 rows .* of window 2"):
            from_tf_dataset(one)


@pytest.mark.parametrize("batch", [None, 1, 7])
@pytest.mark.parametrize("column", [False, True])
def test_weights_are_the_third_of_each_element(toy_windows, batch, column):
    weights = np.linspace(0, 1, 90)
    dataset = tf.data.Dataset.from_tensor_slices((*toy_windows, weights[:, None] if column else weights))
    x, y, found, given = (*from_tf_dataset(dataset.batch(batch) if batch else dataset), weights)
    np.testing.assert_array_equal(x, toy_windows[0])
    np.testing.assert_array_equal(y, toy_windows[1])
    np.testing.assert_array_equal(found, given)
    assert windows_and_labels(dataset, None)[2].shape == (90,)
    with pytest.raises(SampleWeightError, match="has weights of its own"):
        windows_and_labels(dataset, None, sample_weight=weights)


def test_weights_of_another_length_are_refused():
    elements = (np.zeros((1, 4, 16, 3)), np.zeros((1, 4)), np.zeros((1, 3)))
    with pytest.raises(DatasetElementError, match=r"sample_weight of shape \(3,\)"):
        from_tf_dataset(tf.data.Dataset.from_tensor_slices(elements))


def test_rows_of_other_labels_are_refused():
    dataset = tf.data.Dataset.from_tensor_slices((np.zeros((4, 16, 3)), np.zeros((4, 5))))
    with pytest.raises(DatasetElementError, match=r"\(16, 3\) and y of shape \(5,\)"):
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
