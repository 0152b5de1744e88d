"""Placement of tensors: no gaps on the search space, never worse than the interpreter's own plan, never an overlap."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_architectures import random_architecture
from scale import scaled

from tsnas.cost.board import load_board
from tsnas.cost.memory import arena_buffers, plan_arena
from tsnas.cost.placement import max_live_bytes, placed
from tsnas.graph.graph import GraphBuilder
from tsnas.graph.ops import Add, Conv2D

RUNTIME = load_board("nucleo_f446re").runtime


def unplaced(graph):
    return dataclasses.replace(graph, offsets=None)


def assert_no_overlap(graph):
    plan = plan_arena(graph, RUNTIME, scratch=False)
    buffers = [b for b in arena_buffers(graph, 16, scratch=False) if b.name in plan.offsets]
    for i, a in enumerate(buffers):
        for b in buffers[:i]:
            together = set(range(a.lifetime[1], a.lifetime[2] + 1)) & set(range(b.lifetime[1], b.lifetime[2] + 1))
            bytes_a = range(plan.offsets[a.name], plan.offsets[a.name] + a.size)
            bytes_b = range(plan.offsets[b.name], plan.offsets[b.name] + b.size)
            assert not together or bytes_a.stop <= bytes_b.start or bytes_b.stop <= bytes_a.start


def test_architectures_of_the_space_are_placed_without_gaps():
    smaller = 0
    for seed in range(300):
        graph = random_architecture(seed).graph()
        plan, own = plan_arena(graph, RUNTIME), plan_arena(unplaced(graph), RUNTIME)
        # live_bytes adds up what lives while each operator runs: nothing can do with less.
        assert plan.head_bytes == max(plan.live_bytes.values()) <= own.head_bytes
        smaller += plan.head_bytes < own.head_bytes
    assert smaller >= 30, "the interpreter's own plan is as good: the offsets are not worth their bytes"


@pytest.mark.parametrize("seed", range(10))
def test_tensors_that_live_together_do_not_overlap(seed):
    assert_no_overlap(random_architecture(seed).graph())


@settings(max_examples=scaled(60), deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 6)), min_size=2, max_size=10))
def test_any_network_is_placed_at_least_as_well_as_by_the_interpreter(layers):
    """Chains of 1x1 convolutions with shortcuts of any length between tensors of one shape."""
    builder = GraphBuilder((4, 1, 4))
    outputs = [(builder.input, 4)]
    for index, (width, back) in enumerate(layers):
        x, in_c = outputs[-1]
        x = builder.add(f"conv{index}", Conv2D(4, 1, in_c, width, 3, 1), x)
        other, other_c = outputs[-1 - back % len(outputs)]
        if other_c == width:
            x = builder.add(f"add{index}", Add(4, 1, width), x, other)
        outputs.append((x, width))
    graph = builder.build(x)
    own, chosen = plan_arena(graph, RUNTIME), plan_arena(placed(graph), RUNTIME)
    assert max(own.live_bytes.values()) <= chosen.head_bytes <= own.head_bytes
    assert_no_overlap(placed(graph))


def test_same_network_same_places():
    graph = unplaced(random_architecture(3).graph())
    assert placed(graph) == placed(graph) == placed(placed(graph))


def test_most_bytes_that_live_at_once():
    assert max_live_bytes([(32, 0, 1), (64, 1, 2), (32, 2, 3), (16, 2, 2)]) == 112
