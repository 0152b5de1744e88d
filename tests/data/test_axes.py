"""Triples of channels: what is taken for them, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scale import scaled

from tsnas import errors
from tsnas.data import find_axes


def windows(*sizes, offset=0.0):
    rng = np.random.default_rng(0)
    return (offset + rng.standard_normal((20, 16, len(sizes))) * sizes).astype(np.float32)


def test_three_in_a_row_of_one_size():
    assert find_axes("auto", windows(1, 2, 0.5, 100, 300, 90)) == ((0, 1, 2), (3, 4, 5))


def test_gravity_on_one_axis_does_not_matter():
    x = windows(0.3, 0.3, 0.3)
    x[..., 1] += 1.0
    assert find_axes("auto", x) == ((0, 1, 2),)


@pytest.mark.parametrize(
    "x",
    [windows(1, 1), windows(1, 1, 1, 1), windows(1, 1, 50), windows(1, 1, 0), windows(1, 1, 1, offset=100)],
    ids=["two channels", "four channels", "a channel of another size", "a constant channel", "a large offset"],
)
def test_no_triples(x):
    assert find_axes("auto", x) == ()


def test_only_the_triples_that_are_of_one_size():
    assert find_axes("auto", windows(1, 1, 1, 1, 1, 1000, 5, 5, 5)) == ((0, 1, 2), (6, 7, 8))


def test_triples_of_the_caller():
    assert find_axes([(5, 3, 4)], windows(1, 1, 50, 1, 1, 1)) == ((5, 3, 4),)
    assert find_axes(np.array([[0, 1, 2]]), windows(1, 1, 1, 1)) == ((0, 1, 2),)
    assert find_axes(None, windows(1, 1, 1)) == ()
    assert find_axes([], windows(1, 1, 1)) == ()


@pytest.mark.parametrize(
    "axes",
    ["yes", 3, [(0, 1)], [(0, 1, 1)], [(0, 1, 2), (2, 3, 4)], [(0, 1, 9)], [(0, 1, -1)], [(0, 1, 0.5)], [0, 1, 2]],
)
def test_what_is_no_triple_is_refused(axes):
    with pytest.raises(errors.SettingError, match=r"axes=.* must be 'auto', None, or triples .* from 0 to 5"):
        find_axes(axes, windows(1, 1, 1, 1, 1, 1))


@settings(max_examples=scaled(50), deadline=None)
@given(st.integers(1, 70), st.integers(0, 2**31))
def test_any_channels_give_triples_that_are_accepted(channels, seed):
    rng = np.random.default_rng(seed)
    x = (rng.standard_normal((4, 8, channels)) * 10.0 ** rng.integers(-3, 4, channels)).astype(np.float32)
    found = find_axes("auto", x)
    assert find_axes(found, x) == found
    assert not found or channels % 3 == 0
