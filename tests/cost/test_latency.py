"""Latency of operators and networks: against a formula written out by hand, measured records, and its own sums."""

import dataclasses
import math
import timeit

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scale import scaled

from tsnas.cost.board import load_board
from tsnas.cost.latency import graph_cycles, graph_latency_ms, op_cycles, op_latency, op_latency_ms
from tsnas.cost.measurements import read_measurements
from tsnas.cost.relative import known_boards
from tsnas.cost.taps import valid_taps
from tsnas.errors import BoardError
from tsnas.graph.graph import GraphBuilder
from tsnas.graph.ops import Add, Conv2D, GlobalAveragePooling2D, Softmax

BOARD = load_board("nucleo_f446re")


def test_even_convolution_is_the_formula_of_its_loops():
    op = Conv2D(128, 9, 4, 8, 5, 1, stride_h=2)
    c = BOARD.coefficients["conv2d"]
    pixels, weights = 64 * 9, 5 * 4 * 8
    # SAME padding of 3 with stride 2: one row above, two below. 2 of 5 taps miss at the lower end, 1 at the upper.
    taps = (64 * 5 - 3) * 9
    expected = (
        c["call"]
        + c["output_pixels"] * pixels
        + c["kernel_rows"] * pixels * 5
        + c["valid_taps"] * taps
        + c["padded_inputs"] * 3 * 9 * 4
        + c["copied_words"] * taps
        + c["output_elements"] * pixels * 8
        + c["mac_steps"] * (pixels / 2) * 4 * 5
    )
    assert weights < 1500  # below this, the weights stay in the cache
    assert op_cycles(op, BOARD) == pytest.approx(expected, rel=1e-9)


def test_1x1_convolution_is_the_formula_of_its_loops():
    op = Conv2D(16, 5, 24, 16, 1, 1)
    c = BOARD.coefficients["conv2d_1x1"]
    steps = 40 * 8
    expected = (
        c["call"]
        + c["output_elements"] * (80 + 1.3) * 16
        + c["mac_steps"] * (steps * 1 + 0.045 * 24 * 16)
        + c["remainder_steps"] * steps * 8
    )
    assert op_cycles(op, BOARD) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", known_boards())
def test_model_follows_measured_records(shared_dir, name):
    path = shared_dir / "measurements" / "op_latency_open.csv"
    board = load_board(name)
    rows = [row for row in read_measurements(path) if row.board == name]
    errors = np.array([op_cycles(row.op, board) / row.op_cycles - 1 for row in rows])
    limit = {"nucleo_f446re": 0.003, "nicla_sense_me": 0.003, "nucleo_l552ze_q": 0.011}[name]
    assert np.abs(errors).mean() < limit
    overheads = np.array(
        [op_latency(row.op, board).overhead_cycles / (row.invoke_cycles - row.op_cycles) for row in rows]
    )
    assert overheads.min() > 0.8
    assert overheads.max() < 1.3


def test_latency_of_a_network_is_the_sum_of_its_operators():
    builder = GraphBuilder((64, 6, 1))
    x = builder.add("stem", Conv2D(64, 6, 1, 8, 5, 1, stride_h=2), builder.input)
    y = builder.add("branch", Conv2D(32, 6, 8, 8, 3, 1), x)
    z = builder.add("add", Add(32, 6, 8), x, y)
    p = builder.add("pool", GlobalAveragePooling2D(32, 6, 8), z)
    graph = builder.build(builder.add("softmax", Softmax(8), p))
    assert graph_latency_ms(graph, BOARD) == pytest.approx(sum(op_latency_ms(n.op, BOARD) for n in graph.nodes))
    kernels = sum(op_cycles(node.op, BOARD) for node in graph.nodes)
    invoke = BOARD.coefficients["invoke"]
    overhead = 2 * invoke["conv2d"] + invoke["add"] + invoke["global_average_pooling2d"] + invoke["softmax"]
    assert graph_cycles(graph, BOARD) - kernels == pytest.approx(overhead)


def test_latency_halves_at_twice_the_clock():
    fast = dataclasses.replace(BOARD, clock_hz=2 * BOARD.clock_hz)
    op = Conv2D(32, 4, 8, 8, 3, 1)
    assert op_latency_ms(op, fast) == pytest.approx(op_latency_ms(op, BOARD) / 2)


@settings(max_examples=scaled(60), deadline=None, derandomize=True)
@given(
    st.sampled_from(known_boards()),
    st.integers(1, 40),
    st.integers(1, 12),
    st.integers(1, 80),
    st.integers(1, 160),
    st.sampled_from([1, 3, 5, 7]),
)
def test_more_filters_or_a_longer_window_never_cost_less(name, h, w, in_c, out_c, kernel):
    board = load_board(name)
    cycles = op_cycles(Conv2D(h, w, in_c, out_c, kernel, 1), board)
    assert math.isfinite(cycles)
    assert cycles > 0
    # A single odd channel has no loop over pairs to set up, so compare two channels apart.
    assert op_cycles(Conv2D(h, w, in_c, out_c + 2, kernel, 1), board) > cycles
    assert op_cycles(Conv2D(h + 2, w, in_c, out_c, kernel, 1), board) > cycles


def test_valid_padding_costs_less_than_same():
    same, valid = (op_cycles(Conv2D(32, 6, 8, 8, 7, 1, padding=padding), BOARD) for padding in ("same", "valid"))
    assert valid < same
    assert valid_taps(32, 7, 1, "valid") == (26, 26 * 7)


def test_one_operator_takes_microseconds_to_cost():
    op = Conv2D(128, 9, 4, 8, 5, 1)
    seconds = min(timeit.repeat(lambda: op_cycles(op, BOARD), number=200, repeat=5)) / 200
    assert seconds < 200e-6


def test_missing_kernel_names_board_and_kernel():
    board = dataclasses.replace(BOARD, coefficients={"conv2d": BOARD.coefficients["conv2d"]})
    with pytest.raises(BoardError, match=r"'nucleo_f446re' has no latency coefficients for softmax; it has conv2d"):
        op_cycles(Softmax(4), board)
    with pytest.raises(BoardError, match=r"no latency coefficients for invoke.conv2d"):
        op_latency(Conv2D(8, 4, 4, 8, 3, 1), board)
