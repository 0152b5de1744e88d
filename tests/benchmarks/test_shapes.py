"""Shapes are what they say, keep classes and groups, and the plain model beside them learns."""

import numpy as np
import pytest

from benchmarks.shapes import SHAPES, few, mixed, plain_macro_f1, stretched
from tsnas.datasets import Dataset


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    y = np.arange(120) % 3
    x = (rng.normal(size=(120, 128, 4)) + y[:, None, None]).astype(np.float32)
    return Dataset(x, y, np.arange(120) // 10, x[:30], y[:30], np.arange(30) // 10)


@pytest.mark.parametrize(
    ("shape", "windows", "size"),
    [
        ("as it is", 120, (128, 4)),
        ("40 windows", 40, (128, 4)),
        ("one channel", 120, (128, 1)),
        ("60 channels", 120, (128, 60)),
        ("24 samples", 120, (24, 4)),
        ("1,500 samples", 20, (1500, 4)),
    ],
)
def test_shapes_are_what_they_say(data, shape, windows, size):
    found = SHAPES[shape].change(data)
    assert found.x_train.shape == (windows, *size)
    assert found.x_test.shape == (30, *size)
    assert found.x_train.dtype == np.float32
    assert len(found.y_train) == len(found.groups_train) == windows
    assert max(np.bincount(found.y_train)) - min(np.bincount(found.y_train)) <= 1


def test_the_few_are_windows_of_the_data_with_their_labels(data):
    found = few(data, 7)
    for window, label, group in zip(found.x_train, found.y_train, found.groups_train, strict=True):
        (row,) = np.flatnonzero((data.x_train == window).all(axis=(1, 2)))
        assert (data.y_train[row], data.groups_train[row]) == (label, group)


def test_stretched_windows_interpolate(data):
    found = stretched(data.x_train[:2], 255)
    np.testing.assert_allclose(found[:, ::2], data.x_train[:2], rtol=1e-6)
    np.testing.assert_allclose(found[:, 1::2], (data.x_train[:2, 1:] + data.x_train[:2, :-1]) / 2, atol=1e-6)


def test_mixtures_are_the_same_for_all_windows(data):
    found = mixed(data.x_train, 5)
    weights, *_ = np.linalg.lstsq(data.x_train.reshape(-1, 4), found.reshape(-1, 5), rcond=None)
    np.testing.assert_allclose(data.x_train @ weights, found, atol=1e-4)


def test_the_plain_model_learns_what_is_plain(data):
    assert plain_macro_f1(data) > 0.9
