"""Boards made from a relative: whose coefficients, which margin, and what a few measurements do to both."""

import dataclasses

import numpy as np
import pytest

from tsnas.cost.board import Board, load_board
from tsnas.cost.latency import op_cycles
from tsnas.cost.measurements import OpMeasurement, read_measurements
from tsnas.cost.relative import board_from_relative
from tsnas.errors import BoardFileError, SettingError, UnknownBoardError
from tsnas.graph.ops import Add, Conv2D, GlobalAveragePooling2D, Softmax

SIZES = {"clock_hz": 84e6, "ram_bytes": 98304, "flash_bytes": 524288}


def measured_like(board, ops, factor=1.0):
    """Records of a board that is `factor` as slow as `board`."""
    return [
        OpMeasurement("mine", "20260101-000000", op, round(op_cycles(op, board) * factor), 0, 10**6, 1000) for op in ops
    ]


def some_ops(n):
    rng = np.random.default_rng(0)
    ops = [Conv2D(32, 4, int(c), 8 * int(k), int(k), 1) for c, k in rng.choice([4, 8, 16, 5, 7], (n - 3, 2))]
    return [*ops, Add(16, 3, 8), GlobalAveragePooling2D(16, 3, 8), Softmax(6)]


def test_nearest_clock_of_the_same_core():
    near, far = (board_from_relative("mine", "cortex-m4", **SIZES | {"clock_hz": hz}) for hz in (84e6, 168e6))
    assert near.coefficients == load_board("nicla_sense_me").coefficients
    assert far.coefficients == load_board("nucleo_f446re").coefficients
    assert (near.name, near.clock_hz, near.ram_bytes, near.flash_bytes) == ("mine", 84e6, 98304, 524288)
    assert Board.from_json(near.to_json()) == near


def test_margin_is_the_one_found_between_boards():
    same = board_from_relative("mine", "cortex-m4", **SIZES)
    other = board_from_relative("mine", "cortex-m7", **SIZES, relative="nucleo_f446re")
    own = load_board("nicla_sense_me").latency_error
    assert own.p95_relative < 0.02 < 0.1 < same.latency_error.p95_relative < other.latency_error.p95_relative < 0.5
    assert "one core" in same.latency_error.split
    assert "different cores" in other.latency_error.split


@pytest.mark.parametrize(
    ("relative", "board"), [("nucleo_f446re", "nicla_sense_me"), ("nicla_sense_me", "nucleo_f446re")]
)
def test_margin_holds_for_real_boards(shared_dir, relative, board):
    target = load_board(board)
    made = board_from_relative(
        "mine", target.core, target.clock_hz, target.ram_bytes, target.flash_bytes, relative=relative
    )
    rows = [r for r in read_measurements(shared_dir / "measurements/op_latency_open.csv") if r.board == board]
    off = [abs(op_cycles(row.op, made) / row.op_cycles - 1) for row in rows]
    assert np.percentile(off, 95) <= made.latency_error.p95_relative + 1e-5


@pytest.mark.parametrize("n", [4, 12, 40])
def test_measurements_scale_the_coefficients(n):
    origin = load_board("nucleo_f446re")
    rows = measured_like(origin, some_ops(n), factor=1.3)
    board = board_from_relative("mine", "cortex-m4", **SIZES, relative=origin.name, measurements=rows)
    for row in rows:
        assert op_cycles(row.op, board) == pytest.approx(row.op_cycles, rel=0.01)
    assert board.latency_error.n_ops == n
    # A handful of exact records is no proof of an exact board.
    assert (board.latency_error.p95_relative > 0.05) == (n < 8)


def test_thirty_real_measurements_beat_the_relative(shared_dir):
    rows = [
        r for r in read_measurements(shared_dir / "measurements/op_latency_open.csv") if r.board == "nicla_sense_me"
    ]
    np.random.default_rng(0).shuffle(rows)
    known, unseen = rows[:60], rows[60:]
    board = board_from_relative("mine", "cortex-m4", **SIZES, relative="nucleo_f446re", measurements=known)
    plain = board_from_relative("mine", "cortex-m4", **SIZES, relative="nucleo_f446re")
    off, plain_off = ([abs(op_cycles(row.op, b) / row.op_cycles - 1) for row in unseen] for b in (board, plain))
    assert np.median(off) < 0.02 < np.median(plain_off)
    assert "fitted anew" in board.source


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (
            {"core": "cortex-m7"},
            SettingError,
            "has a 'cortex-m7'; known cores are cortex-m33, cortex-m4",
        ),
        ({"core": "Cortex-M55"}, SettingError, "boards kit --out=kit --core=cortex-m55"),
        ({"core": "cortex-m55", "relative": "nucleo_f446re"}, SettingError, "alone has MVE"),
        ({"relative": "nucleo_f446"}, UnknownBoardError, "Did you mean 'nucleo_f446re'"),
        ({"clock_hz": -1.0}, BoardFileError, "clock_hz is -1.0; it must be > 0"),
        ({"ram_bytes": 0}, BoardFileError, "ram_bytes is 0; it must be > 0"),
        ({"active_power_mw": -2.0}, BoardFileError, "active_power_mw is -2.0"),
        ({"name": ""}, BoardFileError, "name is ''"),
    ],
)
def test_bad_values_are_named(changes, error, message):
    with pytest.raises(error, match=message):
        board_from_relative(**{"name": "mine", "core": "cortex-m4"} | SIZES | changes)


@pytest.mark.parametrize("core", ["Cortex-M4", "cortex_m4", "M4F", "ARM Cortex M4F"])
def test_a_core_has_one_name_however_it_is_spelled(core):
    assert board_from_relative("mine", core, **SIZES).core == "cortex-m4"


def test_measurements_without_cycles_are_refused():
    row = dataclasses.replace(measured_like(load_board("nucleo_f446re"), [Softmax(3)])[0], op_cycles=0)
    with pytest.raises(SettingError, match="measured at 0 cycles"):
        board_from_relative("mine", "cortex-m4", **SIZES, measurements=[row])
