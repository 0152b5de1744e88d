"""Convolutions that no board has measured: counted on an emulated core, converted by the board's own convolutions."""

import dataclasses
import json
import pathlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scale import scaled

from tsnas.cost.board import load_board
from tsnas.cost.depthwise import DEPTHWISE_FEATURE_NAMES, depthwise_features
from tsnas.cost.derived import derived_steps
from tsnas.cost.emulated import KERNELS_FILE, STEP_NAMES, counted_kernels, cycles_per_instruction, emulated_cycles
from tsnas.cost.features import FEATURE_NAMES
from tsnas.cost.latency import DERIVED_MARGIN, EXTRAPOLATED_FACTOR, op_cycles, op_latency
from tsnas.cost.relative import known_boards
from tsnas.errors import BoardError
from tsnas.graph.ops import Add, Conv2D, DepthwiseConv2D, FullyConnected, MaxPool2D, Softmax

BOARD = load_board("nucleo_f446re")
RESULTS = pathlib.Path(__file__).parents[2] / "benchmarks" / "results" / "emulated_kernels.json"
DEPTHWISE, DILATED = DepthwiseConv2D(128, 1, 16, 1, 9, 1), Conv2D(128, 1, 16, 16, 5, 1, dilation_h=4)


def test_the_counts_that_are_shipped_are_those_of_the_study_and_good_to_five_percent():
    study = json.loads(RESULTS.read_text())
    assert study["kernels"] == json.loads(KERNELS_FILE.read_text())
    judged = [row for row in study["results"] if row["what"] == "kept-out shapes"]
    assert {row["kernel"] for row in judged} == {*DEPTHWISE_FEATURE_NAMES, "conv2d", "conv2d_dilated"}
    for row in judged:
        assert row["n"] >= 39
        assert row["mape"] < 0.05
        assert counted_kernels()[row["core"]].p95_relative[row["kernel"]] == row["p95"]


def test_every_board_that_comes_with_tsnas_has_counts_of_all_kernels():
    for name in known_boards():
        counted = counted_kernels()[load_board(name).core]
        assert counted.instructions.keys() == counted.p95_relative.keys()
        for kernel, steps in counted.instructions.items():
            assert steps.keys() == set(STEP_NAMES[kernel])
            assert min(steps.values()) >= 0
        assert counted.steps_per_instruction.keys() == set(FEATURE_NAMES["conv2d"])
        assert 1 < cycles_per_instruction(load_board(name)) < 2


def test_depthwise_takes_its_instructions_at_the_price_of_those_of_convolutions():
    kernel, counts = depthwise_features(DEPTHWISE)
    per_step = counted_kernels()["cortex-m4"].instructions[kernel]
    instructions = sum(per_step[name] * n for name, n in zip(STEP_NAMES[kernel], counts, strict=True))
    latency = op_latency(DEPTHWISE, BOARD)
    assert latency.source == "emulated"
    assert latency.cycles == pytest.approx(instructions * cycles_per_instruction(BOARD))
    assert latency.overhead_cycles == max(BOARD.coefficients["invoke"].values())


def test_a_board_with_convolutions_of_twice_the_cycles_takes_twice_as_many():
    slow = {kernel: {step: 2 * n for step, n in steps.items()} for kernel, steps in BOARD.coefficients.items()}
    board = dataclasses.replace(BOARD, coefficients=slow)
    for op in (DEPTHWISE, DILATED):
        assert op_cycles(op, board) == pytest.approx(2 * op_cycles(op, BOARD))


@pytest.mark.parametrize("name", known_boards())
def test_a_dilation_of_two_costs_about_what_none_does(name):
    board = load_board(name)
    plain, dilated = Conv2D(128, 1, 16, 16, 5, 1), Conv2D(128, 1, 16, 16, 5, 1, dilation_h=2)
    assert op_latency(plain, board).source == "model"
    assert op_cycles(dilated, board) == pytest.approx(op_cycles(plain, board), rel=0.01)


def test_a_dilated_depthwise_convolution_costs_more_for_it_runs_the_general_kernel():
    assert op_cycles(dataclasses.replace(DEPTHWISE, dilation_h=2), BOARD) > 2 * op_cycles(DEPTHWISE, BOARD)


def test_the_margin_has_all_three_errors_in_it():
    core = counted_kernels()["cortex-m4"]
    p95 = BOARD.latency_error.p95_relative
    counts, carried_over = core.p95_relative["depthwise_conv2d"], core.conversion_p95_relative
    assert op_latency(DEPTHWISE, BOARD).margin_relative == pytest.approx(
        (1 + counts) * (1 + carried_over) * (1 + p95) - 1
    )
    dilated, steps = core.p95_relative["conv2d_dilated"], core.p95_relative["conv2d"]
    assert op_latency(DILATED, BOARD).margin_relative == pytest.approx((1 + dilated) * (1 + steps) * (1 + p95) - 1)
    assert p95 < op_latency(DILATED, BOARD).margin_relative < op_latency(DEPTHWISE, BOARD).margin_relative
    assert op_latency(DEPTHWISE, BOARD).margin_relative < DERIVED_MARGIN / 2


def test_a_core_that_nobody_has_counted_on_falls_back():
    board = dataclasses.replace(BOARD, core="cortex-m7")
    assert emulated_cycles(DEPTHWISE, board) is None
    latency = op_latency(DEPTHWISE, board)
    per_step = board.coefficients["conv2d"]
    assert (latency.source, latency.margin_relative) == ("derived", DERIVED_MARGIN)
    assert latency.cycles == pytest.approx(sum(per_step[name] * n for name, n in derived_steps(DEPTHWISE).items()))
    latency = op_latency(DILATED, board)
    assert latency.source == "extrapolated"
    assert latency.margin_relative == EXTRAPOLATED_FACTOR * board.latency_error.p95_relative


def test_a_board_without_coefficients_for_convolutions_has_no_figure():
    board = dataclasses.replace(BOARD, coefficients={"add": BOARD.coefficients["add"], "invoke": {"add": 500.0}})
    for op in (DEPTHWISE, DILATED):
        assert emulated_cycles(op, board) is None
        with pytest.raises(BoardError, match="no latency coefficients for conv2d"):
            op_latency(op, board)


@pytest.mark.parametrize(
    "op", [Conv2D(128, 1, 16, 16, 5, 1), Conv2D(32, 1, 8, 8, 1, 1), Add(8, 1, 8), MaxPool2D(8, 1, 8, 2, 1), Softmax(6)]
)
def test_other_operators_are_not_its_business(op):
    assert emulated_cycles(op, BOARD) is None
    assert op_latency(FullyConnected(64, 6), BOARD).source == "derived"


@settings(max_examples=scaled(100), deadline=None, derandomize=True)
@given(
    *(st.integers(8, 60), st.integers(1, 4), st.integers(1, 20), st.sampled_from([1, 2, 4])),
    *(st.integers(2, 9), st.integers(1, 8)),
)
def test_longer_windows_more_channels_and_longer_kernels_never_cost_less(h, w, c, multiplier, kernel, dilation):
    def cycles(h, c, kernel):
        return op_cycles(DepthwiseConv2D(h, w, c, multiplier, kernel, 1, 1, 1, "same", "relu", dilation), BOARD)

    assert cycles(h, c, kernel) < cycles(h + 4, c, kernel)
    assert cycles(h, c, kernel) < cycles(h, c + 4, kernel)
    # Two more taps, one on either side, of which those in the padding may be free.
    assert cycles(h, c, kernel) <= cycles(h, c, kernel + 2)
