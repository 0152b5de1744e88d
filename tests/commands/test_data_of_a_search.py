"""Arrays of a data file are checked before a search, under the names that they have in the file."""

import numpy as np
import pytest

from tsnas.commands.job import check_dataset
from tsnas.datasets import Dataset
from tsnas.errors import LengthMismatchError, NonFiniteError, SingleClassError, UnknownLabelError

X = np.random.default_rng(0).normal(size=(100, 16, 2))
Y = np.arange(100) % 2


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"y_train": np.zeros(5)}, LengthMismatchError, "x_train has 100, y_train has 5"),
        ({"y_train": np.zeros(100)}, SingleClassError, r"^y_train holds a single class"),
        ({"groups_train": Y[:3]}, LengthMismatchError, "groups_train has 3"),
        ({"x_train": np.nan * X}, NonFiniteError, r"^x_train holds"),
        ({"x_test": np.nan * X, "y_test": Y}, NonFiniteError, r"^x_test holds"),
        ({"x_test": X, "y_test": Y[:3] + 7}, LengthMismatchError, "x_test has 100, y_test has 3"),
        ({"x_test": X, "y_test": Y + 1}, UnknownLabelError, r"^y_test holds labels 2, but the classes are 0, 1"),
    ],
)
def test_messages_name_the_array_of_the_file(given, error, words):
    with pytest.raises(error, match=words):
        check_dataset(Dataset(**{"x_train": X, "y_train": Y} | given))
