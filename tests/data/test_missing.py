"""Missing values are found in arrays of any type, and so are those that a mask hides."""

import numpy as np
import pandas as pd
import pytest

from tsnas.data.missing import hidden_places, is_missing, missing_places


@pytest.mark.parametrize("value", [None, float("nan"), np.float32("nan"), pd.NA, pd.NaT, np.ma.masked])
def test_values_that_stand_for_none_are_missing(value):
    assert is_missing(value)


@pytest.mark.parametrize("value", ["nan", "", 0, False, np.inf, np.zeros(3), [None]])
def test_other_values_are_not_missing(value):
    assert not is_missing(value)


@pytest.mark.parametrize(
    "values",
    [
        np.array([1.0, np.nan]),
        np.array(["a", None], object),
        np.array(["2026-12-01", "NaT"], "datetime64[D]"),
        np.asarray(pd.Series(["a", pd.NA], dtype="string")),
    ],
)
def test_places_are_those_of_missing_values(values):
    assert missing_places(values).tolist() == [False, True]


@pytest.mark.parametrize("values", [np.arange(2), np.array(["a", "nan"]), np.array([True, False])])
def test_types_that_hold_no_missing_values_have_none(values):
    assert missing_places(values).tolist() == [False, False]


def test_masks_are_found_also_in_lists_of_masked_arrays():
    masked = np.ma.masked_equal([[1, -9], [2, 3]], -9)
    expected = [[False, True], [False, False]]
    nested = np.empty(2, object)
    nested[:] = list(masked)
    for values in (masked, list(masked), tuple(masked), nested):
        assert hidden_places(values).tolist() == expected
    assert hidden_places(["a", np.ma.masked]).tolist() == [False, True]


@pytest.mark.parametrize(
    "values",
    [np.ma.array([1, 2]), np.ma.array([1, 2], mask=[0, 0]), [1, 2], None, "ab", [[1], [1, 2]], np.array(3, object)],
)
def test_where_nothing_is_masked_nothing_is_hidden(values):
    assert hidden_places(values) is None
