"""The commands for boards: characterise, emulate and verify, as a user types them."""

import contextlib
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
from processes import PATIENCE_S

from tsnas import errors
from tsnas.commands import kernel_flags
from tsnas.commands.main import run
from tsnas.cost.board import load_board
from tsnas.probe import cores
from tsnas.probe.cores import ARM
from tsnas.space.architecture import Architecture, SensorFusion, TimeReduce
from tsnas.tflite.graph_writer import graph_file

PORT = "emulated:cortex-m4"
KNOWN = ["--board=nucleo_f446re"]
NEW = ["--board=x", "--ram_kb=96", "--flash_kb=512", "--clock_mhz=84"]
PORT_AND_BOARD = ["--port=x", *KNOWN]
tools = pytest.mark.skipif(
    not all(shutil.which(tool) for tool in (ARM.compiler, ARM.emulator)), reason=f"no emulator here: {ARM.install}"
)


@tools
def test_characterise_a_known_board_by_few_operators(tmp_path, capsys):
    out = tmp_path / "mine.json"
    flags = ["--shape=64x4", "--classes=3", "--plan=calibrate", "--count=20", "--verbose=0", f"--out={out}"]
    assert run(["characterize", f"--port={PORT}", "--board=nucleo_f446re", *flags]) == 0
    printed = capsys.readouterr().out
    assert "20 operators on emulated (cortex-m4" in printed
    assert "counter=instructions, runs of one operator within 0.00%" in printed
    assert "estimated from instructions, not measured" in printed
    assert [path.name for path in tmp_path.iterdir()] == ["mine.json"], "the journal is gone"
    board = load_board(out)
    assert (board.name, board.clock_hz, board.table) == ("nucleo_f446re", 180e6, ())
    assert run(["characterize", f"--port={PORT}", "--board=nucleo_f446re", *flags]) == 2
    assert "already exists" in capsys.readouterr().err


def _interrupt(*_):
    raise errors.ProbeError("Interrupted.")


@tools
def test_characterise_a_new_board(tmp_path, capsys, monkeypatch):
    out = tmp_path / "new.json"
    flags = [f"--port={PORT}", "--shape=64x4", "--classes=3", "--plan=calibrate", "--count=8", "--verbose=0"]
    memory = ["--ram_kb=96", "--flash_kb=512", "--clock_mhz=84"]
    with monkeypatch.context() as interrupted:
        interrupted.setattr("tsnas.probe.board_file.characterized_board", _interrupt)
        assert run(["characterize", "--board=new", f"--out={out}", *flags, *memory]) == 2
    assert "Measurements so far are kept in" in capsys.readouterr().err
    assert run(["characterize", "--board=new", f"--out={out}", *flags, *memory]) == 0
    assert "Resuming from the measurements in" in capsys.readouterr().out
    values = json.loads(out.read_text())
    assert (values["name"], values["clock_hz"], values["ram_bytes"]) == ("new", 84e6, 96 * 1024)
    assert "of one core" in values["source"]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ([], "--port, --board, --data (or --shape and --classes) are required\n"),
        (
            ["--port=emulated:cortex-m4", "--board=new", "--shape=64x4"],
            "--classes, --ram_kb, --flash_kb, --clock_mhz are required ('new' is not a known board)\n",
        ),
        (
            ["--port=x", "--board=new", "--ram_kb=9", "--shape=64x4", "--classes=2"],
            "error: --flash_kb is required ('new'",
        ),
        ([*PORT_AND_BOARD, "--shape=64x9", "--data=x.npz", "--classes=2"], "give either --data=FILE.npz or --shape"),
        ([*PORT_AND_BOARD, "--shape=9", "--classes=2"], "must be TIMExCHANNELS"),
        ([*PORT_AND_BOARD, "--shape=128x9"], "error: --classes is required\n"),
        ([*PORT_AND_BOARD, "--shape=4x9", "--classes=2"], "at least 8 samples"),
        ([*PORT_AND_BOARD, "--shape=64x9", "--classes=2", "--out=x.txt"], "ends in .json"),
        (["--port=emulated:z80", *KNOWN, "--shape=64x9", "--classes=2"], "there are emulated:cortex-m4"),
        (
            ["--port=emulated:riscv32", *NEW, "--shape=64x9", "--classes=2"],
            "No conversion from instructions to cycles is known for 'riscv32'",
        ),
        (
            ["--port=/dev/ttyX", "--kernels=portable", *KNOWN, "--shape=64x9", "--classes=2"],
            "that behind port '/dev/ttyX' has its own",
        ),
        (["--port=/dev/ttyNONE", *KNOWN, "--shape=64x9", "--classes=2"], "there is no such device"),
    ],
)
def test_what_cannot_be_characterised_is_said(flags, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["characterize", *flags]) == 2
    assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def listening(url):
    with contextlib.closing(socket.socket()) as tried:
        return tried.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) == 0


@tools
def test_emulate_prints_a_port_that_works():
    command = [sys.executable, "-c", "from tsnas.commands.main import run; run(['emulate', '--core=cortex-m33'])"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        lines = [process.stdout.readline() for _ in range(2)]
        url = lines[1].split()[1]
        from tsnas.probe.client import ProbeClient

        with ProbeClient(url) as probe:
            assert probe.hello.core == "cortex-m33"
    finally:
        process.kill()
        process.wait()
    # A killed program takes its emulator with it.
    deadline = time.monotonic() + PATIENCE_S
    while listening(url) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not listening(url)


@tools
def test_emulate_builds_only(capsys):
    assert run(["emulate", "--build_only"]) == 0
    path = pathlib.Path(capsys.readouterr().out.strip())
    assert path.read_bytes()[:4] == b"\x7fELF"
    assert run(["emulate", "--build_only", "--tcp_port=5000"]) == 2


@pytest.fixture
def folder(tmp_path):
    cells = (TimeReduce(5, 8, 4), SensorFusion(16, (3,), 8, True, 3))
    (tmp_path / "model.tflite").write_bytes(graph_file(Architecture(32, 3, 4, cells).graph()))
    how = {"mean": [0.0] * 3, "std": [1.0] * 3, "scale": 0.05, "zero_point": 0}
    (tmp_path / "model.json").write_text(json.dumps({"board": "nucleo_f446re", "input": how}))
    return tmp_path


@tools
def test_verify_a_model(folder, capsys):
    assert run(["verify", str(folder), f"--port={PORT}", "--windows=2"]) == 0
    printed = capsys.readouterr().out
    assert "output bytes equal those of the reference interpreter" in printed
    assert "predicted for those of CMSIS-NN on nucleo_f446re" in printed
    assert "an estimate, with" in printed
    x = np.random.default_rng(0).normal(size=(8, 32, 3)).astype(np.float32)
    np.savez(folder / "data.npz", x_train=x, y_train=np.arange(8) % 4)
    assert run(["verify", str(folder / "model.tflite"), f"--port={PORT}", f"--data={folder / 'data.npz'}"]) == 0


@tools
def test_verify_with_the_portable_kernels(folder, capsys):
    assert run(["verify", str(folder), f"--port={PORT}", "--kernels=portable", "--windows=1"]) == 0
    printed = capsys.readouterr().out
    assert "Kernels: portable C" in printed
    assert "for the kernels of CMSIS-NN" in printed


@pytest.mark.riscv
def test_verify_on_a_core_that_no_measured_board_has(folder, capsys):
    assert run(["verify", str(folder), "--port=emulated:riscv32", "--windows=1"]) == 0
    printed = capsys.readouterr().out
    assert "Nothing that was measured turns instructions of a riscv32 into a time" in printed
    assert "output bytes equal those of the reference interpreter" in printed
    assert "predicted" not in printed


@tools
def test_a_new_board_by_the_portable_kernels_says_so(tmp_path, capsys):
    out = tmp_path / "new.json"
    flags = ["--kernels=portable", "--shape=64x4", "--classes=3", "--plan=calibrate", "--count=4", "--verbose=0"]
    assert run(["characterize", f"--port={PORT}", "--board=nucleo_f446re", f"--out={out}", *flags]) == 0
    assert "portable C" in capsys.readouterr().out
    values = json.loads(out.read_text())
    assert values["kernel_library"].startswith("portable C")
    assert "That error is of the kernels of CMSIS-NN; these are portable C" in values["source"]


def test_the_lists_of_the_flags_are_those_of_the_emulator():
    assert tuple(cores.CORES) == kernel_flags.CORES
    assert cores.KERNELS == kernel_flags.KERNELS


@tools
def test_verify_says_which_operator_differs(folder, capsys, monkeypatch):
    from tsnas.probe import steps

    real = steps.add_words
    monkeypatch.setattr(steps, "add_words", lambda *scales: real(*scales) | {"out_shift": -20})
    assert run(["verify", str(folder), f"--port={PORT}", "--windows=1"]) == 2
    assert "bytes differ from the reference interpreter, the first in" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "expected the path of one model"),
        (["m.tflite"], "--port is required"),
        (["m.tflite", "--port=x"], "cannot be read"),
        (["m.tflite", "--port=x", "--kernels=fast"], "fast"),
    ],
)
def test_what_cannot_be_verified_is_said(arguments, words, capsys):
    assert run(["verify", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_file_that_is_no_model_is_not_asked_for_its_board(tmp_path, capsys):
    np.savez(tmp_path / "noise.npz", x_train=np.zeros((4, 8)))
    assert run(["verify", str(tmp_path / "noise.npz"), "--port=foo"]) == 2
    said = capsys.readouterr().err.replace("\n", " ")
    assert "is not a .tflite file" in said
    assert "noise.npz" in said
    assert "--board" not in said
