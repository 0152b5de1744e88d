"""The operators of a real quantised model are read with TFLite's arithmetic; the emulated board confirms it."""

import numpy as np
import pytest
from graph_file import graph_file

from tsnas.graph.ops import Reshape
from tsnas.probe import protocol
from tsnas.probe.client import ProbeClient
from tsnas.probe.conformance import checks_table, verify_on_board
from tsnas.probe.steps import model_steps
from tsnas.space.architecture import Architecture, SensorFusion, TimeReduce

NET = Architecture(
    48, 5, 4, (TimeReduce(7, 4, 4), SensorFusion(16, (3, 7), 8, True, 5), SensorFusion(8, (5,), 16, True, 1))
)


def test_every_operator_has_its_words_and_constants():
    steps = model_steps(graph_file(NET.graph()))
    assert [step.op for step in steps] == [node.op for node in NET.graph().nodes]
    for step in steps:
        assert step.words.out_h == step.op.out_shape[0]
        if step.op.kind == "conv2d":
            assert len(step.constants[protocol.WEIGHTS]) == step.op.weights
            assert len(step.constants[protocol.BIAS]) == 4 * step.op.out_c
            multipliers = np.frombuffer(step.constants[protocol.MULTIPLIERS], "<i4")
            assert (multipliers >= 2**30).all()
        else:
            assert not step.constants
        assert len(step.inputs) == (2 if step.op.kind == "add" else 1)


def test_what_moves_no_data_is_left_out():
    assert all(not isinstance(step.op, Reshape) for step in model_steps(graph_file(NET.graph())))


@pytest.mark.emulated
def test_a_whole_network_is_bit_exact(board):
    windows = np.random.default_rng(0).integers(-128, 128, (4, 48, 5, 1)).astype(np.int8)
    calls = []
    with ProbeClient(board.url) as probe:
        checks = verify_on_board(graph_file(NET.graph()), windows, probe, lambda: calls.append(1))
    assert len(checks) == len(calls) == len(NET.graph().nodes)
    assert sum(check.differing_bytes for check in checks) == 0
    assert sum(check.bytes for check in checks) > 4 * 1000
    table = checks_table(checks, "instructions").splitlines()
    assert "instructions" in table[0]
    assert table[-1].startswith("total")
