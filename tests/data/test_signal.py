"""What becomes of a recording: channels, means of samples, and when the next window is due."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import tsnas
from tsnas.data import Signal
from tsnas.errors import SettingError


@given(st.integers(0, 40), st.integers(1, 5), st.permutations(range(4)), st.integers(1, 4))
def test_means_and_channels_against_a_slow_version(time, decimation, order, kept):
    recording = np.random.default_rng(time).normal(size=(time, 4)).astype(np.float32)
    signal = Signal(window=8, decimation=decimation, channels=tuple(order[:kept]))
    taken = signal.of(recording)
    assert taken.shape == (time // decimation, kept)
    assert taken.dtype == np.float32
    for row in range(len(taken)):
        for column, channel in enumerate(signal.channels):
            total = np.float32(recording[row * decimation, channel])
            for index in range(1, decimation):
                total = np.float32(total + recording[row * decimation + index, channel])
            assert taken[row, column] == np.float32(total / np.float32(decimation))


def test_defaults_and_json():
    signal = Signal(window=64)
    assert (signal.stride, signal.decimation, signal.channels, signal.deadline_ms) == (32, 1, None, None)
    signal = tsnas.Signal(window=np.int64(64), stride=16, decimation=2, channels=[2, 0], rate_hz=50)
    assert signal.deadline_ms == 640.0
    assert Signal.from_json(signal.to_json()) == signal


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"window": 0}, "window=0 must be a whole number"),
        ({"window": 8.5}, "window=8.5"),
        ({"window": 8, "stride": 0}, "stride=0"),
        ({"window": 8, "decimation": True}, "decimation=True"),
        ({"window": 8, "channels": ()}, r"channels=\(\) must be distinct whole numbers"),
        ({"window": 8, "channels": (1, 1)}, "must be distinct"),
        ({"window": 8, "channels": (-1,)}, "must be distinct"),
        ({"window": 8, "rate_hz": 0}, "rate_hz=0 must be a number above 0"),
        ({"window": 8, "rate_hz": float("nan")}, "rate_hz=nan"),
    ],
)
def test_values_out_of_range(bad, said):
    with pytest.raises(SettingError, match=said):
        Signal(**bad)
