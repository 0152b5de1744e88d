"""Names, units and rate of channels: checked, taken from recordings and files of windows, and kept in JSON."""

import numpy as np
import pytest

from tsnas.data import Channels, RecordingSet
from tsnas.data.channel_units import unit_in_name, units_of
from tsnas.datasets import load_npz
from tsnas.errors import LengthMismatchError, SettingError

ACC = Channels(["ax", "ay", "az"], ["g", "g", "g"], 50)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("Acceleration x (m/s^2)", "m/s^2"), ("ax [g]", "g"), ("Current(uA)", "uA"), ("ACCELEROMETER X (m/s²)", "m/s²"),
        ("ax", ""), ("acc (left)", ""), ("adc(1)", ""), ("x (a value of a sensor)", ""),
    ],
)  # fmt: skip
def test_units_in_names(name, unit):
    assert unit_in_name(name) == unit


def test_units_that_a_file_says_come_first():
    assert units_of(["ax", "ay [mg]", "b"], {"ax": "g"}) == ("g", "mg", "")
    assert units_of(["ax", "ay"]) == ()


def test_texts_have_each_unit_once():
    assert ACC.texts == ["ax (g)", "ay (g)", "az (g)"]
    assert Channels(["ax (g)", "n"]).texts == ["ax (g)", "n"]
    assert Channels.from_json(ACC.to_json()) == ACC
    assert Channels.from_json({"names": 3}) is None
    assert Channels.from_json(None) is None


@pytest.mark.parametrize(
    "given",
    [
        {"names": "ax"},
        {"names": []},
        {"names": [1]},
        {"names": ["a"], "units": ["g", "g"]},
        {"names": ["a"], "rate_hz": 0},
    ],
)
def test_what_is_no_list_of_names(given):
    with pytest.raises(SettingError):
        Channels(**given)


def test_of_a_list_and_of_recordings():
    data = RecordingSet([np.zeros((9, 3), "f4")], None, ["a"], ACC.names, 50.0, ("a",), units=ACC.units)
    assert Channels.of(data, 3) == ACC
    assert Channels.of(["a", "b"], 2) == Channels(("a", "b"))
    assert Channels.of(None, 2) is None
    with pytest.raises(LengthMismatchError, match="channels has 3 names, but the data have 2 channels"):
        Channels.of(ACC, 2)
    unknown = RecordingSet([np.zeros((9, 1), "f4")], None, ["a"], ("0",), 1.0, ("a",), rate_known=False)
    assert Channels.of(unknown, 1).rate_hz is None


def test_files_of_windows_say_them(tmp_path):
    x, y = np.zeros((4, 8, 3)), np.arange(4) % 2
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y, channels=ACC.names, units=ACC.units, rate_hz=50)
    assert load_npz(tmp_path / "a.npz").channels == ACC
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y, channels=["ax", "ay"], rate_hz=50)
    assert load_npz(tmp_path / "a.npz").channels is None
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y, channels=ACC.names, units=["g"], rate_hz=[1, 2])
    assert load_npz(tmp_path / "a.npz").channels == Channels(ACC.names)
    # Whatever else stands there keeps no search from its windows.
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y, channels=np.array([{}, 1, None], dtype=object))
    assert load_npz(tmp_path / "a.npz").channels is None
    np.savez(tmp_path / "a.npz", x_train=x[..., 0], y_train=y, channels=["ax", "ay"])
    assert load_npz(tmp_path / "a.npz").channels is None
