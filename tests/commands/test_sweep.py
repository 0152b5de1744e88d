"""tsnas sweep: finds bad input before the work, passes the flags on, and prints the points and their test scores."""

import inspect

import numpy as np
import pytest
from release_copies import write_uci_har

import tsnas
from tsnas.commands.main import run
from tsnas.commands.sweep_command import SETTINGS
from tsnas.pareto.points import Point, table_of

FAST = Point("nucleo_f446re", "aaaa", 5.0, 4.0, 4096, 8192, None, 0.90, "fast")
SAME = Point("nucleo_l552ze_q", "aaaa", 12.0, 11.0, 4096, 8192, None, 0.90, "same")


class RecordingFront:
    """Stands in for ParetoSearch: keeps what it is called with and has two points of one model."""

    calls: dict

    def __init__(self, boards, max_latency_ms, **settings):
        type(self).calls = {"boards": boards, "max_latency_ms": max_latency_ms, "settings": settings}

    def fit(self, x, y, groups=None, channels=None):
        self.calls["fit"] = (x, y, groups, channels)
        self.points_ = [FAST, SAME]
        return self

    def table(self, width=None):
        return table_of(self.points_, width)

    def load(self, point):
        return self

    def evaluate(self, x, y):
        return {"float": {"macro_f1": 0.875}, "int8": {"macro_f1": 0.75}}

    def plot(self, path):
        path.write_bytes(b"")


@pytest.fixture
def recording(monkeypatch):
    monkeypatch.setattr(tsnas, "ParetoSearch", RecordingFront, raising=False)
    RecordingFront.calls = {}
    return RecordingFront


@pytest.fixture
def data(tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(24, 32, 3)).astype(np.float32), np.arange(24) % 2
    names = {"channels": ["ax", "ay", "az"], "units": ["g"] * 3, "rate_hz": 50}
    np.savez(tmp_path / "data.npz", x_train=x, y_train=y, groups_train=y, x_test=x[:6], y_test=y[:6], **names)
    return f"--data={tmp_path / 'data.npz'}"


def test_passes_everything_on(recording, data, tmp_path, capsys):
    boards = "--boards=nucleo_f446re,nucleo_l552ze_q"
    flags = ["--max_latency_ms=5,12", "--max_ram_kb=20", "--epochs=3", "--seed=7", "--axes=0-1-2", "--verbose=0"]
    flags += ["--class_weight=balanced", "--reject=auto", "--other_class=1", "--smooth=3"]
    assert run(["sweep", data, boards, *flags, f"--out={tmp_path / 'out'}"]) == 0
    settings = {"max_ram_kb": 20.0, "epochs": 3, "seed": 7, "axes": [(0, 1, 2)], "n_jobs": -1, "verbose": 0}
    # A label that is a number in the file is one here.
    settings |= {"class_weight": "balanced", "reject": "auto", "other_class": 1, "smooth": 3}
    assert recording.calls["boards"] == ["nucleo_f446re", "nucleo_l552ze_q"]
    assert recording.calls["max_latency_ms"] == [5.0, 12.0]
    assert recording.calls["settings"] == settings | {"directory": tmp_path / "out"}
    np.testing.assert_array_equal(recording.calls["fit"][2], np.arange(24) % 2)
    assert recording.calls["fit"][3] == tsnas.data.Channels(("ax", "ay", "az"), ("g",) * 3, 50)
    printed = capsys.readouterr().out
    assert table_of([FAST, SAME]) in printed
    # One model on two boards has one line of scores.
    assert [line for line in printed.splitlines() if line.startswith("aaaa")] == [
        "aaaa                4.00 ms on nucleo_f446re, 11.00 ms on nucleo_l552ze_q             0.875            0.750"
    ]
    assert f"  tsnas export {tmp_path / 'out/fast'} --out={tmp_path / 'out/fast/firmware'}\n" in printed
    assert f"  xdg-open {tmp_path / 'out/front.png'}\n" in printed
    assert f"Wrote to {tmp_path / 'out'}:\n  front.json\n  front.png\n  fast\n  same\n" in printed


def test_a_public_data_set_can_be_named(recording, monkeypatch, tmp_path):
    write_uci_har(tmp_path / "copies/UCI HAR Dataset")
    monkeypatch.setenv("TSNAS_DATA", str(tmp_path / "copies"))
    assert run(["sweep", "--dataset=uci_har", "--boards=nucleo_f446re", f"--out={tmp_path / 'out'}"]) == 0
    x, _, groups, _ = recording.calls["fit"]
    assert x.shape == (12, 128, 9)
    assert set(groups.tolist()) <= {1, 3, 5}


@pytest.mark.parametrize(("given", "expected"), [([], None), (["--max_latency_ms=40"], 40.0)])
def test_one_limit_is_the_largest_and_none_is_left_to_the_search(recording, data, tmp_path, given, expected):
    assert run(["sweep", data, "--boards=nucleo_f446re", *given, f"--out={tmp_path / 'out'}"]) == 0
    assert recording.calls["max_latency_ms"] == expected


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--boards=nucleo_f446re"], "--out is required"),
        (["--out=x"], "--boards is required"),
        (["--boards=nucleo_f446re", "--out=x", "--max_latency_ms=5,fast"], "must be numbers, such as 6,12,30"),
        (["--boards=nucleo_f446re", "--out=x", "--max_latency_ms=5,-1"], "max_latency_ms is -1.0"),
        (["--boards=nucleo_f999", "--out=x"], "nucleo_f999"),
    ],
)
def test_bad_input(recording, data, given, said, capsys):
    assert run(["sweep", data, *given]) == 2
    assert said in capsys.readouterr().err
    assert not recording.calls


def test_every_setting_is_one_of_the_class():
    assert set(SETTINGS) <= set(inspect.signature(tsnas.ParetoSearch.__init__).parameters)
