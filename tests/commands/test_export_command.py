"""tsnas export: what a user types, sees and gets."""

import numpy as np
import pytest
from models import SMALL, converted, firmware, raw_windows

from tsnas.commands.main import run


@pytest.fixture
def model(tmp_path):
    (tmp_path / "found").mkdir()
    (tmp_path / "found/model.tflite").write_bytes(firmware().tflite)
    (tmp_path / "found/model.json").write_text('{"architecture": ["a line of it"], "smooth": 3}')
    return tmp_path / "found"


def test_sources_are_written_and_listed(model, tmp_path, capsys):
    assert run(["export", str(model), f"--out={tmp_path / 'fw'}"]) == 0
    printed = capsys.readouterr().out
    assert "tsnas/tsnas_model.c" in printed
    assert (tmp_path / "fw/tsnas/tsnas_model.c").exists()
    assert "a line of it" in (tmp_path / "fw/model.json").read_text()
    assert "#define TSNAS_SMOOTH 3\n" in (tmp_path / "fw/tsnas/tsnas.h").read_text()


@pytest.mark.parametrize("text", ["[]", "{", '{"architecture": 3}', "{}"])
def test_a_folder_that_says_little_is_exported_too(model, text, tmp_path):
    (model / "model.json").write_text(text)
    assert run(["export", str(model), f"--out={tmp_path / 'fw'}"]) == 0
    assert "TSNAS_SMOOTH" not in (tmp_path / "fw/tsnas/tsnas.h").read_text()


def test_a_file_alone_and_other_formats(model, tmp_path):
    path = str(model / "model.tflite")
    assert run(["export", path, f"--out={tmp_path / 'ino'}", "--format=arduino", "--stride=3"]) == 0
    assert "tsnas_stream_init(&stream, 3)" in (tmp_path / "ino/examples/Classify/Classify.ino").read_text()


def test_rate_and_units_reach_the_sketches(model, tmp_path, capsys):
    command = ["export", str(model), f"--out={tmp_path / 'ino'}", "--format=arduino"]
    assert run(command) == 0
    warned = capsys.readouterr().err
    assert "tsnas: warning: the model does not say how many raw samples per second" in warned
    assert "tsnas: warning: the sketch Nano33BLESense does not compile before it knows the units" in warned
    assert run([*command, "--rate_hz=52", "--units=m/s2"]) == 0
    assert capsys.readouterr().err == ""
    assert "{0, 9.80665f}" in (tmp_path / "ino/examples/Nano33BLESense/Nano33BLESense.ino").read_text()
    assert "TSNAS_RATE_HZ 52.0f" in (tmp_path / "ino/src/tsnas.h").read_text()


@pytest.mark.emulated
def test_from_export_to_class_names_on_the_emulated_board(model, tmp_path, capsys):
    found = firmware()
    x = raw_windows(found, 12)
    y = np.array(found.classes)[found.model.predict_int8(found.quantise(x)).argmax(axis=1)]
    np.savez(tmp_path / "data.npz", x_train=x, y_train=y)
    command = ["export", str(model), f"--out={tmp_path / 'fw'}", f"--data={tmp_path / 'data.npz'}", "--emulate"]
    assert run(command) == 0
    printed = capsys.readouterr().out
    assert "12 of 12 windows were classified correctly" in printed
    assert f"0 of {12 * SMALL.classes} output bytes differ" in printed
    assert "windows 0, 4, 7, 11 of the 12" in (tmp_path / "fw/tsnas/tsnas_selftest.c").read_text()
    assert y[0] in printed


@pytest.mark.riscv
def test_an_export_on_a_core_that_no_measured_board_has(model, tmp_path, capsys):
    assert run(["export", str(model), f"--out={tmp_path}", "--emulate", "--core=riscv32", "--windows=3"]) == 0
    printed = capsys.readouterr().out
    assert "with the portable kernels and running on an emulated riscv32" in printed
    assert "kernels: portable C" in printed
    assert "nothing that was measured turns instructions of a riscv32 into a time" in printed


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "--out is required"),
        (["--out=fw", "--format=tflm", "--emulate"], "--emulate requires --format=c"),
        (["--out=fw", "--kernels=portable"], "--kernels is for --emulate alone"),
        (["--out=fw", "--format=tflite", "--core=riscv32"], "--core is for --emulate alone"),
        (["--out=fw", "--emulate", "--kernels=fast"], "fast"),
        (["--out=fw", "--emulate", "--core=riscv32", "--kernels=cmsis_nn"], "CMSIS-NN is for Arm's cores"),
        (["--out=fw", "--data=a.npz", "--dataset=shoulder"], "give either"),
        (["--out=fw", "--format=rust"], "rust"),
        (["--out=fw", "--board=nucleo"], "nucleo_f446re"),
        (["--out=fw", "--format=arduino", "--units=ft"], "'ft', which is not known"),
        (["--out=fw", "--rate_hz=-1"], "out of range"),
        (["--out=fw", "more"], "expected the path of one model"),
    ],
)
def test_bad_commands(model, capsys, monkeypatch, tmp_path, flags, message):
    monkeypatch.chdir(tmp_path)
    assert run(["export", str(model), *flags]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "fw").exists()


def test_a_file_of_another_converter_has_no_labels(tmp_path, capsys):
    (tmp_path / "other.tflite").write_bytes(converted(SMALL))
    command = ["export", str(tmp_path / "other.tflite"), "--board=nucleo_f446re"]
    assert run([*command, f"--out={tmp_path / 'esp'}", "--format=espidf"]) == 2
    assert "requires a file of tsnas, which says how its input is standardised" in capsys.readouterr().err
    assert not (tmp_path / "esp").exists()
    assert run([*command, f"--out={tmp_path / 'ino'}", "--format=arduino"]) == 0
    assert "examples/Run/Run.ino" in capsys.readouterr().out


def test_no_model(tmp_path, capsys):
    assert run(["export", str(tmp_path), "--out=fw"]) == 2
    assert "cannot be read" in capsys.readouterr().err
