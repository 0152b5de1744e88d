"""Weights of windows and classes: those of scikit-learn, and every bad one has a message of its own."""

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from tsnas.data import (
    check_class_weight,
    check_sample_weight,
    mean_one,
    unpacked,
    weights_of_classes,
    with_class_weights,
)
from tsnas.errors import ClassWeightError, LengthMismatchError, SampleWeightError

NAMES = np.array(["fall", "sit", "walk"])
CODES = np.array([0, 1, 1, 2, 2, 2])


def test_weights_are_kept_as_they_are():
    given = [0, 1, 2.5]
    assert check_sample_weight(given, 3).tolist() == given
    assert check_sample_weight(None, 3) is None


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([1.0, -2.0, 1.0], SampleWeightError, "holds 1 values .* the first -2 at index 1"),
        ([1.0, 1.0, np.nan], SampleWeightError, "the first nan at index 2"),
        ([np.inf, 1.0, 1.0], SampleWeightError, "the first inf at index 0"),
        ([0.0, 0.0, 0.0], SampleWeightError, "All 3 values of sample_weight are zero"),
        (["a", "b", "c"], SampleWeightError, "must hold numbers"),
        (
            np.ma.array([1.0, 5.0, 1.0], mask=[0, 1, 0]),
            SampleWeightError,
            "holds 1 masked values, the first at index 1",
        ),
        ([1.0, 1.0], LengthMismatchError, r"shape \(2,\) for 3 windows"),
        (2.0, LengthMismatchError, r"shape \(\) for 3 windows"),
        ([[1.0], [1.0], [1.0]], LengthMismatchError, r"shape \(3, 1\) for 3 windows"),
    ],
)
def test_bad_weights_of_windows_are_named(given, error, message):
    with pytest.raises(error, match=message):
        check_sample_weight(given, 3)


@pytest.mark.parametrize("given", ["equal", 3, {"fall": 0}, {"fall": -1.0}, {"fall": np.nan}, {"fall": "2"}, [1, 2]])
def test_bad_weights_of_classes_are_named(given):
    with pytest.raises(ClassWeightError, match="class_weight"):
        check_class_weight(given)


def test_a_class_that_does_not_exist_is_named():
    with pytest.raises(ClassWeightError, match="names 'run', but the classes are 'fall', 'sit' and 'walk'"):
        weights_of_classes({"run": 2.0}, NAMES, CODES)


@pytest.mark.parametrize("windows", [None, np.array([3.0, 1, 1, 1, 1, 1])])
def test_balanced_is_that_of_scikit_learn(windows):
    found = weights_of_classes("balanced", NAMES, CODES, windows)
    expected = compute_class_weight("balanced", classes=NAMES, y=NAMES[CODES], sample_weight=windows)
    assert found == pytest.approx(tuple(expected))
    of_windows = np.array(found)[CODES] * (1 if windows is None else windows)
    totals = np.bincount(CODES, of_windows)
    np.testing.assert_allclose(totals, totals[0])


def test_a_class_that_is_missing_from_a_dict_weighs_one():
    given = check_class_weight({np.str_("fall"): np.float32(2.5)})
    assert weights_of_classes(given, NAMES, CODES) == (2.5, 1.0, 1.0)
    assert weights_of_classes(check_class_weight({np.int64(4): 2}), np.array([3, 4]), CODES) == (1.0, 2.0)
    assert weights_of_classes(None, NAMES, CODES) is None


def test_weights_of_windows_and_classes_are_multiplied():
    x = np.zeros((6, 4, 1))
    assert with_class_weights((x, CODES), None) == (x, CODES)
    assert unpacked(with_class_weights((x, CODES), (4.0, 2.0, 1.0)))[2].tolist() == [4, 2, 2, 1, 1, 1]
    weighted = with_class_weights((x, CODES, np.arange(6)), (4.0, 2.0, 1.0))
    assert unpacked(weighted)[2].tolist() == [0, 2, 4, 3, 4, 5]
    assert unpacked((x, CODES))[2] is None


def test_only_ratios_matter_to_a_training():
    np.testing.assert_allclose(mean_one(np.array([1.0, 3.0])), [0.5, 1.5])
    np.testing.assert_array_equal(mean_one(np.array([2.0, 6.0])), mean_one(np.array([1.0, 3.0])))
    assert mean_one(np.full(7, 3.7)).tolist() == [1.0] * 7


@pytest.mark.parametrize("scale", [1e300, 1e-300, 2.0**1000, 2.0**-1060, 2.0**40])
def test_the_scale_of_weights_makes_no_difference(scale):
    given = np.array([1.0, 0.0, 3.0, 2.5, 1.0, 1.0])
    weights = check_sample_weight(scale * given, 6)
    assert 0.1 < weights.max() <= 1
    np.testing.assert_allclose(weights / weights[0], given)
    np.testing.assert_allclose(mean_one(weights), mean_one(given))
    if np.log2(scale).is_integer():
        np.testing.assert_array_equal(weights / weights[0], given)
        np.testing.assert_array_equal(mean_one(weights), mean_one(given))
    np.testing.assert_array_equal(check_sample_weight(weights, 6), weights)


@pytest.mark.parametrize("scale", [1e300, 1e-300])
def test_the_scale_of_weights_of_classes_makes_no_difference(scale):
    given = {name: scale * weight for name, weight in zip(NAMES.tolist(), (4.0, 2.0, 1.0), strict=True)}
    found = np.array(weights_of_classes(check_class_weight(given), NAMES, CODES))
    np.testing.assert_allclose(found / found[2], [4, 2, 1])
    assert 0.1 < found.max() <= 1
