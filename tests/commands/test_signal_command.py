"""tsnas signal: from a folder of CSV files to a signal and a model, resumed after an interruption."""

import functools

import numpy as np
import pytest
from stand_ins import guessed

import tsnas
from tsnas.commands.main import run
from tsnas.export import Firmware
from tsnas.job import selection
from tsnas.outer import signal_search as module

PATTERN = r"--pattern=(?P<label>\w+)/(?P<group>\w+)\.csv"
READING = ["--csv=recordings", "--time=time_ms", PATTERN]
QUICK = ["--epochs=1", "--search_epochs=1", "--qat_epochs=1", "--finalists=1", "--batch_size=32", "--verbose=0"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Two classes of four users: what tells them apart is in ax, and gx is noise; 50 Hz."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    k = np.arange(160)
    for label, hz in (("walk", 1.5), ("run", 4.0)):
        (tmp_path / "recordings" / label).mkdir(parents=True)
        for user in range(4):
            values = rng.normal(0, 0.1, (len(k), 2))
            values[:, 0] += np.sin(2 * np.pi * hz * k / 50 + user)
            lines = [f"{20 * t},{ax:.4f},{gx:.4f}" for t, (ax, gx) in zip(k, values, strict=True)]
            (tmp_path / f"recordings/{label}/u{user}.csv").write_text("\n".join(["time_ms,ax,gx", *lines]))
    return tmp_path


def test_from_recordings_to_a_model_for_a_signal(folder, capsys, monkeypatch, eager, untrained):
    monkeypatch.setattr("tsnas.search.rounds.short_scores", guessed)
    small = functools.partial(selection.EvolutionConfig, population=4, generations=1, last_generations=1)
    monkeypatch.setattr(selection, "EvolutionConfig", small)
    given = [*READING, "--test_groups=u3", "--spans=32", "--decimations=1,2", "--sensors=ax,gx"]
    given += ["--board=nucleo_f446re", "--max_latency_ms=6", "--seed=0", "--out=found", *QUICK]
    given += ["--class_weight=balanced", "--reject=auto", "--smooth=2"]
    scored = []
    real = module.score_signal

    def interrupted(signal, *args):
        if len(scored) == 4:
            raise KeyboardInterrupt
        scored.append(signal)
        return real(signal, *args)

    monkeypatch.setattr(module, "score_signal", interrupted)
    assert run(["signal", *given]) == 130
    assert "Finished work is kept in" in capsys.readouterr().err
    monkeypatch.setattr(module, "score_signal", lambda signal, *args: scored.append(signal) or real(signal, *args))
    assert run(["signal", *given]) == 0
    # All channels, and each alone, at two rates; none twice.
    assert len(scored) == len(set(scored)) == 6
    out = capsys.readouterr().out
    assert "raw samples" in out
    assert "The model takes " in out
    assert " Hz (of 50), in windows of " in out
    assert "test (" in out
    clf = tsnas.load("found")
    assert clf.latency_ms_ <= 6
    assert (clf.class_weight, clf.reject, clf.smooth_) == ("balanced", "auto", 2)
    assert clf.signal_.rate_hz == 50
    assert Firmware.of(clf.tflite_model_, clf.board_).channels == tsnas.data.Channels(("ax", "gx"), (), 50)
    assert clf.signal_.window * clf.signal_.decimation == 32
    assert (folder / "found/report.html").exists()
    assert "tsnas signal" in (folder / "found/report.html").read_text()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--board=nucleo_f446re", "--out=x"], "--csv is required"),
        ([*READING, "--out=x"], "--board is required"),
        (["--csv=recordings", "--time=time_ms", "--board=nucleo_f446re", "--out=x"], "to define the label"),
        ([*READING, "--board=nucleo_f446re", "--out=x", "--spans=32,long"], "--spans=32,long must be whole numbers"),
        (
            [*READING, "--board=nucleo_f446re", "--out=x", "--sensors=ax-az"],
            "there is no channel az; the channels are ax, gx",
        ),
        ([*READING, "--board=nucleo_f446re", "--out=x", "--test_groups=u9"], "'u9'"),
        ([*READING, "--board=nucleo_f446re", "--out=x", "--max_latency_ms=-1"], "max_latency_ms"),
        ([*READING, "--board=nucleo_f999", "--out=x"], "nucleo_f999"),
    ],
)
def test_bad_input_is_found_before_the_work(given, said, capsys, folder):
    assert run(["signal", *given]) == 2
    assert said in capsys.readouterr().err
    assert not (folder / "x").exists()
