"""Advice on networks: what costs most comes first, and each trap of a converter is named with the way around it."""

import pytest
from foreign_models import foreign

from tsnas.cost.advice import advise
from tsnas.cost.board import load_board
from tsnas.cost.estimate import estimate_graph, estimate_tflite
from tsnas.cost.memory import plan_arena
from tsnas.graph.graph import GraphBuilder
from tsnas.graph.ops import BatchedConv2D, Conv2D, GlobalAveragePooling2D, OtherOp, Softmax

BOARD = load_board("nucleo_f446re")


def chain(*ops):
    builder = GraphBuilder(ops[0].in_shapes[0])
    x = builder.input
    for number, op in enumerate(ops):
        x = builder.add(f"{op.kind}_{number}", op, x)
    return builder.build(x)


def lines(graph):
    return advise(graph, plan_arena(graph, BOARD.runtime), estimate_graph(graph, BOARD, flash_bytes=1000).rows)


def test_what_costs_most_is_named_with_its_share():
    graph = chain(
        Conv2D(128, 9, 1, 8, 5, 1), Conv2D(128, 9, 8, 32, 5, 1), GlobalAveragePooling2D(128, 9, 32), Softmax(32)
    )
    rows = estimate_graph(graph, BOARD).rows
    share = rows[1].latency_ms / sum(row.latency_ms for row in rows)
    time, ram = lines(graph)
    assert time.startswith(f"{share:.0%} of ")
    assert "is conv2d_1 (conv2d, 1,474,560 MACs): fewer filters" in time
    assert "bytes of RAM live while conv2d_1 runs" in ram


def test_where_none_stands_out_those_of_a_kind_are_named_together():
    graph = chain(*(Conv2D(64, 1, 8, 8, 3, 1) for _ in range(8)), GlobalAveragePooling2D(64, 1, 8), Softmax(8))
    rows = estimate_graph(graph, BOARD).rows
    total = sum(row.latency_ms for row in rows)
    together = sum(row.latency_ms for row in rows if row.kind == "conv2d") / total
    (time, _) = lines(graph)
    largest = max(rows, key=lambda row: row.latency_ms)
    assert time.startswith(f"{together:.0%} of {total:.3g} ms are 8 operators of kind conv2d (of which ")
    assert f"{largest.latency_ms / total:.0%} {largest.name}, 12,288 MACs): fewer filters" in time


def test_small_networks_need_their_ram_for_records():
    (_, ram) = lines(chain(*(Conv2D(4, 1, 4, 4, 3, 1) for _ in range(12))))
    assert "are records that the interpreter keeps of 12 operators: fewer, larger layers would help" in ram


def test_convolutions_that_the_converter_took_apart_are_named():
    graph = chain(BatchedConv2D(4, Conv2D(16, 1, 3, 8, 3, 1, padding="valid")))
    assert any(
        "batched_conv2d_0 is a dilated convolution that the converter took apart" in line for line in lines(graph)
    )


def test_shapes_that_are_computed_are_named():
    graph = chain(OtherOp("shape", ((4, 1, 1),), ((4, 1, 1),)), OtherOp("pack", ((4, 1, 1),), ((4, 1, 1),)))
    assert any("shape_0 and pack_1 compute a shape at every inference" in line for line in lines(graph))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("dense", "have a scale per output (2,080 bytes of RAM): TensorFlow Lite Micro before June 2024 refuses"),
        ("two_outputs", "of another type on the board: inference_input_type = inference_output_type = tf.int8"),
        ("excited", "compute a shape at every inference, because the batch is open"),
    ],
)
def test_files_of_others_get_advice(name, text):
    estimate = estimate_tflite(foreign(name), BOARD)
    assert any(text in line for line in estimate.advice)
    assert all(f"advice   {line}." in estimate.table() for line in estimate.advice)
    assert estimate.to_json()["advice"] == list(estimate.advice)


def test_one_scale_for_all_needs_no_advice():
    assert not any("scale per output" in line for line in estimate_tflite(foreign("dense_per_tensor"), BOARD).advice)
