"""Windows and lengths: what is accepted comes out as float32, what is not is refused with advice."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsnas.data import check_lengths, check_windows, raw_windows
from tsnas.errors import DtypeError, LengthMismatchError, NonFiniteError, WindowShapeError, WindowTooShortError


@given(st.integers(1, 5), st.integers(8, 40), st.integers(1, 7), st.sampled_from("bBhHiIlefdg?"))
def test_numbers_of_any_type_become_float32(windows, time, channels, code):
    given_x = np.arange(windows * time * channels).reshape(windows, time, channels) % 50
    x = check_windows(given_x.astype(code))
    assert x.dtype == np.float32
    assert x.shape == (windows, time, channels)
    np.testing.assert_array_equal(x, given_x.astype(code).astype(np.float64))


def test_two_dimensions_are_one_channel_and_lists_are_fine():
    x = np.random.default_rng(0).standard_normal((4, 16))
    np.testing.assert_array_equal(check_windows(x.tolist())[:, :, 0], x.astype(np.float32))


@pytest.mark.parametrize("shape", [(), (16,), (1, 16, 3, 1), (2, 2, 16, 3, 1)])
def test_other_dimensions_are_refused_with_the_shape(shape):
    with pytest.raises(WindowShapeError, match=r"must be \(windows, time, channels\)") as error:
        check_windows(np.zeros(shape))
    assert f"shape {shape}" in str(error.value)


def test_a_single_window_is_told_to_add_an_axis():
    with pytest.raises(WindowShapeError, match=r"x\[np.newaxis\]"):
        check_windows(np.zeros(16))


@pytest.mark.parametrize("shape", [(0, 16, 3), (4, 16, 0), (0, 16)])
def test_no_windows_or_channels_are_refused(shape):
    with pytest.raises(WindowShapeError, match="at least one"):
        check_windows(np.zeros(shape))


def test_short_windows_are_refused():
    with pytest.raises(WindowTooShortError, match=r"\(4, 7, 3\).*at least 8"):
        check_windows(np.zeros((4, 7, 3)))
    assert check_windows(np.zeros((4, 7, 3)), minimum_length=7).shape == (4, 7, 3)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e39])
def test_values_that_are_not_finite_are_counted_and_located(value):
    x = np.zeros((4, 16, 3))
    x[2, 5, 1] = x[3, 0, 0] = value
    with pytest.raises(NonFiniteError, match=r"2 values of 192.*\(2, 5, 1\)"):
        check_windows(x)


def test_ragged_lists_are_explained():
    with pytest.raises(DtypeError, match="different lengths"):
        check_windows([[1.0] * 16, [1.0] * 17])


@pytest.mark.parametrize(
    "x",
    [
        np.zeros((2, 16, 1), complex),
        np.full((2, 16, 1), "1.0"),
        np.zeros((2, 16, 1), "datetime64[s]"),
    ],
)
def test_other_types_are_refused_with_the_dtype(x):
    with pytest.raises(DtypeError, match="must hold real numbers") as error:
        check_windows(x)
    assert str(x.dtype) in str(error.value)


@pytest.mark.parametrize(
    ("x", "error"),
    [
        (np.zeros(16), WindowShapeError),
        (np.zeros((0, 16, 3)), WindowShapeError),
        (np.zeros((4, 7, 3)), WindowTooShortError),
        (np.full((4, 16, 3), np.nan), NonFiniteError),
        (None, DtypeError),
    ],
)
def test_messages_name_the_windows_as_the_caller_does(x, error):
    with pytest.raises(error, match=r"^x_test "):
        check_windows(x, name="x_test")
    with pytest.raises(error, match=r"^x of validation_data "):
        raw_windows(x, "x of validation_data")


def test_lengths_that_differ_are_all_named():
    with pytest.raises(LengthMismatchError, match="x has 3, y has 4, groups has 3"):
        check_lengths(x=np.zeros((3, 8, 1)), y=list("abcd"), groups=[1, 2, 3])
    check_lengths(x=np.zeros((3, 8, 1)), y=list("abc"), groups=None)


@pytest.mark.parametrize("y", [3, np.array(3)])
def test_a_single_value_has_no_length(y):
    with pytest.raises(LengthMismatchError, match="y is the single value"):
        check_lengths(x=np.zeros((3, 8, 1)), y=y)


def test_lists_of_several_lengths_have_a_length():
    check_lengths(x=np.zeros((2, 8, 1)), y=[[1], [1, 2]])
