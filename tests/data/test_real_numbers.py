"""What is given as windows becomes numbers without a copy where it is numbers, and else is named with its place."""

import collections
import decimal
import fractions

import numpy as np
import pandas as pd
import pytest

from tsnas.data import check_raw_windows, check_windows
from tsnas.data.real_numbers import real_numbers
from tsnas.errors import DtypeError, NonFiniteError

X = np.random.default_rng(0).normal(size=(4, 16, 3)).astype(np.float32)


def array_of(*windows):
    """An array of objects with a window in each place, which NumPy itself would stack."""
    found = np.empty(len(windows), object)
    found[:] = windows
    return found


def with_value(place, value):
    x = X.astype(object)
    x[place] = value
    return x


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint64, np.float16, np.float64, np.longdouble])
def test_arrays_of_numbers_are_not_copied(dtype, tmp_path):
    x = X.astype(dtype)
    np.save(tmp_path / "x.npy", np.ones((4, 16, 3), np.int16))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    for given in (x, x[::-1], x.transpose(0, 2, 1), mapped, np.ma.array(x)):
        assert np.shares_memory(real_numbers(given), given)
        assert real_numbers(given).dtype == given.dtype
    assert np.shares_memory(check_raw_windows(x), x)


@pytest.mark.parametrize(
    "given",
    [
        X.astype(object),
        (10 * X).astype(int).astype(object),
        (X > 0).astype(object),
        np.vectorize(decimal.Decimal, otypes=[object])(X.astype(float)),
        with_value((0, 0, 0), fractions.Fraction(1, 4)),
        with_value((0, 0, 0), np.int8(3)),
    ],
)
def test_numbers_that_are_objects_become_float64(given):
    found = real_numbers(given)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, given.astype(np.float64))


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "boolean", "int16", "float32"])
def test_data_frames_of_numbers_are_taken(dtype):
    values = np.arange(64).reshape(4, 16) % 2
    np.testing.assert_array_equal(check_windows(pd.DataFrame(values).astype(dtype))[:, :, 0], values)


def test_arrays_in_an_array_are_stacked():
    for given in (array_of(*X), array_of(*map(list, X)), pd.Series(list(X)), array_of(*X.astype(object))):
        np.testing.assert_array_equal(check_windows(given), X)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (array_of(X[0], X[1], X[2, :15]), r"lengths, such as 16 \(window 0\) and 15 \(window 2\); cut or pad"),
        ([X[0], X[1, :9]], r"lengths, such as 16 \(window 0\) and 9 \(window 1\); cut or pad"),
        (array_of(X[0], X[1, :, :2]), "windows of 16 time steps that differ in their channels"),
        (array_of(X[0], None), "holds None as window 1, but other windows are arrays"),
        (with_value((2, 3, 1), "walk"), r"holds 'walk' at \(window, time, channel\) = \(2, 3, 1\)"),
        (with_value((2, 3, 1), "1.0"), "holds '1.0' at"),
        (with_value((2, 3, 1), 1j), "holds 1j at"),
        (np.where(X[:, :, 0] > 1, "x" * 50, X[:, :, 0].astype(object)), r"of type str at \(window, time\) = "),
        ([1, None, "a"], r"holds 'a' at index \(2,\)"),
        (pd.DataFrame(X[:, :, 0]).assign(label="a"), "holds 'a' at row 0, column 'label'"),
        (pd.DataFrame({"a": list(X[:, :, 0])}), "holds a value of type ndarray at row 0, column 'a'"),
        (None, "x is of type NoneType, which is no array"),
        ("abc", "x is of type str"),
        ({"a": X}, "x is of type dict"),
        ((window for window in X), "of type generator"),
        (np.array(None), "x is of type NoneType"),
        (np.zeros(4, complex), "Complex data not supported"),
    ],
)
def test_what_is_no_array_of_numbers_is_named(given, words):
    with pytest.raises(DtypeError, match=words):
        real_numbers(given)


def test_a_dataset_is_named():
    dataset = collections.namedtuple("Dataset", "element_spec")(None)
    with pytest.raises(DtypeError, match=r"x is a tf.data.Dataset .* such as fit\(dataset\)"):
        real_numbers(dataset)


@pytest.mark.parametrize("value", [None, pd.NA, pd.NaT])
def test_missing_values_are_located(value):
    with pytest.raises(NonFiniteError, match=r"1 missing values of 192 .* = \(2, 3, 1\); drop"):
        real_numbers(with_value((2, 3, 1), value))


def test_missing_values_of_a_data_frame_are_located():
    frame = pd.DataFrame(np.arange(64).reshape(4, 16)).astype("Int64").rename(columns={3: "late"})
    frame.iloc[2, 3] = pd.NA
    with pytest.raises(NonFiniteError, match="row 2, column 'late'"):
        real_numbers(frame)


@pytest.mark.parametrize("value", [float("nan"), 10**400])
def test_objects_that_are_not_finite_are_located(value):
    with pytest.raises(NonFiniteError, match=r"1 values of 192.*\(2, 3, 1\)"):
        check_windows(with_value((2, 3, 1), value))


def test_masked_values_are_located():
    masked = np.ma.array(X, mask=X > 2)
    masked[2, 3, 1] = masked[3, 0, 0] = np.ma.masked
    first = tuple(int(place) for place in np.argwhere(masked.mask)[0])
    count = np.count_nonzero(masked.mask)
    for given in (masked, masked.astype(np.int16), masked.astype(object), list(masked), array_of(*masked)):
        with pytest.raises(NonFiniteError, match=f"{count} masked values of 192") as error:
            real_numbers(given)
        assert f"(window, time, channel) = {first}" in str(error.value)


def test_messages_use_the_name_that_is_given():
    name = "x of validation_data"
    with pytest.raises(DtypeError, match=f"{name} has dtype") as error:
        real_numbers(np.zeros((2, 16), "M8[s]"), name)
    assert "for example x.astype('float32')" in str(error.value)
