"""Calibration by whole models: timings are predicted again, and margins hold for models that were left out."""

import csv
import dataclasses
import math
import pathlib

import numpy as np
import pytest

from tsnas.cost.board import Board, board_names, load_board
from tsnas.cost.calibrate import base_of, calibrated_by_models
from tsnas.cost.estimate import estimate_graph
from tsnas.cost.latency import OTHERS, op_latency
from tsnas.cost.loops import LOOP_STEPS, factor_kind, loop_cycles, loop_steps
from tsnas.cost.relative import uncalibrated_board
from tsnas.cost.timings import Timing
from tsnas.errors import TimingsError, UncalibratedError, UnknownKernelsError
from tsnas.graph.graph import GraphBuilder
from tsnas.graph.ops import Add, AveragePool2D, Conv2D, DepthwiseConv2D, FullyConnected, Pad, Reshape, Softmax
from tsnas.tflite.graph_reader import read_graph
from tsnas.tflite.parser import parse_model
from tsnas.tflite.writer import pack_model

PUBLIC = pathlib.Path(__file__).parents[3] / "shared/public"
FACTORS = {"conv2d": 2.0, "conv2d_1x1": 1.5, "depthwise_conv2d": 1.2, "fully_connected": 2.4, "softmax": 1.6}


def network(filters, time, dense):
    builder = GraphBuilder((time, 3, 1))
    x = builder.add("conv", Conv2D(time, 3, 1, filters, 5, 3, 1, 3), builder.input)
    x = builder.add("depthwise", DepthwiseConv2D(time, 1, filters, 1, 5, 1), x)
    x = builder.add("pointwise", Conv2D(time, 1, filters, 2 * filters, 1, 1), x)
    x = builder.add("pool", AveragePool2D(time, 1, 2 * filters, time, 1, time, 1, "valid"), x)
    x = builder.add("dense", FullyConnected(2 * filters, dense), x)
    x = builder.add("dense2", FullyConnected(dense, 4), x)
    return builder.build(builder.add("softmax", Softmax(4), x))


GRAPHS = [network(8, 64, 16), network(16, 32, 256), network(32, 16, 64), network(4, 128, 512)]


def timings_of(board, factors):
    """Timings that a board would give whose kinds of operators take so many times what its model says."""
    found = []
    for number, graph in enumerate(GRAPHS):
        cycles = sum(
            op_latency(node.op, board).total_cycles * factors.get(factor_kind(node.op), 1.5) for node in graph.nodes
        )
        found.append(Timing(f"{number}", graph, cycles / board.clock_hz * 1e6))
    return found


@pytest.mark.parametrize("core", ["cortex-m4", "cortex-m0plus", "riscv32", "xtensa-lx7"])
@pytest.mark.parametrize("kernels", ["portable", "reference"])
def test_timings_are_predicted_again_and_left_out_ones_within_the_margin(core, kernels):
    bare = uncalibrated_board("mine", core, 100e6, 256 * 1024, 1 << 20, kernels)
    timings = timings_of(base_of(bare, kernels), FACTORS)
    board = calibrated_by_models(bare, timings, kernels)
    for out, timing in enumerate(timings):
        found = estimate_graph(timing.graph, board, flash_bytes=1)
        assert found.latency_ms * 1e3 == pytest.approx(timing.latency_us, rel=0.03)
        without = calibrated_by_models(bare, [one for at, one in enumerate(timings) if at != out], kernels)
        found = estimate_graph(timing.graph, without, flash_bytes=1)
        assert abs(found.latency_ms * 1e3 - timing.latency_us) <= found.latency_margin_ms * 1e3
    assert board.kernels == kernels
    assert board.latency_error.n_ops == 4
    assert 0 < board.latency_error.median_relative <= board.latency_error.p95_relative < 0.5
    assert Board.from_json(board.to_json()) == board
    # What no timing tells has a wide margin and says so.
    assert not board.factors[OTHERS].timed
    assert board.factors[OTHERS].margin_relative >= 0.5
    assert op_latency(Add(8, 1, 8), board).source == "derived"
    kinds = {kind for kind, factor in board.factors.items() if factor.timed}
    timed = [node.op for node in timings[3].graph.nodes if factor_kind(node.op) in kinds]
    assert {op_latency(op, board).source for op in timed} == {"calibrated"}


def test_kernels_with_vectors_are_calibrated_by_their_own_steps():
    bare = uncalibrated_board("mine", "cortex-m55", 400e6, 1 << 20, 1 << 20)
    timings = timings_of(base_of(bare, "cmsis_nn"), FACTORS)
    board = calibrated_by_models(bare, timings, "cmsis_nn")
    for out, timing in enumerate(timings):
        found = estimate_graph(timing.graph, board, flash_bytes=1)
        assert found.latency_ms * 1e3 == pytest.approx(timing.latency_us, rel=0.05)
        without = calibrated_by_models(bare, [one for at, one in enumerate(timings) if at != out], "cmsis_nn")
        found = estimate_graph(timing.graph, without, flash_bytes=1)
        assert abs(found.latency_ms * 1e3 - timing.latency_us) <= found.latency_margin_ms * 1e3
    assert "quad_vectors" in board.loops["conv2d"]
    assert Board.from_json(board.to_json()) == board


def test_the_error_is_that_of_models_left_out_one_at_a_time():
    bare = uncalibrated_board("mine", "riscv32", 100e6, 256 * 1024, 1 << 20)
    timings = timings_of(base_of(bare, "portable"), FACTORS)
    errors = []
    for out, timing in enumerate(timings):
        without = calibrated_by_models(bare, timings[:out] + timings[out + 1 :], "portable")
        predicted = estimate_graph(timing.graph, without, flash_bytes=1).latency_ms * 1e3
        errors.append(abs(predicted / timing.latency_us - 1))
    error = calibrated_by_models(bare, timings, "portable").latency_error
    assert error.median_relative == pytest.approx(np.median(errors), abs=1e-4)
    assert error.p95_relative == pytest.approx(max(errors), abs=1e-4)


@pytest.mark.parametrize(("times", "unit"), [(1e-3, "milliseconds"), (1e3, "nanoseconds")])
def test_timings_in_another_unit_are_refused(times, unit):
    bare = uncalibrated_board("mine", "cortex-m55", 400e6, 1 << 20, 1 << 22, "cmsis_nn")
    timings = timings_of(base_of(bare, "cmsis_nn"), FACTORS)
    off = [dataclasses.replace(timing, latency_us=timing.latency_us * times) for timing in timings]
    with pytest.raises(TimingsError, match=f"in microseconds: are these {unit}"):
        calibrated_by_models(bare, off, "cmsis_nn")


def test_a_single_timing_states_no_error():
    bare = uncalibrated_board("mine", "xtensa-lx7", 100e6, 256 * 1024, 1 << 20, "reference")
    board = calibrated_by_models(bare, timings_of(base_of(bare, "reference"), FACTORS)[:1], "reference")
    assert board.latency_error.n_ops == 0
    assert {factor.timed for factor in board.factors.values()} == {False}
    assert "error not measured" in estimate_graph(GRAPHS[1], board, flash_bytes=1).table()


def test_rows_of_operators_tell_factors_that_sums_leave_open():
    bare = uncalibrated_board("mine", "cortex-m4", 100e6, 256 * 1024, 1 << 20, "reference")
    base = base_of(bare, "reference")
    timings = timings_of(base, FACTORS)[:3]
    rows = []
    for timing in timings:
        us = {}
        for node in timing.graph.nodes:
            own = op_latency(node.op, base).total_cycles * FACTORS.get(factor_kind(node.op), 1.5) / base.clock_hz * 1e6
            us[node.op.kind] = us.get(node.op.kind, 0.0) + own
        rows.append(dataclasses.replace(timing, op_us=us))
    without, with_rows = (calibrated_by_models(bare, one, "reference").factors for one in (timings, rows))
    for kind in ("depthwise_conv2d", "fully_connected"):
        assert with_rows[kind].margin_relative < without[kind].margin_relative
        assert with_rows[kind].factor == pytest.approx(FACTORS[kind], rel=0.1)


def test_other_kernels_stay_and_can_be_chosen():
    board = load_board("nucleo_f446re")
    timings = timings_of(board, FACTORS)
    both = calibrated_by_models(board, timings, "portable")
    assert both.kernel_names == ["portable", "cmsis_nn"]
    assert both.with_kernels("cmsis_nn").coefficients == board.coefficients
    assert both.with_kernels("cmsis_nn").with_kernels("portable").factors == both.factors
    with pytest.raises(UnknownKernelsError, match=r"kernels='esp_nn'; it has 'portable', 'cmsis_nn'.*boards calibrate"):
        both.with_kernels("esp_nn")


def test_a_board_that_nobody_timed_is_refused_and_leads_to_a_calibration():
    board = load_board("esp32_s3")
    assert not board.calibrated
    with pytest.raises(
        UncalibratedError, match=r"1\. `tsnas boards kit.*2\. Flash.*3\. `tsnas boards calibrate --board=esp32_s3"
    ):
        estimate_graph(GRAPHS[0], board)


def test_steps_of_loops_are_counted_by_hand():
    def slow_conv(op):
        out_h, out_w, out_c = op.out_shape
        top = max((out_h - 1) * op.stride_h + op.kernel_h - op.in_h, 0) // 2
        left = max((out_w - 1) * op.stride_w + op.kernel_w - op.in_w, 0) // 2
        inside = sum(
            0 <= y * op.stride_h - top + i < op.in_h and 0 <= x * op.stride_w - left + j < op.in_w
            for y in range(out_h)
            for x in range(out_w)
            for i in range(op.kernel_h)
            for j in range(op.kernel_w)
        )
        pixels, every = out_h * out_w, out_h * out_w * op.kernel_h * op.kernel_w
        return (
            1,
            pixels,
            inside * op.in_c,
            pixels * out_c,
            inside * out_c,
            (every - inside) * out_c,
            inside * op.in_c * out_c,
        )

    for op in (Conv2D(9, 4, 3, 5, 3, 3, 2, 1), Conv2D(7, 1, 4, 2, 5, 1), Conv2D(6, 6, 2, 3, 1, 1)):
        assert loop_steps(op) == slow_conv(op)
    loops = {"conv2d": dict(zip(LOOP_STEPS, range(1, 8), strict=True))}
    op = Conv2D(9, 4, 3, 5, 3, 3, 2, 1)
    assert loop_cycles(op, loops) == sum(n * at for at, n in enumerate(slow_conv(op), 1))
    assert loop_cycles(Softmax(3), loops) is None
    assert loop_cycles(Reshape((2, 2, 2), (1, 1, 8)), loops) > 0
    assert loop_cycles(Pad(2, 2, 2, 1, 1, 0, 0), loops) > 0


def test_every_board_names_its_kernels_and_states_only_measured_errors():
    for name in board_names():
        board = load_board(name)
        for kernels in board.kernel_names:
            one = board.with_kernels(kernels)
            assert one.kernel_library
            assert one.trust
            assert one.name == name
            if not one.calibrated:
                assert one.latency_error.n_ops == 0


def public_timings():
    """The public timings of the Nano 33 BLE and the ESP32, with the batch of the models fixed."""
    if not PUBLIC.is_dir():
        pytest.skip("../shared/public with public timings is absent")
    names = {
        "person_detect.tflite": "person_detect",
        "kws_ref_model.tflite": "kws",
        "pretrainedResnet_quant.tflite": "ic_resnet",
        "ad01_int8.tflite": "ad",
    }
    graphs = {}
    for file, name in names.items():
        model = parse_model((PUBLIC / "models" / f"{name}.tflite").read_bytes())
        for tensor in model.subgraphs[0].tensors:
            tensor.shapeSignature = None
        graphs[file] = read_graph(pack_model(model))
    found = {}
    with open(PUBLIC / "models_mcufit_bench.csv", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault((row["target"], row["kernels"]), {}).setdefault(row["model"], []).append(
                float(row["p50_us"])
            )
    return {
        key: [Timing(model, graphs[model], sum(us) / len(us)) for model, us in times.items()]
        for key, times in found.items()
    }


@pytest.mark.parametrize(
    ("key", "board", "kernels", "most"),
    [
        (("nano33ble", "cmsis-nn-or-reference"), "arduino_nano_33_ble", "reference", 0.10),
        (("esp32", "esp-nn-optimized"), "esp32", "esp_nn", 0.15),
    ],
)
def test_public_timings_left_out_are_within_the_margin(key, board, kernels, most):
    timings = public_timings()[key]
    known = load_board(board).with_kernels(kernels)
    bare = dataclasses.replace(known, coefficients={}, loops={}, factors={}, other_kernels=())
    errors = []
    for out, timing in enumerate(timings):
        without = calibrated_by_models(bare, timings[:out] + timings[out + 1 :], kernels)
        found = estimate_graph(timing.graph, without, flash_bytes=1)
        errors.append(abs(found.latency_ms * 1e3 / timing.latency_us - 1))
        assert errors[-1] <= found.latency_margin_ms / found.latency_ms
        # The board that comes with tsnas.
        found = estimate_graph(timing.graph, known, flash_bytes=1)
        assert abs(math.log(found.latency_ms * 1e3 / timing.latency_us)) < 0.05
    assert np.mean(errors) <= most
