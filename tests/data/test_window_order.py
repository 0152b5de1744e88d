"""The order of windows: that of recordings is known, and that of windows which overlap is found."""

import numpy as np
import pytest

from tsnas.data import Signal, Windows, cut_in_order, cut_windows, find_order, keeps_order

LENGTHS = (90, 40, 16, 200)


def recordings(seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(length, 2)).astype(np.float32) for length in LENGTHS]


def follows(order):
    return (np.diff(order) == 1).tolist()


def test_windows_of_a_recording_have_numbers_in_a_row():
    labels = [np.zeros(length, int) for length in LENGTHS]
    labels[3][50:] = 1
    signal = Signal(window=16, stride=8)
    x, y, groups, order = cut_in_order(recordings(), labels, signal, rule="strict")
    for one, other in zip(cut_windows(recordings(), labels, signal, rule="strict"), (x, y, groups), strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(set(order.tolist())) == len(x)
    # A window was dropped where the label changes.
    same = (groups[1:] == groups[:-1]) & (y[1:] == y[:-1])
    assert follows(order) == same.tolist()


@pytest.mark.parametrize("stride", [1, 5, 8, 14])
def test_windows_that_overlap_have_the_order_of_their_recordings(stride):
    x, *_, order = cut_in_order(recordings(), [0] * 4, Signal(window=16, stride=stride))
    assert follows(find_order(x)) == follows(order)
    assert follows(find_order(Windows(x), np.zeros(len(x)))) == follows(order)
    apart = np.arange(len(x)) // 7
    assert follows(find_order(x, apart)) == [
        a and b for a, b in zip(follows(order), apart[1:] == apart[:-1], strict=True)
    ]


def test_a_recording_that_stands_still_in_part_has_its_order_too():
    still = recordings()[3].copy()
    still[60:150] = 1.0
    x = cut_windows([still], [0], Signal(window=16, stride=4))[0]
    assert all(follows(find_order(x)))


def test_no_order_is_made_up():
    x = cut_windows(recordings(), [0] * 4, Signal(window=16, stride=8))[0]
    apart = cut_windows(recordings(), [0] * 4, Signal(window=16, stride=16))[0]
    for windows in (np.random.default_rng(0).permutation(x), apart, x[:1], np.ones_like(x)):
        assert find_order(windows) is None


def test_a_part_keeps_the_order_if_most_windows_follow_another():
    order = np.arange(100)
    assert keeps_order(order[20:60])
    assert not keeps_order(np.sort(np.random.default_rng(0).permutation(order)[:20]))
    assert not keeps_order(order[:1])
