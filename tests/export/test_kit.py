"""The kit to calibrate a board: its sketch runs, gives the bytes of the reference, and its lines calibrate a board."""

import contextlib
import json
import os
import pathlib
import pty
import shutil
import subprocess
import threading

import pytest
from on_pc import compile_program

from tsnas.commands.main import run
from tsnas.cost.board import load_board
from tsnas.cost.loops import factor_kind
from tsnas.cost.timings import bench_timings
from tsnas.errors import OutputDirError
from tsnas.export.kit import SKETCH, write_kit

STUB = pathlib.Path(__file__).parent / "arduino_stub"


@pytest.fixture(scope="module")
def kit(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kit")
    written = write_kit(folder)
    assert all(path.is_file() for path in written)
    return folder


@pytest.fixture(scope="module")
def lines(kit):
    """What the sketch prints on this machine, in simulated time."""
    defines = ("-DARDUINO=10819", "-DLIMIT_US=9000000", "-DLOOK_US=2000", '-DBOARD_NAME="mine"')
    program = compile_program(kit / SKETCH, "src", f"{SKETCH}.ino", STUB, defines)
    done = subprocess.run([program], capture_output=True, text=True, check=True, timeout=60)
    return [line for line in done.stdout.split("\n") if line.startswith("tsnas-bench 1 ")]


def test_every_model_has_a_line_and_the_bytes_of_the_reference(kit, lines):
    words = [dict(word.split("=") for word in line.split()[2:]) for line in lines]
    assert len({one["model"] for one in words}) == 4
    assert {one["differing"] for one in words} == {"0"}
    assert {one["kernels"] for one in words} == {"portable"}
    timings = bench_timings(lines, 64e6, "portable", kit)
    assert [timing.latency_us for timing in timings] == [2000.0] * 4


def test_a_core_with_mve_gets_more_ram_for_depthwise_convolutions(kit, tmp_path):
    run(["boards", "kit", f"--out={tmp_path}", "--core=cortex-m55"])
    sizes = [arena_bytes(folder / SKETCH / "src") for folder in (kit, tmp_path)]
    assert sizes[0][0] == sizes[1][0], "its convolutions come in whole vectors"
    assert sum(sizes[1]) > sum(sizes[0]) + 4 * 124
    texts = [(folder / SKETCH / "src/model_3.c").read_text() for folder in (kit, tmp_path)]
    assert ["#error" in text for text in texts] == [True, False]


def arena_bytes(folder):
    lines = [line for n in range(1, 5) for line in (folder / f"model_{n}.h").read_text().splitlines()]
    return [int(line.split()[-1]) for line in lines if line.startswith("#define TSNAS_ARENA_BYTES")]


def test_every_kind_of_operator_is_in_two_models(kit, lines):
    kinds = [{factor_kind(node.op) for node in t.graph.nodes} for t in bench_timings(lines, 64e6, "portable", kit)]
    for kind in ("conv2d", "conv2d_1x1", "depthwise_conv2d", "fully_connected", "add", "softmax", "max_pool2d"):
        assert sum(kind in one for one in kinds) >= 2, kind


def test_its_lines_calibrate_a_board_that_had_no_latencies(kit, lines, tmp_path, capsys):
    timings, out = tmp_path / "timings.txt", tmp_path / "esp32_s3.json"
    # Times that the models may take, instead of the simulated ones.
    times = iter((4100.0, 3900.0, 1600.0, 3300.0) * 9)
    changed = [
        line.replace("latency_us=2000.00", f"latency_us={next(times):.2f}").replace("clock_hz=64000000", "clock_hz=0")
        for line in lines
    ]
    timings.write_text("\n".join(changed[:4]) + "\n")
    flags = ["--board=esp32_s3", f"--timings={timings}", f"--kit={kit}", f"--out={out}"]
    assert run(["boards", "calibrate", *flags]) == 0
    text = capsys.readouterr().out
    assert "Error on 4 whole models, each left out in turn" in text
    assert "contradict" not in text
    assert "self-test" not in text
    board = load_board(out)
    assert (board.kernels, board.calibrated, board.latency_error.n_ops) == ("portable", True, 4)
    assert run(["estimate", str(kit / "model_1.tflite"), f"--board={out}", "--json"]) == 0
    estimate = json.loads(capsys.readouterr().out)
    assert estimate["latency_ms"] == pytest.approx(4.1, rel=0.05)
    out.unlink()
    # Ten times as long and a tenth as long: no factors explain that.
    wrong = "\n".join(changed[:4]).replace("=3900.00", "=39000.00").replace("=1600.00", "=160.00")
    timings.write_text(wrong.replace("differing=0", "differing=7", 1) + "\n")
    assert run(["boards", "calibrate", *flags]) == 0
    doubts = " ".join(capsys.readouterr().out.split())
    assert "Timings contradict each other" in doubts
    assert "self-test of model_1.tflite gave bytes that are not the model's" in doubts
    # Bad input is named, and nothing is written.
    out.unlink()
    assert run(["boards", "calibrate", *flags, "--core=cortex-m4"]) == 2
    assert "'esp32_s3' has a xtensa-lx7, not a cortex-m4" in capsys.readouterr().err
    timings.write_text("\n".join(changed[:2]) + "\n")
    assert run(["boards", "calibrate", *flags]) == 2
    assert "2 models were timed" in capsys.readouterr().err
    assert not out.exists()


def test_the_command_reads_the_lines_from_a_port(kit, lines, tmp_path, monkeypatch, capsys):
    main, other = pty.openpty()
    out = tmp_path / "mine.json"

    def play():
        with contextlib.suppress(OSError):
            while True:
                os.write(main, b"boot\r\n" + "".join(f"{line}\r\n" for line in lines[:4]).encode())

    monkeypatch.chdir(tmp_path)
    threading.Thread(target=play, daemon=True).start()
    flags = [f"--port={os.ttyname(other)}", f"--kit={kit}", "--core=cortex-m4", "--ram_kb=64", "--flash_kb=512"]
    assert run(["boards", "calibrate", "--board=mine", "--clock_mhz=64", *flags]) == 0
    os.close(other)
    os.close(main)
    said = capsys.readouterr().out
    assert "Waits for the lines of all models" in said
    assert "\ntsnas search --data=windows.npz --board=mine.json --max_latency_ms=20 --out=runs/mine" in said
    assert load_board(out).latency_error.n_ops == 4


def test_a_kit_is_not_overwritten_unasked(kit, tmp_path):
    folder = tmp_path / "kit"
    shutil.copytree(kit, folder)
    with pytest.raises(OutputDirError, match="has a kit already"):
        write_kit(folder)
