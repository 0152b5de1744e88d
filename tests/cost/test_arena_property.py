"""Arena plans of hundreds of whole networks against the real interpreter: the head to the byte, the tail never low."""

import dataclasses

import pytest
from dilated_nets import dilated_net
from micro_interpreter import all_allocations
from random_architectures import random_architecture

from tsnas.cost.board import load_board
from tsnas.cost.memory import n_constants, plan_arena
from tsnas.graph.graph import GraphBuilder
from tsnas.graph.ops import Add, Conv2D, GlobalAveragePooling2D, Softmax
from tsnas.tflite.graph_reader import read_graph
from tsnas.tflite.graph_writer import graph_file

RUNTIME = load_board("nucleo_f446re").runtime
# Sizes of this machine's build, with pointers of 8 bytes: a record of a tensor and of a node; the options of
# each kind; what a further input of the network takes.
TENSOR_BYTES, NODE_BYTES, EXTRA_INPUT_BYTES = 24, 64, 96
OPTION_BYTES = {"conv2d": 28, "add": 8, "global_average_pooling2d": 1, "softmax": 4}


def long_shortcut():
    """The input of the first convolution is needed once more at the very end."""
    builder = GraphBuilder((16, 4, 8))
    x = builder.input
    for index, width in enumerate((24, 8, 40, 8)):
        x = builder.add(f"conv{index}", Conv2D(16, 4, (8, 24, 8, 40)[index], width, 3, 1), x)
    return builder.build(builder.add("add", Add(16, 4, 8), x, builder.input))


def diamonds():
    """Branches that part and join, of different widths, one inside the other."""
    builder = GraphBuilder((24, 3, 1))
    x = builder.add("stem", Conv2D(24, 3, 1, 12, 3, 1), builder.input)
    for depth in range(3):
        wide = builder.add(f"wide{depth}", Conv2D(24, 3, 12, 48, 1, 1), x)
        left = builder.add(f"left{depth}", Conv2D(24, 3, 48, 12, 5, 1), wide)
        thin = builder.add(f"thin{depth}", Conv2D(24, 3, 12, 4, 1, 1), x)
        right = builder.add(f"right{depth}", Conv2D(24, 3, 4, 12, 3, 1), thin)
        joined = builder.add(f"join{depth}", Add(24, 3, 12), left, right)
        x = builder.add(f"skip{depth}", Add(24, 3, 12), joined, x)
    x = builder.add("pool", GlobalAveragePooling2D(24, 3, 12), x)
    return builder.build(builder.add("softmax", Softmax(12), x))


def late_input():
    """A second input of the network that is read only by the last addition."""
    builder = GraphBuilder((16, 2, 4))
    x = builder.add("first", Conv2D(16, 2, 4, 32, 3, 1), builder.input)
    x = builder.add("second", Conv2D(16, 2, 32, 4, 3, 1), x)
    return builder.build(builder.add("add", Add(16, 2, 4), x, "other"))


@pytest.fixture(scope="module")
def graphs():
    """300 architectures with tensors where files put them, 100 left to the interpreter, 3 made by hand, 2 dilated."""
    placed = [random_architecture(seed).graph() for seed in range(300)]
    left = [dataclasses.replace(graph, offsets=None) for graph in placed[:100]]
    dilated = [dilated_net(*window, (3, 2), (9, 8), (5, 16), (7, 4)).graph() for window in ((64, 2), (15, 1))]
    return [*placed, *left, long_shortcut(), diamonds(), late_input(), *dilated]


@pytest.fixture(scope="module")
def reported(graphs, tmp_path_factory):
    return all_allocations(tmp_path_factory.mktemp("networks"), [graph_file(graph) for graph in graphs])


def test_files_hold_the_graphs(graphs):
    for graph in graphs[::10]:
        assert read_graph(graph_file(graph)) == graph
    assert read_graph(graph_file(graphs[-1])) == graphs[-1]


def test_heads_are_exact(graphs, reported):
    for graph, allocations in zip(graphs, reported, strict=True):
        assert plan_arena(graph, RUNTIME, scratch=False).head_bytes == allocations["head"]


def single(op):
    builder = GraphBuilder(op.in_shapes[0])
    return builder.build(builder.add("op", op, builder.input, *(f"in{i}" for i in range(1, len(op.in_shapes)))))


def test_tails_of_whole_networks_are_never_below_the_sum_over_their_operators(graphs, reported, tmp_path):
    """The model of the persistent part of `tsnas.cost.memory`, with the sizes of this machine's build.

    As for the boards, all constants come from models of one operator. Were there a term that only whole networks
    have, they would take more than the sum.
    """
    kind = {}
    for graph in graphs:
        for node in graph.nodes:
            kind.setdefault((node.op.kind, node.op.out_shape[2] * (node.op.kind == "conv2d")), node.op)
    files = [graph_file(single(op)) for op in kind.values()]
    op_bytes, bases = {}, set()
    for (key, op), alone in zip(kind.items(), all_allocations(tmp_path, files), strict=True):
        op_bytes[key] = NODE_BYTES + OPTION_BYTES[op.kind] + alone["op_data"] + TENSOR_BYTES * (1 + n_constants(op))
        extra = (len(op.in_shapes) - 1) * (EXTRA_INPUT_BYTES + TENSOR_BYTES)
        bases.add(alone["tail"] - op_bytes[key] - extra)
    # One base for models of every kind, as on the boards; the mean differs by alignment.
    assert max(bases) - min(bases) <= 24
    excess = []
    for graph, allocations in zip(graphs, reported, strict=True):
        total = min(bases) + (len(graph.inputs()) - 1) * (EXTRA_INPUT_BYTES + TENSOR_BYTES)
        for node in graph.nodes:
            total += op_bytes[node.op.kind, node.op.out_shape[2] * (node.op.kind == "conv2d")]
        excess.append((total - allocations["tail"], len(graph.nodes)))
    assert min(over for over, _ in excess) >= 0
    # What a model of one operator pays once is counted for each: some 40 bytes with pointers of 64 bits.
    assert all(over <= 42 * n_ops for over, n_ops in excess)
