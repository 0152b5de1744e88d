"""Estimates: totals are the sums of their rows, files count with their real size, and the table can be read."""

import dataclasses
import json

import pytest
from converted_networks import convert, residual_network

from tsnas.cost import flash
from tsnas.cost.board import load_board
from tsnas.cost.emulated import emulated_cycles
from tsnas.cost.estimate import estimate_graph, estimate_tflite, with_margin
from tsnas.cost.latency import graph_latency_ms
from tsnas.cost.limits import Limits
from tsnas.cost.measurements import OpMeasurement
from tsnas.cost.memory import plan_arena
from tsnas.errors import ModelFileError, UnknownBoardError
from tsnas.graph.graph import GraphBuilder
from tsnas.graph.ops import Add, Conv2D, DepthwiseConv2D, GlobalAveragePooling2D, MaxPool2D, Softmax


@pytest.fixture
def graph():
    builder = GraphBuilder((128, 9, 1))
    x = builder.add("stem", Conv2D(128, 9, 1, 8, 5, 1, stride_h=2), builder.input)
    y = builder.add("branch", Conv2D(64, 9, 8, 8, 3, 1), x)
    x = builder.add("add", Add(64, 9, 8), x, y)
    x = builder.add("pool", GlobalAveragePooling2D(64, 9, 8), x)
    return builder.build(builder.add("softmax", Softmax(8), x))


def test_totals_are_those_of_the_parts(graph):
    board = load_board("nicla_sense_me")
    estimate = estimate_graph(graph, "nicla_sense_me")
    assert estimate.latency_ms == pytest.approx(graph_latency_ms(graph, board))
    assert estimate.latency_ms == pytest.approx(sum(row.latency_ms for row in estimate.rows))
    plan = plan_arena(graph, board.runtime)
    assert estimate.ram_bytes == plan.arena_bytes >= max(row.ram_bytes for row in estimate.rows)
    assert [row.ram_bytes for row in estimate.rows] == list(plan.live_bytes.values())
    assert estimate.flash_bytes == flash.flash_bytes(graph)
    assert (estimate.latency_error_median, estimate.latency_error_p95) == (
        board.latency_error.median_relative,
        board.latency_error.p95_relative,
    )


def test_rows_describe_their_operators(graph):
    stem, branch, *rest = estimate_graph(graph, "nucleo_f446re").rows
    assert (stem.name, stem.kind, stem.out_shape) == ("stem", "conv2d", (64, 9, 8))
    assert (stem.params, stem.macs, stem.weight_bytes) == (5 * 8 + 8, 64 * 9 * 8 * 5, 5 * 8 + 4 * 8)
    assert (branch.params, branch.macs) == (3 * 8 * 8 + 8, 64 * 9 * 8 * 3 * 8)
    assert [row.weight_bytes for row in rest] == [0, 0, 0]


def test_known_file_size_is_used(graph):
    assert estimate_graph(graph, "nucleo_f446re", flash_bytes=12345).flash_bytes == 12345


def test_file_is_costed_at_its_real_size(tmp_path):
    tflite = convert(residual_network())
    path = tmp_path / "model.tflite"
    path.write_bytes(tflite)
    estimate = estimate_tflite(path, "nucleo_l552ze_q")
    assert estimate == estimate_tflite(tflite, load_board("nucleo_l552ze_q"))
    assert estimate.flash_bytes == len(tflite)
    assert len(estimate.rows) == 12


def test_json_round_trip(graph):
    estimate = estimate_graph(graph, "nucleo_f446re")
    values = json.loads(json.dumps(estimate.to_json()))
    assert values == estimate.to_json()
    assert values["board"] == "nucleo_f446re"
    assert values["rows"][0]["out_shape"] == [64, 9, 8]


def test_table_shows_rows_totals_and_the_boards_limits(graph):
    estimate = estimate_graph(graph, "nucleo_f446re")
    lines = estimate.table().splitlines()
    assert lines[0].split() == ["op", "kind", "output", "params", "MACs", "ms", "RAM", "KB", "weights", "KB"]
    assert lines[2].split()[:5] == ["stem", "conv2d", "64x9x8", "48", "23,040"]
    assert lines[2].split()[5] == f"{estimate.rows[0].latency_ms:.3f}"
    text = "\n".join(lines)
    assert "nucleo_f446re at 180 MHz" in text
    assert "kernels  cmsis_nn: CMSIS-NN of CMSIS 5" in text
    assert f"{estimate.latency_ms:.2f} ms" in text
    assert "of 128.0 KB" in text
    assert "of 512.0 KB" in text


def test_unknown_board_and_bad_file_are_refused(graph):
    with pytest.raises(UnknownBoardError, match="nicla"):
        estimate_graph(graph, "nicla")
    with pytest.raises(ModelFileError):
        estimate_tflite(b"no model", "nicla_sense_me")


def test_table_says_of_each_given_limit_whether_it_is_kept(graph):
    estimate = estimate_graph(graph, "nicla_sense_me")
    table = estimate.table(Limits(max_latency_ms=1e6, max_ram_kb=0.5))
    assert "limit    1000000.0 ms of latency: kept" in table
    assert "limit    0.5 KB of RAM: OVER" in table
    assert "flash: " not in table
    assert "limit" not in estimate.table()


def test_margin_is_the_sum_over_the_operators(graph):
    board = load_board("nucleo_f446re")
    estimate = estimate_graph(graph, board)
    p95 = board.latency_error.p95_relative
    assert estimate.latency_margin_ms == pytest.approx(p95 * estimate.latency_ms)
    text = estimate.table()
    assert f"{estimate.latency_ms:.2f} ms (± {estimate.latency_margin_ms:.2f})" in text
    assert " ".join(text.splitlines()[0].split()) == "op kind output params MACs ms RAM KB weights KB"
    assert not any(mark in text for mark in "*^+~")


def test_table_says_what_stands_behind_unusual_figures():
    board = load_board("nucleo_f446re")
    builder = GraphBuilder((31, 3, 1))
    x = builder.add("odd", Conv2D(31, 3, 1, 8, 3, 1), builder.input)
    x = builder.add("deep", DepthwiseConv2D(31, 3, 8, 1, 3, 1), x)
    x = builder.add("pool", MaxPool2D(31, 3, 8, 2, 1, 2, 1), x)
    graph = builder.build(builder.add("mean", GlobalAveragePooling2D(15, 3, 8), x))
    record = OpMeasurement("nucleo_f446re", "1", GlobalAveragePooling2D(15, 3, 8), 36000, 36500, 10**4, 900)
    estimate = estimate_graph(graph, board.with_table([record]), flash_bytes=1000)
    sources = ["extrapolated", "emulated", "derived", "measured"]
    assert [row.latency_source for row in estimate.rows] == sources
    margins = [row.latency_margin_ms / row.latency_ms for row in estimate.rows]
    _, emulated = emulated_cycles(graph.nodes[1].op, board)
    assert margins == pytest.approx([3 * board.latency_error.p95_relative, emulated, 0.5, 0.0005])
    assert estimate.rows[3].latency_ms == pytest.approx(36500 / 180e6 * 1000)
    text = estimate.table()
    for words in (
        "^ extrapolated: the kernel was fitted",
        "+ emulated: counted on an emulated core",
        "~ derived: no measurement",
        "* measured: this very operator",
    ):
        assert words in text
    for line, row, mark in zip(text.splitlines()[2:6], estimate.rows, "^+~*", strict=True):
        assert f"{row.latency_ms:.3f}  {mark}  " in line
    assert [row["latency_source"] for row in estimate.to_json()["rows"]] == sources


def test_energy_is_latency_times_power(graph):
    board = load_board("nucleo_f446re")
    assert estimate_graph(graph, board).energy_mj is None
    estimate = estimate_graph(graph, dataclasses.replace(board, active_power_mw=250.0))
    assert estimate.energy_mj == pytest.approx(estimate.latency_ms * 0.25)
    text = estimate.table(Limits(max_energy_mj=0.001))
    assert "energy   " in text
    assert "0.001 mJ of energy: OVER" in text
    assert "0.001 mJ of energy: not judged" in estimate_graph(graph, board).table(Limits(max_energy_mj=0.001))


def test_verdicts_are_those_of_the_limits(graph):
    estimate = estimate_graph(graph, dataclasses.replace(load_board("nucleo_f446re"), active_power_mw=250.0))
    # The last digit of a product is no excess.
    energy_mj = estimate.energy_mj_at("upper")
    limits = Limits(max_energy_mj=energy_mj * (1 - 1e-12), max_latency_ms=estimate.latency_upper_ms)
    assert limits.exceeded(latency_ms=estimate.latency_upper_ms, energy_mj=energy_mj) == ()
    text = estimate.table(limits)
    assert text.count(": kept") == 2
    assert "OVER" not in text
    # Only the predicted values are within these.
    text = estimate.table(Limits(max_energy_mj=estimate.energy_mj, max_latency_ms=estimate.latency_ms))
    assert text.count(": not certain") == 2
    assert f"up to {estimate.latency_upper_ms:.2f} ms, and only the predicted value is within the limit" in text
    assert estimate.table(Limits(max_latency_ms=estimate.latency_ms * 0.999)).count(": OVER") == 1


@pytest.mark.parametrize(
    ("latency_ms", "margin_ms", "text"),
    [(24.91, 0.4, "24.91 ms (± 0.40)"), (4.2371, 0.0281, "4.237 ms (± 0.028)"), (812.4, 121.3, "812 ms (± 121)")],
)
def test_margin_has_two_digits(latency_ms, margin_ms, text):
    assert with_margin(latency_ms, margin_ms) == text
