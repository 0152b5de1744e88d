"""RecordingSet: windows of it, its split by groups, and what it says of itself."""

import numpy as np
import pytest

import tsnas
from tsnas.data import RecordingSet
from tsnas.errors import LabelValueError, SettingError

DATA = RecordingSet(
    arrays=[np.full((20, 2), k, np.float32) for k in range(4)],
    labels=["b", "a", "a", "b"],
    groups=[1, 1, 2, 3],
    channels=("x", "y"),
    rate_hz=50.0,
    sources=("a.csv", "b.csv", "c.csv", "d.csv"),
    jitter=(0.0, 0.1, 0.2, 0.3),
)


def test_what_it_says_of_itself():
    assert repr(DATA) == "RecordingSet(4 recordings, 2 channels, 50 Hz, 2 classes, 3 groups)"
    assert len(DATA) == 4
    assert DATA.classes == ["a", "b"]


def test_windows():
    x, y, groups = DATA.windows(tsnas.Signal(window=8, stride=6, rate_hz=50))
    assert x[:, 0, 0].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert y.tolist() == [label for label in "baab" for _ in range(3)]
    assert groups.tolist() == [1] * 6 + [2] * 3 + [3] * 3


def test_windows_of_another_rate_or_without_labels():
    with pytest.raises(SettingError, match="The signal has rate_hz=100, but the recordings have 50 Hz"):
        DATA.windows(tsnas.Signal(window=8, rate_hz=100))
    nameless = RecordingSet(DATA.arrays, None, DATA.groups, DATA.channels, 50.0, DATA.sources)
    assert "no labels" in repr(nameless)
    with pytest.raises(LabelValueError, match="have no labels; read them again with label"):
        nameless.windows(tsnas.Signal(window=8))


@pytest.mark.parametrize("held", [[2, 3], ["2", "3"], np.array([2, 3])])
def test_split_by_groups(held):
    train, test = DATA.split(held)
    assert (train.groups, test.groups) == ([1, 1], [2, 3])
    assert (train.labels, test.labels) == (["b", "a"], ["a", "b"])
    assert (train.sources, test.sources) == (("a.csv", "b.csv"), ("c.csv", "d.csv"))
    assert test.jitter == (0.2, 0.3)
    np.testing.assert_array_equal(test.arrays[0], DATA.arrays[2])


def test_groups_that_cannot_be_held_out():
    with pytest.raises(SettingError, match="test_groups names '7', but the groups are '1', '2', '3'"):
        DATA.split([1, 7])
    with pytest.raises(SettingError, match="leaves no recording to train with"):
        DATA.split([1, 2, 3])
    with pytest.raises(SettingError, match="leaves no recording to test with"):
        DATA.split([])
