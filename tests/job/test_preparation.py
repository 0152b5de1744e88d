"""Splits of a job give training and validation windows by their rows, and its summary counts the same rows."""

import numpy as np
from toy_data import sines

import tsnas
from tsnas.job.inputs import checked
from tsnas.job.preparation import prepare

X, Y = sines(60)
USERS = np.arange(60) // 10


def test_splits_are_the_rows_that_travel_with_the_job():
    data = prepare(checked(tsnas.AutoClassifier(verbose=0), X, Y, USERS), seed=0)
    assert len(data.splits) == len(data.rows) > 0
    windows, codes = data.everything
    for ((x, y), (x_val, y_val)), (train, val) in zip(data.splits, data.rows, strict=True):
        np.testing.assert_array_equal(x, windows[train])
        np.testing.assert_array_equal(y, codes[train])
        np.testing.assert_array_equal(x_val, windows[val])
        np.testing.assert_array_equal(y_val, codes[val])
        assert not set(USERS[train]) & set(USERS[val])


def test_windows_are_standardised_by_the_training_part_of_the_first_split():
    data = prepare(checked(tsnas.AutoClassifier(verbose=0), 3 * X + 5, Y, USERS), seed=0)
    train = data.splits[0][0][0]
    np.testing.assert_allclose(train.mean(axis=(0, 1, 3)), 0, atol=1e-4)
    np.testing.assert_allclose(train.std(axis=(0, 1, 3)), 1, rtol=1e-3)


def test_validation_data_is_the_only_split():
    data = prepare(checked(tsnas.AutoClassifier(verbose=0), X[:40], Y[:40], validation_data=(X[40:], Y[40:])), seed=0)
    assert data.rows is None
    assert len(data.splits) == 1
    assert [len(part[0]) for part in data.splits[0]] == [40, 20]
