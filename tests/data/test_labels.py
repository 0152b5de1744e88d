"""Labels of any usual kind are coded; missing, mixed, fractional or one-hot labels are refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsnas.data import encode_labels
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
    [([1, "a"], "number and str"), ([True, 2], "bool and number"), ([1j, 2j], "complex"), ([10**30, 1], "object")],
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
