"""Windows of recordings, with labels of recordings or of samples, against a slow version."""

import collections

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scale import scaled

from tsnas.data import Signal, cut_windows
from tsnas.errors import (
    LabelShapeError,
    LabelValueError,
    LengthMismatchError,
    NonFiniteError,
    SettingError,
    WindowShapeError,
    WindowTooShortError,
)


def slow_windows(recordings, labels, signal, rule):
    """Sample by sample, as a device would see them."""
    found = []
    for recording, label in zip(recordings, labels, strict=True):
        taken = signal.of(recording)
        start = 0
        while start + signal.window <= len(taken):
            window = taken[start : start + signal.window]
            first, last = start * signal.decimation, (start + signal.window) * signal.decimation
            own = list(label[first:last]) if np.ndim(label) else [label]
            if rule == "majority" or len(set(own)) == 1:
                found.append((window, collections.Counter(own).most_common(1)[0][0]))
            start += signal.stride
    return found


@settings(deadline=None, max_examples=scaled(60))
@given(
    st.lists(st.integers(1, 70), min_size=1, max_size=4),
    st.integers(8, 12),
    st.integers(1, 9),
    st.integers(1, 3),
    st.sampled_from(["majority", "strict"]),
    st.booleans(),
    st.integers(0, 5),
)
def test_against_a_slow_version(lengths, window, stride, decimation, rule, of_samples, seed):
    rng = np.random.default_rng(seed)
    recordings = [rng.normal(size=(length, 2)).astype(np.float32) for length in lengths]
    if of_samples:
        labels = [np.repeat(rng.integers(0, 3, length // 7 + 1), 7)[:length] for length in lengths]
    else:
        labels = rng.integers(0, 3, len(lengths)).tolist()
    signal = Signal(window, stride, decimation)
    expected = slow_windows(recordings, labels, signal, rule)
    if not expected:
        with pytest.raises(WindowTooShortError):
            cut_windows(recordings, labels, signal, rule=rule)
        return
    x, y, groups = cut_windows(recordings, labels, signal, rule=rule)
    np.testing.assert_array_equal(x, np.stack([one for one, _ in expected]))
    assert y.tolist() == [label for _, label in expected]
    assert len(groups) == len(x)


def test_groups_are_recordings_unless_given():
    recordings = [np.zeros((20, 3)), np.ones((12, 3)), np.zeros(16 * 3).reshape(-1, 3)]
    signal = Signal(window=8, stride=4)
    x, y, groups = cut_windows(recordings, ["a", "b", "a"], signal)
    assert groups.tolist() == [0, 0, 0, 0, 1, 1, 2, 2, 2]
    assert y.tolist() == ["a"] * 4 + ["b"] * 2 + ["a"] * 3
    assert x.shape == (9, 8, 3)
    groups = cut_windows(recordings, ["a", "b", "a"], signal, groups=["u", "v", "u"])[2]
    assert groups.tolist() == ["u"] * 4 + ["v"] * 2 + ["u"] * 3


SIGNAL = Signal(window=8)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        ((([]), [], SIGNAL), LengthMismatchError, "recordings is empty"),
        (([np.zeros((9, 2))], [0, 1], SIGNAL), LengthMismatchError, "recordings has 1, labels has 2"),
        (([np.zeros((9, 2)), np.zeros((9, 3))], [0, 1], SIGNAL), WindowShapeError, r"have \[2, 3\] channels"),
        (([np.zeros((9, 2, 2))], [0], SIGNAL), WindowShapeError, r"Recording 0 has shape \(9, 2, 2\)"),
        (([np.full((9, 2), np.nan)], [0], SIGNAL), NonFiniteError, "NaN"),
        (([np.zeros((7, 2))], [0], SIGNAL), WindowTooShortError, "the longest of which has 7 samples"),
        (([np.zeros((9, 2))], [0], Signal(window=4)), SettingError, "window=4 is too short"),
        (
            ([np.zeros((9, 2))], [0], Signal(window=8, channels=(2,))),
            SettingError,
            "names a channel that is missing from the recordings",
        ),
        (([np.zeros((9, 2))], [np.zeros(5, int)], SIGNAL), LengthMismatchError, "9 samples, but 5 labels"),
        (([np.zeros((9, 2))] * 2, [0, np.zeros(9, int)], SIGNAL), LabelShapeError, "Some labels are single values"),
    ],
)
def test_what_cannot_be_cut(call, error, said):
    with pytest.raises(error, match=said):
        cut_windows(*call)


def test_unknown_rule():
    with pytest.raises(SettingError, match="rule='first' is not known; choose 'majority' or 'strict'"):
        cut_windows([np.zeros((9, 2))], [0], SIGNAL, rule="first")


def test_masked_samples_and_labels_of_recordings_are_refused():
    signal = Signal(window=16, stride=8)
    arrays = [np.zeros((40, 2)), np.ma.masked_equal(np.eye(40, 2), 1)]
    with pytest.raises(NonFiniteError, match="recording 1 holds 2 masked values"):
        cut_windows(arrays, ["a", "b"], signal)
    labels = [np.zeros(40, int), np.ma.array(np.zeros(40, int), mask=np.arange(40) == 3)]
    with pytest.raises(LabelValueError, match=r"labels of recording 1 has 1 missing .* index 3"):
        cut_windows([np.zeros((40, 2))] * 2, labels, signal)
