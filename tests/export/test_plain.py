"""Exports of models of others: their C is compiled and passes its self-test, and what cannot be exported is named."""

import shutil
import subprocess

import numpy as np
import pytest
from foreign_models import foreign

from tsnas.commands.main import run
from tsnas.errors import ExportError
from tsnas.export.plain import export_plain, is_plain
from tsnas.probe.conformance import random_windows
from tsnas.tflite.parser import parse_model
from tsnas.tflite.reference import reference_tensors

BOARD = "nucleo_f446re"
needs_compiler = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is missing")


def build(folder, sources="tsnas", main="example/main.c"):
    files = sorted(folder.glob(f"{sources}/*.c"))
    flags = ["-O1", "-Wall", "-Wextra", "-Werror", "-DTSNAS_PORTABLE", f"-I{folder / sources}"]
    command = ["gcc", *flags, *map(str, files), str(folder / main), "-lm", "-o", str(folder / "run")]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return folder / "run"


@needs_compiler
@pytest.mark.parametrize("name", ["conv1d", "dense", pytest.param("mobile", marks=pytest.mark.long)])
def test_the_self_test_passes_on_a_pc(name, tmp_path):
    written = export_plain(foreign(name), BOARD, tmp_path)
    assert {path.name for path in written} >= {"tsnas.h", "tsnas_model.c", "README.md", "CMakeLists.txt", "main.c"}
    done = subprocess.run([build(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.endswith("Self-test: every level is that of the reference.\n")
    # A single wrong weight is found.
    model = tmp_path / "tsnas" / "tsnas_model.c"
    text = model.read_text()
    place = text.index("_weights[")
    start = text.index("\n", place) + 1
    model.write_text(text[:start] + "1, 2, 3,\n" + text[start:].split("\n", 1)[1])
    assert "weights" in text[place:start]
    failed = subprocess.run([build(tmp_path)], capture_output=True, text=True)
    assert failed.returncode == 1
    assert "Self-test: failed" in failed.stdout


def test_an_arduino_library_has_a_sketch(tmp_path):
    names = {str(path.relative_to(tmp_path)) for path in export_plain(foreign("conv1d"), BOARD, tmp_path, "arduino")}
    assert {"library.properties", "examples/Run/Run.ino", "src/tsnas.h", "src/tsnas_model.c", "model.tflite"} <= names
    header = (tmp_path / "src" / "tsnas.h").read_text()
    assert "#define TSNAS_INPUT_SIZE 96 /* levels, of shape 1x32x3 */" in header
    assert "class" not in header


@pytest.mark.parametrize(
    ("name", "format", "message"),
    [
        ("activations", "c", r"no kernel for tanh"),
        ("two_outputs", "c", r"no kernel for quantize|has 1 inputs and 2 outputs; the 'c' export takes one of each"),
        ("conv1d", "zephyr", r"format='zephyr' requires a file of tsnas"),
    ],
)
def test_what_cannot_be_exported_is_named(name, format, message, tmp_path):
    with pytest.raises(ExportError, match=message):
        export_plain(foreign(name), BOARD, tmp_path / "out", format)
    assert not (tmp_path / "out").exists()


def test_the_command_exports_files_of_others(tmp_path, capsys):
    path = tmp_path / "model.tflite"
    path.write_bytes(foreign("conv1d"))
    assert is_plain(path.read_bytes())
    out = tmp_path / "out"
    assert run(["export", str(path), f"--out={out}", f"--board={BOARD}"]) == 0
    assert "tsnas/tsnas_selftest.c" in capsys.readouterr().out
    assert run(["export", str(path), f"--out={out}", f"--board={BOARD}", "--stride=4"]) == 2
    assert "--stride is for models made by tsnas" in capsys.readouterr().err
    assert run(["export", str(path), f"--out={out}"]) == 2
    assert "--board is required" in capsys.readouterr().err


def test_the_reference_runs_in_a_process_of_its_own():
    tflite = foreign("two_outputs")
    outputs = [int(index) for index in parse_model(tflite).subgraphs[0].outputs]
    (found,) = reference_tensors(tflite, random_windows(tflite, 1), outputs)
    assert [found[index].dtype for index in outputs] == [np.uint8] * 2
    assert sorted(found[index].size for index in outputs) == [1, 3]
