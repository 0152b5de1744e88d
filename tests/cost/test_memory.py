"""Arena plans: against the measured arenas of single operators, and the real interpreter."""

import dataclasses

import numpy as np
import pytest
from converted_networks import (
    convert,
    deep_narrow_network,
    depthwise_network,
    pooling_network,
    random_network,
    residual_network,
)
from micro_interpreter import allocations, starts

from tsnas.cost.board import load_board
from tsnas.cost.estimate import estimate_graph
from tsnas.cost.measurements import read_measurements
from tsnas.cost.memory import base_tail_bytes, op_tail_bytes, plan_arena, scratch_bytes, tail_bytes
from tsnas.cost.records import aligned
from tsnas.cost.relative import known_boards
from tsnas.graph.graph import Graph, GraphBuilder, Node
from tsnas.graph.ops import Add, Conv2D, DepthwiseConv2D, GlobalAveragePooling2D, Softmax
from tsnas.tflite.graph_reader import read_graph

RUNTIME = load_board("nucleo_f446re").runtime


def residual_graph():
    builder = GraphBuilder((16, 4, 1))
    x = builder.add("stem", Conv2D(16, 4, 1, 8, 3, 1), builder.input)
    y = builder.add("branch", Conv2D(16, 4, 8, 8, 5, 1), x)
    z = builder.add("add", Add(16, 4, 8), x, y)
    p = builder.add("pool", GlobalAveragePooling2D(16, 4, 8), z)
    return builder.build(builder.add("softmax", Softmax(8), p))


def test_shortcut_keeps_its_tensor_alive():
    plan = plan_arena(residual_graph(), RUNTIME)
    # The stem's output lives on while the branch runs, and both while they are added.
    assert plan.live_bytes["stem"] == 64 + 512 + 16
    assert plan.live_bytes["branch"] == 512 + 512 + 4 * 5 * 8
    assert plan.live_bytes["add"] == 3 * 512
    assert plan.live_bytes["pool"] == 512 + 16 + 32
    assert plan.head_bytes == 3 * 512
    assert len({plan.offsets[name] for name in ("stem", "branch", "add")}) == 3
    assert set(plan.offsets) == {"input", "stem", "branch", "add", "pool", "softmax"}


def test_head_holds_the_largest_live_set_and_total_adds_the_tail():
    plan = plan_arena(residual_graph(), RUNTIME)
    assert plan.head_bytes >= max(plan.live_bytes.values())
    assert plan.total_bytes == plan.head_bytes + plan.tail_bytes
    assert plan.head_bytes % 16 == 0


def test_tail_adds_up_over_operators():
    graph = residual_graph()
    parts = base_tail_bytes(RUNTIME) + sum(op_tail_bytes(node.op, RUNTIME) for node in graph.nodes)
    assert tail_bytes(graph, RUNTIME) == parts


def test_tail_of_one_more_convolution_is_the_sum_of_its_records():
    small, large = op_tail_bytes(Conv2D(8, 1, 8, 8, 3, 1), RUNTIME), op_tail_bytes(Conv2D(8, 1, 8, 16, 3, 1), RUNTIME)
    assert large - small == 2 * (64 - 32)
    # Node 32, options 24, kernel record 64, scratch handle 4; three tensors of 12; two arrays of 32; and the margin.
    assert small == 32 + 24 + 64 + 4 + 3 * 12 + 2 * 32 + RUNTIME.conv2d_slack_bytes


def test_scratch_buffers():
    assert scratch_bytes(Conv2D(8, 4, 6, 8, 3, 2)) == (4 * 36,)
    assert scratch_bytes(Conv2D(8, 4, 8, 8, 1, 1)) == ()
    assert scratch_bytes(Conv2D(8, 4, 8, 8, 3, 1), cmsis_nn=False) == ()
    # The columns of a dilated kernel are as long as those of one without; a 1x1 kernel that is dilated has them too.
    assert scratch_bytes(Conv2D(8, 4, 6, 8, 3, 2, dilation_h=4)) == (4 * 36,)
    assert scratch_bytes(Conv2D(8, 4, 8, 8, 1, 1, dilation_h=2)) == (4 * 8,)
    assert scratch_bytes(DepthwiseConv2D(8, 4, 6, 1, 3, 2)) == (2 * 36,)
    assert scratch_bytes(DepthwiseConv2D(8, 4, 6, 1, 3, 2, dilation_h=4)) == ()
    assert scratch_bytes(GlobalAveragePooling2D(8, 4, 10)) == (40,)
    assert scratch_bytes(Add(8, 4, 8)) == scratch_bytes(Softmax(4)) == ()


def test_scratch_buffers_of_a_core_with_mve():
    assert scratch_bytes(Conv2D(8, 4, 6, 8, 3, 2), mve=True) == (4 * 48,)
    assert scratch_bytes(Conv2D(8, 4, 6, 8, 3, 2), cmsis_nn=False, mve=True) == ()
    assert scratch_bytes(DepthwiseConv2D(8, 4, 6, 1, 3, 2), mve=True) == (4 * 124 * 6,)
    # So many channels take more without MVE, which a build may be.
    assert scratch_bytes(DepthwiseConv2D(8, 4, 300, 1, 3, 2), mve=True) == (2 * 300 * 6,)
    assert scratch_bytes(GlobalAveragePooling2D(8, 4, 10), mve=True) == (40,)
    graph = residual_graph()
    plain, vectors = (plan_arena(graph, RUNTIME, mve=mve) for mve in (False, True))
    assert vectors.arena_bytes >= plain.arena_bytes
    board = dataclasses.replace(load_board("nucleo_l552ze_q"), core="cortex-m55")
    planned = plan_arena(graph, board.runtime, mve=True)
    assert estimate_graph(graph, board, flash_bytes=1).ram_bytes == planned.arena_bytes


@pytest.mark.parametrize("n_bytes", [0, 1, 15, 16, 17])
def test_aligned_rounds_up_to_16(n_bytes):
    assert aligned(n_bytes) == 16 * int(np.ceil(n_bytes / 16))


@pytest.mark.parametrize("name", known_boards())
def test_arena_of_every_measured_operator_is_exact(shared_dir, name):
    runtime = load_board(name).runtime
    rows = [r for r in read_measurements(shared_dir / "measurements" / "op_latency_open.csv") if r.board == name]
    assert len(rows) > 900
    for row in rows:
        inputs = ("input", "other")[: len(row.op.in_shapes)]
        graph = Graph("input", row.op.in_shapes[0], (Node("op", row.op, inputs, "output"),), "output")
        assert plan_arena(graph, runtime).total_bytes == row.arena_bytes, row


@pytest.mark.long
def test_many_small_operators_need_more_memory_to_start_than_to_run(tmp_path):
    tflite = convert(deep_narrow_network())
    path = tmp_path / "model.tflite"
    path.write_bytes(tflite)
    head, tail = allocations(path)
    plan = plan_arena(read_graph(tflite), RUNTIME, scratch=False)
    assert plan.head_bytes == head < plan.planning_bytes
    assert plan.arena_bytes == plan.tail_bytes + plan.planning_bytes > plan.total_bytes
    assert not starts(path, head + tail)
    # Notes hold two pointers; with the 64 bits of this machine they are 8 bytes larger, for at most 70 of them.
    assert not starts(path, tail + plan.planning_bytes - 64)
    assert starts(path, tail + plan.planning_bytes + 8 * 70)


def test_networks_of_usual_size_start_in_what_they_use():
    graph = residual_graph()
    assert plan_arena(graph, RUNTIME).arena_bytes == plan_arena(graph, RUNTIME).total_bytes


NETWORKS = {"residual": residual_network, "depthwise": depthwise_network, "pooling": pooling_network}


@pytest.mark.parametrize("name", [*NETWORKS, "random0", "random1", "random2", "random3"])
def test_head_is_that_of_the_real_interpreter(name, tmp_path):
    model = NETWORKS[name]() if name in NETWORKS else random_network(int(name[-1]))
    tflite = convert(model)
    path = tmp_path / "model.tflite"
    path.write_bytes(tflite)
    head, tail = allocations(path)
    plan = plan_arena(read_graph(tflite), RUNTIME, scratch=False)
    assert plan.head_bytes == head
    # Pointers of this machine have 64 bits, so its tail is an upper bound; half of it is a lower one.
    assert tail / 2 < plan.tail_bytes < tail
    assert plan_arena(read_graph(tflite), RUNTIME).head_bytes >= head
