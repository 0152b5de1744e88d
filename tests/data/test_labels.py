"""Labels of any usual kind are coded; missing, mixed, fractional or one-hot labels are refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsnas.data import check_labels, encode_labels
from tsnas.errors import (
    DtypeError,
    LabelShapeError,
    LabelValueError,
    SingleClassError,
    TooFewWindowsError,
    UnknownLabelError,
)


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (["walk", "sit", "walk"], ["sit", "walk"]),
        (np.array(["walk", "sit", "walk"], object), ["sit", "walk"]),
        ([np.str_("walk"), "sit", "walk"], ["sit", "walk"]),
        ([b"walk", b"sit", b"walk"], ["sit", "walk"]),
        ([7, -3, 7], [-3, 7]),
        (np.array([7, -3, 7], np.int8), [-3, 7]),
        ([7, -3.0, np.int16(7)], [-3, 7]),
        ([7.0, -3.0, 7.0], [-3, 7]),
        ([True, False, True], [False, True]),
        (np.array([[7], [-3], [7]]), [-3, 7]),
        ([["walk"], ["sit"], ["walk"]], ["sit", "walk"]),
    ],
)
def test_labels_of_each_kind(y, classes):
    codes, found = encode_labels(y)
    assert codes.dtype == np.int32
    assert codes.tolist() == [1, 0, 1]
    assert found.tolist() == classes


@given(st.lists(st.sampled_from(["a", "bb", "c", "d e"]), min_size=6).filter(lambda y: len(set(y)) > 1))
def test_codes_lead_back_to_the_labels(y):
    codes, classes = encode_labels(y)
    assert [classes[code] for code in codes] == y
    assert sorted(set(y)) == classes.tolist()
    again, _ = encode_labels(y[:3], classes)
    np.testing.assert_array_equal(again, codes[:3])


def test_given_classes_keep_their_order_and_need_not_all_occur():
    codes, classes = encode_labels(["b"], ["b", "a"])
    assert codes.tolist() == [0]
    assert classes.tolist() == ["b", "a"]


def test_unknown_labels_are_named():
    with pytest.raises(UnknownLabelError, match=r"'run'.*classes are 'sit', 'walk'"):
        encode_labels(["walk", "run"], ["sit", "walk"])
    with pytest.raises(UnknownLabelError, match=r"'1'.*classes are 0, 1"):
        encode_labels(["1"], [0, 1])
    with pytest.raises(UnknownLabelError, match="and 15 more"):
        encode_labels(range(2, 27), [0, 1])


@pytest.mark.parametrize("y", [np.eye(3), np.zeros((4, 2, 1)), np.int64(3), "walk"])
def test_other_shapes_are_refused(y):
    with pytest.raises(LabelShapeError, match=r"must be \(windows,\) or \(windows, 1\)"):
        encode_labels(y)


def test_one_hot_rows_are_told_to_argmax():
    with pytest.raises(LabelShapeError, match=r"np.argmax\(y, axis=1\)"):
        encode_labels(np.eye(3))


def test_lists_of_lists_are_refused():
    with pytest.raises(DtypeError, match="type list"):
        encode_labels([["a"], ["b", "c"]])


@pytest.mark.parametrize("y", [["a", None, "b"], [0.0, np.nan, 1.0], np.array(["a", np.nan, "b"], object)])
def test_missing_labels_are_located(y):
    with pytest.raises(LabelValueError, match=r"1 missing labels.*index 1"):
        encode_labels(y)


@pytest.mark.parametrize(("y", "value"), [([0.0, 0.5], "0.5"), ([0.0, np.inf], "inf")])
def test_fractions_are_no_classes(y, value):
    with pytest.raises(LabelValueError, match=f"holds {value}"):
        encode_labels(y)


@pytest.mark.parametrize(
    ("y", "found"),
    [([1, "a"], "number and str"), ([True, 2], "bool and number"), ([1j, 2j], "complex")],
)
def test_other_and_mixed_types_are_refused(y, found):
    with pytest.raises(DtypeError, match=found):
        encode_labels(y)


def test_complex_arrays_are_refused():
    with pytest.raises(DtypeError, match="complex128"):
        encode_labels(np.zeros(3, complex))


def test_a_single_class_is_refused_but_not_when_classes_are_given():
    with pytest.raises(SingleClassError, match="single class, 'a'"):
        encode_labels(["a", "a"])
    assert encode_labels(["a", "a"], ["a", "b"])[0].tolist() == [0, 0]


def test_too_few_windows_are_refused():
    with pytest.raises(TooFewWindowsError, match="3 windows of 3 classes"):
        encode_labels(["a", "b", "c"])
    with pytest.raises(TooFewWindowsError, match="empty"):
        encode_labels([])


@pytest.mark.parametrize(
    "y",
    [
        pd.Series(["a", pd.NA, "b"], dtype="string"),
        pd.Series(["a", pd.NA, "b"], dtype=object),
        pd.Series([1, pd.NA, 2], dtype="Int64"),
        ["a", pd.NaT, "b"],
        np.array(["2026-12-01", "NaT", "2026-12-02"], "M8[D]"),
        np.ma.array([0, 1, 2], mask=[0, 1, 0]),
        np.ma.array([[0], [1], [2]], mask=[[0], [1], [0]]),
        np.ma.array(["a", "b", "c"], mask=[0, 1, 0]),
        [0, np.ma.masked, 2],
    ],
)
def test_missing_labels_of_any_kind_are_located(y):
    for name in ("y", "groups"):
        with pytest.raises(LabelValueError, match=rf"{name} has 1 missing labels \(.*index 1"):
            check_labels(y, name)


def test_a_mask_that_hides_nothing_is_no_obstacle():
    assert check_labels(np.ma.array([0, 1, 2])).tolist() == [0, 1, 2]
    assert check_labels(np.ma.array(["a", "b"], mask=[0, 0])).tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("y", "value"),
    [
        (np.array([0, 1e30]), "1e+30"),
        (np.array([0, -1e30], np.float32), "-1.00"),
        (np.array([0, 2.0**63]), "9.22337203685477"),
        (np.array([0, 2**63 + 5], np.uint64), "9223372036854775813"),
        ([0, 2**63], "9223372036854775808"),
        ([-(2**63) - 1, 0], "-9223372036854775809"),
        ([10**30, 1], "1000000000000000000000000000000"),
        ([10**9000, 1], "an integer of 29898 bits"),
    ],
)
def test_numbers_beyond_int64_are_no_classes(y, value):
    with pytest.raises(LabelValueError, match=r"2\*\*63 - 1: use strings, or smaller integers") as error:
        check_labels(y)
    assert f"y holds {value}" in str(error.value)


def test_numbers_up_to_the_ends_of_int64_are_kept():
    ends = [-(2**63), 2**63 - 1]
    assert check_labels(ends).tolist() == ends
    assert check_labels(np.array(ends)).tolist() == ends
    assert check_labels(np.array([7, 2**63 - 1], np.uint64)).tolist() == [7, 2**63 - 1]
    assert check_labels(np.array([-(2.0**63), 2.0**62])).tolist() == [-(2**63), 2**62]
    assert check_labels(np.array([3, 60_000], np.float16)).tolist() == [3, 59_968 + 32]
    # Beside a float NumPy would round both integers to the same one.
    assert check_labels([2**53, 2**53 + 1, 3.0]).tolist() == [2**53, 2**53 + 1, 3]


def test_arrays_of_several_lengths_are_no_labels():
    with pytest.raises(DtypeError, match="type ndarray"):
        check_labels([np.zeros(2), np.zeros(3)])


def test_messages_name_the_labels_as_the_caller_does():
    with pytest.raises(UnknownLabelError, match=r"^y_test holds labels 'run', but"):
        encode_labels(["run"], ["sit", "walk"], "y_test")
    with pytest.raises(SingleClassError, match=r"^y_train holds a single class"):
        encode_labels(["run", "run"], name="y_train")
    with pytest.raises(LabelShapeError, match=r"^y of validation_data has .* use np.argmax\(y, axis=1\)"):
        encode_labels(np.eye(3), name="y of validation_data")
