"""Instructions become cycles by lines that are fitted to boards, and every board that tsnas knows has them."""

import numpy as np
import pytest

from tsnas.cost.board import load_board
from tsnas.cost.measurements import OpMeasurement
from tsnas.cost.relative import known_boards
from tsnas.errors import SettingError
from tsnas.graph.ops import Add, Conv2D, DepthwiseConv2D, Softmax
from tsnas.probe.conversion import conversion_for, cycles_of, fit_conversion


def test_a_line_is_found_again():
    rng = np.random.default_rng(0)
    convs = [Conv2D(int(h), 3, 4, 8, 3, 1) for h in range(8, 40)]
    counts = {op: int(rng.integers(1e4, 1e6)) for op in convs} | {Add(4, 4, 4): 900}
    slopes = {"conv2d": (1.5, 2000.0), "add": (0.9, 0.0)}
    rows = [
        OpMeasurement("x", "r", op, round(slopes[op.kind][0] * n + slopes[op.kind][1]), 10**9, 10**6, 1)
        for op, n in counts.items()
    ]
    lines = fit_conversion(rows, counts)["lines"]
    assert lines["conv2d"] == pytest.approx([1.5, 2000.0], rel=1e-3)
    assert cycles_of(Add(4, 4, 4), 900, {"lines": lines}) == pytest.approx(810, abs=1)
    assert cycles_of(DepthwiseConv2D(8, 8, 4, 1, 3, 3), 1000, {"lines": lines}) == pytest.approx(3500, rel=1e-2)


@pytest.mark.parametrize("board", known_boards())
def test_known_boards_have_their_own(board):
    conversion = conversion_for(board, load_board(board).core)
    assert conversion["of"] == board
    assert conversion["core"] == load_board(board).core
    assert 1 < conversion["lines"]["conv2d"][0] < 2
    assert 0 < conversion["mape"] < 0.04
    assert conversion["mape"] < conversion["p95_relative"] < 0.15


def test_others_borrow_from_a_board_of_their_core():
    conversion = conversion_for("mine", "cortex-m33")
    assert conversion["of"] == "nucleo_l552ze_q"
    assert conversion["mape"] > conversion_for("nucleo_l552ze_q", "cortex-m33")["mape"]
    for board in ("mine", "nucleo_f446re"):
        with pytest.raises(SettingError, match="'riscv32'; there are"):
            conversion_for(board, "riscv32")


def test_a_board_with_mve_borrows_from_no_other():
    with pytest.raises(SettingError, match="'mine' runs kernels for MVE"):
        conversion_for("mine", "cortex-m4", mve=True)


def test_no_operator_takes_no_time():
    assert cycles_of(Softmax(6), 0, {"lines": {"softmax": [1.0, 0.0]}}) == 1
