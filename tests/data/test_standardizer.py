"""Standardisation against its definition, with constant channels and a round trip through JSON."""

import json

import numpy as np
import pytest

from tsnas.data import Standardizer
from tsnas.errors import ModelFileError, WindowShapeError


def test_against_the_definition(toy_windows):
    x = toy_windows[0] * np.array([1, 1000, 0.001], np.float32) + np.array([5, -7e4, 0], np.float32)
    standardizer = Standardizer.fit(x)
    for channel in range(3):
        values = [float(value) for value in x[:, :, channel].ravel()]
        mean = sum(values) / len(values)
        std = (sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5
        assert standardizer.mean[channel] == pytest.approx(mean)
        assert standardizer.std[channel] == pytest.approx(std)
    z = standardizer(x)
    assert z.dtype == np.float32
    np.testing.assert_allclose(z.mean(axis=(0, 1)), 0, atol=1e-5)
    np.testing.assert_allclose(z.std(axis=(0, 1)), 1, atol=1e-5)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e30, 123456.7])
def test_a_constant_channel_becomes_zero(value):
    x = np.random.default_rng(0).standard_normal((5, 16, 2)).astype(np.float32)
    x[:, :, 1] = value
    standardizer = Standardizer.fit(x)
    assert standardizer.std[1] == 1
    assert not standardizer(x)[:, :, 1].any()


def test_round_trip_through_json(toy_windows):
    standardizer = Standardizer.fit(toy_windows[0])
    assert Standardizer.from_json(json.loads(json.dumps(standardizer.to_json()))) == standardizer


def test_another_number_of_channels_is_refused(toy_windows):
    standardizer = Standardizer.fit(toy_windows[0])
    with pytest.raises(WindowShapeError, match=r"\(90, 32, 2\).*\(windows, time, 3\)"):
        standardizer(toy_windows[0][:, :, :2])


@pytest.mark.parametrize(
    "values",
    [
        None,
        {},
        {"mean": [0.0]},
        {"mean": [0.0], "std": ["a"]},
        {"mean": [0.0], "std": [0.0]},
        {"mean": [0.0], "std": [1.0, 1.0]},
        {"mean": 0.0, "std": 1.0},
        {"mean": [float("nan")], "std": [1.0]},
    ],
)
def test_bad_json_is_refused(values):
    with pytest.raises(ModelFileError, match="standardisation needs"):
        Standardizer.from_json(values)
