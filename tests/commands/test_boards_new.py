"""tsnas boards new: the file that it writes can be used, and nothing is overwritten unasked."""

import pytest

from tsnas.commands.main import run
from tsnas.cost.board import load_board
from tsnas.graph.ops import Conv2D

FLAGS = ["--name=mine", "--core=cortex-m4", "--clock_mhz=84", "--ram_kb=96", "--flash_kb=512"]


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_written_board_can_be_loaded(tmp_path, capsys):
    assert run(["boards", "new", *FLAGS, "--active_power_mw=55"]) == 0
    board = load_board("mine.json")
    assert (board.name, board.core, board.clock_hz) == ("mine", "cortex-m4", 84e6)
    assert (board.ram_bytes, board.flash_bytes, board.active_power_mw) == (98304, 524288, 55)
    out = capsys.readouterr().out
    assert "Wrote mine.json" in out
    assert "coefficients from nicla_sense_me" in out
    assert f"p95 {board.latency_error.p95_relative:.1%}" in out
    assert "--board=mine.json" in out
    assert [path.name for path in tmp_path.iterdir()] == ["mine.json"]


def test_measured_operators_are_used(capsys):
    origin = load_board("nucleo_f446re")
    op = Conv2D(32, 4, 8, 8, 3, 1)
    columns = {"board": "mine", "run": "1", "op": op.kind, "in_h": 32, "in_w": 4, "in_c": 8, "out_c": 8, "kernel_h": 3}
    columns |= {"kernel_w": 1, "stride_h": 1, "stride_w": 1, "padding": "same", "activation": "relu"}
    columns |= {"op_cycles": 900000, "invoke_cycles": 900600, "arena_bytes": 9000, "flash_bytes": 1000}
    with open("ops.csv", "w") as file:
        file.write(",".join(columns) + "\n" + ",".join(map(str, columns.values())) + "\n")
    assert run(["boards", "new", *FLAGS, "--relative=nucleo_f446re", "--measurements=ops.csv"]) == 0
    assert load_board("mine.json").coefficients["add"] != origin.coefficients["add"]
    assert "1 operators of its own" in capsys.readouterr().out
    assert run(["boards", "new", *FLAGS, "--measurements=none.csv", "--overwrite"]) == 2
    assert "'none.csv' cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (FLAGS[:2], "--clock_mhz, --ram_kb, --flash_kb are required"),
        (FLAGS[:4], "--flash_kb is required"),
        ([*FLAGS, "--out=mine.txt"], "'mine.txt'; a board file ends in .json"),
        ([*FLAGS, "--core=cortex-m7"], "known cores are cortex-m33, cortex-m4"),
        ([*FLAGS, "--ram_kb=-1"], "ram_bytes is -1024; it must be > 0"),
        ([*FLAGS, "--relative=nucleo"], "No board is called 'nucleo'"),
        ([*FLAGS, "more"], "unexpected argument 'more'"),
        ([*FLAGS, "--out=no/such/folder/mine.json"], "no/such/folder"),
    ],
)
def test_bad_flags_are_named(flags, message, capsys):
    assert run(["boards", "new", *flags]) == 2
    assert message in capsys.readouterr().err


def test_file_is_replaced_only_if_asked(capsys):
    assert run(["boards", "new", *FLAGS]) == 0
    assert run(["boards", "new", *FLAGS, "--clock_mhz=100"]) == 2
    assert "'mine.json' already exists; give --overwrite" in capsys.readouterr().err
    assert load_board("mine.json").clock_hz == 84e6
    assert run(["boards", "new", *FLAGS, "--clock_mhz=100", "--overwrite"]) == 0
    assert load_board("mine.json").clock_hz == 100e6


def test_help_names_every_flag(capsys):
    assert run(["boards", "new", "--help"]) == 0
    out = capsys.readouterr().out
    for name in (
        "name",
        "core",
        "clock_mhz",
        "ram_kb",
        "flash_kb",
        "relative",
        "active_power_mw",
        "measurements",
        "out",
    ):
        assert f"--{name}=" in out
