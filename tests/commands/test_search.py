"""tsnas search: finds bad input before the search, passes the flags on, and writes what it reports."""

import inspect
import json
import pathlib
import shlex

import numpy as np
import pytest
from release_copies import write_skoda, write_uci_har

import tsnas
from tsnas.commands.main import COMMANDS, run
from tsnas.commands.search_command import LIMITS, TRAINING
from tsnas.cost.measurements import OpMeasurement
from tsnas.cost.op_table import write_table
from tsnas.graph.ops import Softmax


class RecordingClassifier:
    """Stands in for AutoClassifier: keeps what it is called with and returns fixed values."""

    calls: dict

    def __init__(self, board, **settings):
        type(self).calls = {"board": board, "settings": settings}

    def fit(self, x, y, groups=None, channels=None):
        self.calls |= {"fit": (x, y, groups), "channels": channels}
        self.classes_ = np.unique(y)
        self.seed_ = 17
        self.latency_ms_, self.ram_bytes_, self.flash_bytes_ = np.float64(4.5), np.int64(2048), 4096
        self.energy_mj_ = None
        self.plain_scores_ = {"windows": 18}
        return self

    def summary(self):
        print("THE SUMMARY")

    def evaluate(self, x, y):
        self.calls["evaluate"] = (x, y)
        asked = "reject" in self.calls["settings"]
        rejection = {"rejected": 0.0311, "other_rejected": np.float64(0.5)} if asked else {}
        return {
            "float": {"accuracy": 0.875, "macro_f1": np.float64(0.75)},
            "int8": {"accuracy": 0.5, "macro_f1": 0.25} | rejection,
        }

    def save(self, folder):
        (folder / "model.tflite").write_bytes(bytes(1234))
        return [folder / "model.tflite"]

    def report(self, folder, x_test, y_test, command_line):
        self.calls["report"] = (x_test, y_test, command_line)
        (folder / "report.html").write_bytes(bytes(567))
        return [folder / "report.html"]


@pytest.fixture
def recording(monkeypatch):
    monkeypatch.setattr(tsnas, "AutoClassifier", RecordingClassifier, raising=False)
    RecordingClassifier.calls = {}
    return RecordingClassifier


@pytest.fixture
def arrays(toy_windows, toy_test_windows):
    (x_train, y_train), (x_test, y_test) = toy_windows, toy_test_windows
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


@pytest.fixture
def search(tmp_path, arrays):
    """Runs a search on the toy windows, changed as asked, into tmp_path/out; a flag of None is left out."""

    def run_search(changes=None, **flags):
        values = {name: value for name, value in (arrays | (changes or {})).items() if value is not None}
        np.savez(tmp_path / "toy.npz", **values)
        flags = {"data": tmp_path / "toy.npz", "board": "nucleo_f446re", "out": tmp_path / "out"} | flags
        return run(["search", *(f"--{name}={value}" for name, value in flags.items() if value is not None)])

    return run_search


@pytest.mark.parametrize("method", ["__init__", "fit", "summary", "evaluate", "save", "report"])
def test_the_real_classifier_takes_what_the_command_gives(method):
    """The stand-in is of use only as long as the real methods can be called in the same way."""
    real = inspect.signature(getattr(tsnas.AutoClassifier, method))
    arguments = {
        "__init__": (("board",), dict.fromkeys((*LIMITS, *TRAINING, "axes", "n_jobs", "verbose"))),
        "fit": (("x", "y"), {"groups": None}),
        "summary": ((), {}),
        "evaluate": (("x", "y"), {}),
        "save": (("folder",), {}),
        "report": (("folder", "x_test", "y_test"), {"command_line": ""}),
    }
    positional, named = arguments[method]
    real.bind("self", *positional, **named)


def test_flags_are_passed_on_and_those_not_given_are_not(search, recording, arrays, tmp_path):
    assert search(max_latency_ms=30, epochs=3, seed=0, verbose=0) == 0
    assert recording.calls["board"] == "nucleo_f446re"
    assert recording.calls["settings"] == {
        "max_latency_ms": 30.0,
        "max_ram_kb": None,
        "max_flash_kb": None,
        "max_energy_mj": None,
        "epochs": 3,
        "seed": 0,
        "directory": tmp_path / "out/phases",
        "n_jobs": -1,
        "verbose": 0,
    }
    x, y, groups = recording.calls["fit"]
    np.testing.assert_array_equal(x, arrays["x_train"])
    np.testing.assert_array_equal(y, arrays["y_train"])
    assert groups is None


def test_labels_of_flags_are_those_of_the_file(search, recording):
    assert search(class_weight="balanced", reject="auto", other_class="2", smooth="3") == 0
    settings = recording.calls["settings"]
    assert settings["smooth"] == 3
    assert (settings["class_weight"], settings["reject"]) == ("balanced", "auto")
    assert settings["other_class"] == 2


def test_groups_are_passed_on(search, recording):
    groups = np.arange(90) // 9
    assert search({"subject_train": groups}) == 0
    np.testing.assert_array_equal(recording.calls["fit"][2], groups)


def test_summary_scores_and_files_are_printed(search, recording, tmp_path, capsys):
    assert search() == 0
    out = capsys.readouterr().out
    assert out.startswith("THE SUMMARY\n")
    assert "None" not in out
    assert "test (30 windows)" in out
    assert ["float", "0.875", "0.750"] in [line.split() for line in out.splitlines()]
    assert ["int8", "0.500", "0.250"] in [line.split() for line in out.splitlines()]
    assert "rejected" not in out
    assert ["1,234", "bytes", "model.tflite"] in [line.split() for line in out.splitlines()]
    assert "metrics.json" in out


def test_what_is_rejected_is_printed(search, recording, capsys):
    assert search(reject="auto") == 0
    lines = " ".join(capsys.readouterr().out.split())
    assert "rejected: 3.1% of these, which count in the scores as if they were not, and 50.0% of the windows" in lines


def test_metrics_hold_what_was_asked_and_found(search, recording, tmp_path):
    assert search(max_ram_kb=64, epochs=2) == 0
    metrics = json.loads((tmp_path / "out/metrics.json").read_text())
    assert metrics["limits"] == dict.fromkeys(LIMITS) | {"max_ram_kb": 64.0}
    assert metrics["settings"] == {"epochs": 2}
    assert metrics["seed"] == 17
    assert metrics["classes"] == [0, 1, 2]
    assert (metrics["train_windows"], metrics["test_windows"]) == (90, 30)
    assert (metrics["latency_ms"], metrics["ram_bytes"], metrics["flash_bytes"]) == (4.5, 2048, 4096)
    assert metrics["test"]["float"]["macro_f1"] == 0.75


def test_the_report_gets_the_test_windows_and_the_command_line(search, recording, arrays, tmp_path, capsys):
    assert search(max_ram_kb=64, out=tmp_path / "my out") == 0
    x_test, y_test, line = recording.calls["report"]
    np.testing.assert_array_equal(x_test, arrays["x_test"])
    np.testing.assert_array_equal(y_test, arrays["y_test"])
    program, command, *flags = shlex.split(line)
    assert (program, command) == ("tsnas", "search")
    given = {f"--data={tmp_path / 'toy.npz'}", "--board=nucleo_f446re", f"--out={tmp_path / 'my out'}"}
    # The seed was drawn by the classifier.
    assert set(flags) == given | {"--max_ram_kb=64.0", "--seed=17"}
    assert ["567", "bytes", "report.html"] in [line.split() for line in capsys.readouterr().out.splitlines()]


def test_the_last_lines_are_commands_for_what_comes_next(search, recording, tmp_path, capsys):
    assert search(out=tmp_path / "two words") == 0
    commands = [shlex.split(line) for line in capsys.readouterr().out.splitlines()[-6:] if line.startswith("  ")]
    folder = tmp_path / "two words"
    assert commands == [
        ["xdg-open", str(folder / "report.html")],
        ["tsnas", "export", str(folder), f"--out={folder / 'firmware'}"],
        ["tsnas", "verify", str(folder), "--port=emulated:cortex-m4"],
    ]
    for _, name, *arguments in commands[1:]:
        COMMANDS[name].new_flags()([name, *arguments])


def test_what_comes_next_has_no_emulator_for_a_core_that_none_has(search, recording, capsys):
    assert search(board="esp32") == 0
    out = capsys.readouterr().out
    assert "tsnas export" in out
    assert "tsnas verify" not in out


def test_without_test_windows_nothing_is_evaluated(search, recording, tmp_path, capsys):
    assert search({"x_test": None, "y_test": None}) == 0
    assert recording.calls["report"][:2] == (None, None)
    assert "evaluate" not in recording.calls
    assert "accuracy" not in capsys.readouterr().out
    assert json.loads((tmp_path / "out/metrics.json").read_text())["test"] is None


def test_the_shoulder_data_set_can_be_named(search, recording):
    assert search(data=None, dataset="shoulder") == 0
    x, y, groups = recording.calls["fit"]
    assert x.shape == (2460, 128, 6)
    assert "PEN" in y
    assert set(groups.tolist()) == set(range(1, 8))


@pytest.mark.parametrize(
    ("name", "shape", "label"), [("uci_har", (128, 9), "LAYING"), ("skoda", (64, 30), "open hood")]
)
def test_public_data_sets_are_read_from_the_folder_of_copies(
    search, recording, monkeypatch, tmp_path, name, shape, label
):
    {"uci_har": write_uci_har, "skoda": write_skoda}[name](tmp_path / "copies" / name)
    monkeypatch.setenv("TSNAS_DATA", str(tmp_path / "copies"))
    assert search(data=None, dataset=name) == 0
    x, y, groups = recording.calls["fit"]
    assert x.shape[1:] == shape
    assert label in y
    assert len(set(groups.tolist())) > 2
    assert recording.calls["evaluate"][0].shape[1:] == shape
    assert json.loads((tmp_path / "out/metrics.json").read_text())["data"] == name


def test_a_data_set_that_is_nowhere_is_one_line(search, recording, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("TSNAS_DATA", str(tmp_path))
    assert search(data=None, dataset="uci_har") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("tsnas: error: UCI-HAR: folder ")
    assert not recording.calls


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"data": None}, "give either --data=FILE.npz or --dataset=shoulder"),
        ({"dataset": "shoulder"}, "give either --data=FILE.npz or --dataset=shoulder"),
        ({"board": None}, "--board is required"),
        ({"out": None}, "--out is required"),
        ({"board": "nucleo"}, "nucleo_f446re"),
        ({"max_latency_ms": 0}, "max_latency_ms is 0.0"),
        ({"max_ram_kb": "nan"}, "max_ram_kb is nan"),
        ({"max_flash_kb": -1}, "max_flash_kb is -1.0"),
        ({"data": "none.npz"}, "none.npz does not exist"),
        ({"axes": "xyz"}, "--axes=xyz must be auto, none, or triples of channels"),
        ({"axes": "0-1"}, "must be 'auto', None, or triples"),
        ({"axes": "0-1-3"}, "each channel from 0 to 2"),
    ],
)
def test_bad_flags_are_found_before_the_search(search, recording, capsys, flags, message):
    assert search(**flags) == 2
    error = capsys.readouterr().err
    assert error.startswith("tsnas: error: ")
    assert message in error
    assert not recording.calls


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_train": np.full((90, 32, 3), np.nan)}, "NaN"),
        ({"y_train": np.zeros(90, int)}, "single class"),
        ({"y_train": np.arange(89) % 3}, "x_train has 90, y_train has 89"),
        ({"groups_train": np.zeros(7)}, "groups_train has 7"),
        ({"x_test": np.zeros((30, 32, 2))}, "x_test has windows of shape (32, 2)"),
        ({"x_test": np.zeros((30, 31, 3))}, "x_test has windows of shape (31, 3)"),
        ({"y_test": np.full(30, 7)}, "y_test holds labels 7, but the classes are 0, 1, 2"),
        ({"y_test": np.zeros(29, int)}, "x_test has 30, y_test has 29"),
        ({"y_test": None}, "lacks y_test"),
    ],
)
def test_bad_data_is_found_before_the_search(search, recording, capsys, changes, message):
    assert search(changes) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not recording.calls


def test_an_output_folder_that_cannot_be_written_is_found_before_the_search(search, recording, capsys, tmp_path):
    (tmp_path / "file").write_text("")
    assert search(out=tmp_path / "file") == 2
    assert "cannot be written" in capsys.readouterr().err
    assert not recording.calls


def test_limits_that_cannot_be_kept_leave_no_model(search, recording, monkeypatch, capsys, tmp_path):
    def fit(self, x, y, groups=None):
        raise tsnas.errors.InfeasibleError("no network is that fast")

    monkeypatch.setattr(recording, "fit", fit)
    assert search(max_latency_ms=0.001) == 1
    assert capsys.readouterr().err == "tsnas: error: no network is that fast\n"
    assert not (tmp_path / "out").exists()


def test_a_failed_search_leaves_the_files_of_an_earlier_one(search, recording, monkeypatch, tmp_path):
    def fit(self, x, y, groups=None):
        raise KeyboardInterrupt

    assert search() == 0
    before = sorted((tmp_path / "out").iterdir())
    monkeypatch.setattr(recording, "fit", fit)
    assert search() == 130
    assert sorted((tmp_path / "out").iterdir()) == before


def test_an_interrupted_search_says_how_to_go_on(search, recording, monkeypatch, tmp_path, capsys):
    def fit(self, x, y, groups=None):
        directory = pathlib.Path(recording.calls["settings"]["directory"])
        directory.mkdir()
        (directory / "phase_search.npz").write_bytes(b"")
        raise KeyboardInterrupt

    monkeypatch.setattr(recording, "fit", fit)
    assert search() == 130
    assert f"kept in {tmp_path / 'out'}; run the same command again to resume" in capsys.readouterr().err


def test_a_model_is_saved_before_it_is_scored(search, recording, monkeypatch, tmp_path):
    def evaluate(self, x, y):
        raise KeyboardInterrupt

    monkeypatch.setattr(recording, "evaluate", evaluate)
    assert search() == 130
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["model.tflite"]


def test_measured_operators_are_given_with_the_board(search, recording, tmp_path):
    write_table(tmp_path / "mine.csv", [OpMeasurement("nucleo_f446re", "1", Softmax(6), 777, 999, 4000, 900)])
    assert search(table=tmp_path / "mine.csv") == 0
    assert recording.calls["board"].measured(Softmax(6)).op_cycles == 777


def test_energy_without_the_power_of_the_board_is_found_before_the_search(search, recording, capsys):
    assert search(max_energy_mj=2) == 2
    assert "'nucleo_f446re' has no active_power_mw" in capsys.readouterr().err
    assert not recording.calls


def test_space_strategy_and_minutes_are_passed_on(search, recording, tmp_path):
    assert search(space="micronas", strategy="random", max_minutes=3.5) == 0
    settings = recording.calls["settings"]
    assert (settings["space"], settings["strategy"], settings["max_minutes"]) == ("micronas", "random", 3.5)
    metrics = json.loads((tmp_path / "out/metrics.json").read_text())
    assert metrics["settings"] == {"space": "micronas", "strategy": "random", "max_minutes": 3.5}


@pytest.mark.parametrize(("flag", "given"), [((), {}), (("--noplain_rivals",), {"plain_rivals": False})])
def test_plain_models_can_be_switched_off(recording, arrays, tmp_path, flag, given):
    np.savez(tmp_path / "data.npz", **arrays)
    arguments = [f"--data={tmp_path}/data.npz", "--board=nucleo_f446re", f"--out={tmp_path}/out"]
    assert run(["search", *arguments, *flag]) == 0
    settings = recording.calls["settings"]
    assert {name: settings[name] for name in settings if name == "plain_rivals"} == given
    assert json.loads((tmp_path / "out/metrics.json").read_text())["plain"] == {"windows": 18}


def test_unknown_strategies_are_found_before_the_search(search, recording, capsys):
    assert search(strategy="luck") == 2
    assert "--strategy" in capsys.readouterr().err
    assert not recording.calls


@pytest.mark.parametrize(("text", "axes"), [("none", None), ("auto", "auto"), ("2-0-1", [(2, 0, 1)])])
def test_axes_are_passed_on(search, recording, text, axes):
    assert search(axes=text) == 0
    assert recording.calls["settings"]["axes"] == axes


def test_recordings_are_answered_with_the_command_that_cuts_them(recording, tmp_path, capsys):
    folder = tmp_path / "my data"
    folder.mkdir()
    (folder / "walk.csv").write_text("t,x\n1,2\n")
    for path, out in ((folder, "'my data.npz'"), (folder / "walk.csv", "walk.npz")):
        assert run(["search", f"--data={path}", "--board=nucleo_f446re", f"--out={tmp_path / 'out'}"]) == 2
        assert f"  tsnas data read {shlex.quote(str(path))} --window=128 --out={out}\n" in capsys.readouterr().err
    assert RecordingClassifier.calls == {}


def test_names_of_channels_go_on_to_the_fit(recording, tmp_path):
    x, y = np.random.default_rng(0).normal(size=(12, 32, 2)), np.arange(12) % 2
    np.savez(tmp_path / "w.npz", x_train=x, y_train=y, channels=["ax", "ay"], units=["g", "g"], rate_hz=50)
    flags = [f"--data={tmp_path / 'w.npz'}", "--board=nucleo_f446re", f"--out={tmp_path / 'out'}"]
    assert run(["search", *flags]) == 0
    assert RecordingClassifier.calls["channels"] == tsnas.data.Channels(("ax", "ay"), ("g", "g"), 50)
