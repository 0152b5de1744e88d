"""The shoulder exercises: as documented, and equal to the reference windows within rounding."""

import collections
import importlib.resources

import numpy as np
import pytest

from tsnas.datasets import shoulder
from tsnas.errors import SettingError

EXERCISES = {"PEN", "ABD", "FEL", "IR", "ER", "TRAP", "ROW"}


@pytest.fixture(scope="module")
def parts():
    return shoulder.load_data()


def test_shapes_types_and_subjects(parts):
    for (x, y, groups), windows, subjects in zip(parts, (2460, 1145), (range(1, 8), range(8, 11)), strict=True):
        assert x.shape == (windows, 128, 6)
        assert x.dtype == np.float32
        assert y.shape == groups.shape == (windows,)
        assert set(y.tolist()) == EXERCISES
        assert set(groups.tolist()) == set(subjects)
        assert np.isfinite(x).all()


def test_as_the_reference_windows_within_rounding(parts, shared_dir):
    with np.load(shared_dir / "data/watch.npz", allow_pickle=False) as reference:
        for (x, y, groups), part in zip(parts, ("train", "test"), strict=True):
            np.testing.assert_allclose(x, reference[f"x_{part}"], atol=5e-4)
            np.testing.assert_array_equal(y, reference["classes"][reference[f"y_{part}"]])
            np.testing.assert_array_equal(groups, reference[f"subject_{part}"])


def test_windows_advance_by_step_inside_one_recording():
    (half, y_half, _), _ = shoulder.load_data(window=64, step=32)
    (whole, y_whole, _), _ = shoulder.load_data(window=64, step=64)
    assert len(half) > 1.9 * len(whole)
    np.testing.assert_array_equal(half[0], whole[0])
    np.testing.assert_array_equal(half[2], whole[1])
    np.testing.assert_array_equal(half[1, 32:], half[2, :32])
    assert collections.Counter(y_half.tolist()).keys() == collections.Counter(y_whole.tolist()).keys()


def test_windows_longer_than_some_recordings_use_the_others():
    (x, _, _), _ = shoulder.load_data(window=2000, step=100)
    assert x.shape[1:] == (2000, 6)


@pytest.mark.parametrize("arguments", [{"window": 0}, {"step": 0}, {"step": 1.5}, {"window": "128"}, {"window": 9999}])
def test_bad_windows_are_refused(arguments):
    (name, value), *_ = arguments.items()
    with pytest.raises(SettingError, match=f"{name} must be .*{value}"):
        shoulder.load_data(**arguments)


def test_the_licence_lies_beside_the_data():
    licence = importlib.resources.files("tsnas.datasets").joinpath("files/shoulder.LICENSE").read_text()
    assert "2018, David M. Burns" in licence
    assert "Redistributions in binary form must reproduce" in licence
