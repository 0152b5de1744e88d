"""tsnas data check and tsnas data windows: from CSV files on the command line to what a search takes."""

import itertools
import json

import numpy as np
import pytest

from tsnas.commands.job import check_dataset
from tsnas.commands.main import run
from tsnas.data import record
from tsnas.datasets import load_npz

PATTERN = r"--pattern=(?P<label>\w+)/(?P<group>\w+)_\d+\.csv"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Two classes of three users in `recordings`, 8 s at 50 Hz each."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for label, hz in (("walk", 1.5), ("run", 3.0)):
        (tmp_path / "recordings" / label).mkdir(parents=True)
        for user in (1, 2, 3):
            k = np.arange(400)
            values = np.sin(2 * np.pi * hz * k / 50)[:, np.newaxis] * 0.3 + rng.normal(0, 0.05, (400, 3)) + [0, 0, 1]
            lines = [f"{20 * t},{x:.4f},{y:.4f},{z:.4f}" for t, (x, y, z) in zip(k, values, strict=True)]
            path = tmp_path / f"recordings/{label}/u{user}_01.csv"
            path.write_text("\n".join(["time_ms,ax,ay,az", *lines]))
    return tmp_path


def rows_of(text):
    return [line.split() for line in text.splitlines()]


def test_check_shows_channels_classes_notes_and_findings(capsys):
    assert run(["data", "check", "--csv=recordings", "--time=time_ms", PATTERN, "--window=64"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("6 recordings of 3 channels at 50 Hz, 48.0 s in all, cut into 66 windows\n")
    assert [row[0] for row in rows_of(out) if row and row[0] in ("ax", "ay", "az")] == ["ax", "ay", "az"]
    assert ["walk", "33", "50.0%", "11", "11", "11"] in rows_of(out)
    assert "- Time stamps were taken to be in ms (6 files, such as run/u1_01.csv)." in out
    assert "info: Channels ax, ay and az look like accelerations in g" in out


def test_windows_are_those_that_a_search_takes(capsys):
    flags = ["--csv=recordings", "--time=time_ms", PATTERN, "--window=64", "--stride=32", "--out=w.npz"]
    assert run(["data", "windows", *flags, "--test_groups=u3"]) == 0
    out = capsys.readouterr().out
    assert "train  44 windows of 64 samples and 3 channels at 50 Hz, 2 classes, 2 groups" in out
    assert "test   22 windows of 64 samples and 3 channels at 50 Hz, 2 classes, 1 group" in out
    data = load_npz("w.npz")
    check_dataset(data)
    assert data.x_train.dtype == np.float32
    assert set(data.groups_train) == {"u1", "u2"}
    assert set(data.groups_test) == {"u3"}
    assert run(["data", "check", "--data=w.npz"]) == 0
    assert capsys.readouterr().out.startswith("44 windows of 64 samples and 3 channels\n")
    assert run(["data", "windows", *flags]) == 2
    assert "'w.npz' already exists; give --overwrite" in capsys.readouterr().err
    assert run(["data", "windows", *flags, "--overwrite"]) == 0
    assert load_npz("w.npz").x_test is None
    assert "warning" not in capsys.readouterr().out
    assert run(["data", "windows", *flags, "--overwrite", "--test_groups=u2,u3"]) == 0
    assert "warning: All windows to train on are of one group, 'u1'" in capsys.readouterr().out


def test_json_is_for_programs(capsys):
    assert run(["data", "check", "--csv=recordings", "--time=time_ms", "--label_from=folder", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [channel["name"] for channel in report["channels"]] == ["ax", "ay", "az"]
    assert report["counts"] == {"run": {"None": 1200}, "walk": {"None": 1200}}
    assert {finding["kind"] for finding in report["findings"]} == {"unit", "no groups"}


def test_columns_by_index_and_flags_of_reading(folder, capsys):
    lines = [f"{k / 100};{k % 7},5;{k // 200}" for k in range(400)]
    lines = [line.replace(".", ",") for line in lines]
    (folder / "one.csv").write_text("\n".join(lines))
    flags = ["--csv=one.csv", "--time=0", "--time_unit=s", "--channels=1", "--label=2", "--rate_hz=50", "--max_gap_s=1"]
    assert run(["data", "windows", *flags, "--window=16", "--rule=strict", "--out=w.npz", "--delimiter=;"]) == 0
    data = load_npz("w.npz")
    assert data.x_train.shape[1:] == (16, 1)
    assert set(data.y_train) == {0, 1}
    assert run(["data", "check", "--csv=one.csv", "--rate_hz=100", "--delimiter=tab", "--window=16"]) == 2
    assert "no column of numbers" in capsys.readouterr().err


def test_what_is_seen_does_not_change_the_exit_code(folder, capsys):
    np.savez(folder / "bad.npz", x_train=np.full((9, 16, 1), np.nan), y_train=np.zeros(9, int))
    assert run(["data", "check", "--data=bad.npz"]) == 0
    assert "error: 144 values are NaN or infinite" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "flags", "message"),
    [
        ("check", [], "give either --data=FILE.npz or --csv=FOLDER"),
        ("check", ["--csv=recordings", "--data=w.npz"], "give either"),
        ("check", ["--csv=recordings"], "give --time=COLUMN for the time stamps, or --rate_hz=HZ"),
        ("check", ["--csv=recordings", "--time=time_ms", "--stride=3"], "--stride needs --window"),
        ("check", ["--data=w.npz", "--time=t"], "--time requires --csv instead of --data"),
        ("check", ["--data=w.npz", "--window=8"], "--window and --stride require --csv"),
        ("check", ["--data=none.npz"], "none.npz does not exist"),
        ("check", ["--csv=none", "--time=t"], "none cannot be read: No such file or directory"),
        ("check", ["--csv=recordings", "--time=t"], "has no column 't' for time"),
        ("check", ["--csv=recordings", "--time=time_ms", "--label_from=folder", "--window=999"], "No window of 999"),
        ("windows", ["--csv=recordings", "--time=time_ms"], "--window is required"),
        ("windows", ["--csv=recordings", "--window=16", "--out=w.npz", "--time=time_ms"], "give --label=COLUMN"),
        ("windows", ["--csv=recordings", "--window=16", "--out=w", "--label=x"], "but must end in .npz"),
        (
            "windows",
            ["--csv=recordings", "--time=time_ms", "--label_from=folder", "--window=16", "--out=no/w.npz"],
            "cannot be written",
        ),
        (
            "windows",
            ["--csv=recordings", "--time=time_ms", PATTERN, "--window=16", "--out=w.npz", "--test_groups=u9"],
            "test_groups names 'u9', but the groups are 'u1', 'u2', 'u3'",
        ),
        ("windows", ["--csv=recordings", "--time=time_ms", "--pattern=x", "--window=16", "--out=w.npz"], "has neither"),
    ],
)
def test_bad_input_is_named(command, flags, message, capsys):
    assert run(["data", command, *flags]) == 2
    error = capsys.readouterr().err
    assert error.startswith("tsnas: error: ")
    assert message in error


def test_the_first_word_alone(capsys):
    assert run(["data"]) == 2
    assert "did you mean 'data check' or 'data read' or 'data record' or 'data windows'?" in capsys.readouterr().err


def test_data_read_says_what_it_took_the_files_for_and_writes_windows(tmp_path, capsys):
    rows = np.random.default_rng(0).normal(size=(40, 32))
    for part, part_rows in (("TRAIN", rows[:30]), ("TEST", rows[30:])):
        lines = ["\t".join([str(k % 2 + 1), *map(str, row)]) for k, row in enumerate(part_rows)]
        (tmp_path / f"Toy_{part}.tsv").write_text("\n".join(lines) + "\n")
    out = tmp_path / "toy.npz"
    assert run(["data", "read", str(tmp_path), "--window=32", f"--out={out}", "--test_groups=TEST"]) == 0
    printed = capsys.readouterr().out
    assert "Taken for UCR archive (.tsv), because Toy_TEST.tsv is named like" in printed
    assert "train  30 windows of 32 samples and 1 channels" in printed
    with np.load(out) as file:
        assert file["x_test"].shape == (10, 32, 1)
        # The files say no rate, so that none may go on to the firmware.
        assert (file["channels"].tolist(), "rate_hz" in file.files) == (["0"], False)
    assert run(["data", "read", str(tmp_path), f"--out={out}"]) == 2
    assert "already exists" in capsys.readouterr().err
    assert run(["data", "read"]) == 2
    assert "give one PATH" in capsys.readouterr().err
    assert run(["data", "read", str(tmp_path / "none")]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_record_writes_what_read_takes(folder, capsys, monkeypatch):
    lines = iter([b"ax,ay\n", *(b"%d,%d\n" % (n, n % 5) for n in range(1000))])
    now = itertools.count()

    def read(port, timeout_s):
        return next(lines)

    monkeypatch.setattr("tsnas.data.recorder.listener.read_available", read)
    monkeypatch.setattr("tsnas.data.record.__kwdefaults__", {**record.__kwdefaults__, "clock": lambda: next(now) / 200})
    flags = ["--port=loop://", "--rate_hz=100", "--seconds=4", "--out=new/recordings"]
    for label in ("walk", "run"):
        lines = iter([b"ax,ay\n", *(b"%d,%d\n" % (n, n % 5) for n in range(1000))])
        assert run(["data", "record", f"--label={label}", *flags]) == 0
    out = capsys.readouterr().out
    assert "samples of ax, ay at 100 Hz" in out
    assert "\r" not in out
    assert "Read all recordings of the folder with: tsnas data read new/recordings" in out
    assert run(["data", "read", "new/recordings", "--window=32", "--out=w.npz"]) == 0
    assert set(load_npz("w.npz").y_train) == {"walk", "run"}
    assert run(["data", "record", "--label=walk", *flags[1:]]) == 2
    assert "--port is required" in capsys.readouterr().err
    assert run(["data", "record", "--label=walk", "--port=/dev/none", *flags[1:]]) == 2
    assert "tsnas: error: Port '/dev/none' cannot be opened: there is no such device" in capsys.readouterr().err
