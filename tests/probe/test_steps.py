"""The operators of a real quantised model are read with TFLite's arithmetic; the emulated board confirms it."""

import numpy as np
import pytest
from dilated_nets import dilated_net

from tsnas.graph.ops import Reshape
from tsnas.probe import protocol
from tsnas.probe.client import ProbeClient
from tsnas.probe.conformance import checks_table, verify_on_board
from tsnas.probe.steps import model_steps
from tsnas.space.architecture import Architecture, SensorFusion, TimeReduce
from tsnas.tflite.graph_writer import graph_file

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


def test_dilated_convolutions_are_padded_as_they_span():
    net = dilated_net(16, 1, (3, 2), (5, 8))
    steps = {step.name: step for step in model_steps(graph_file(net.graph()))}
    assert [step.op for step in steps.values()] == [node.op for node in net.graph().nodes]
    words = [steps[name].words for name in ("stem", "conv0", "conv1")]
    assert [(w.dilation_h, w.dilation_w, w.pad_top, w.pad_left) for w in words] == [
        (1, 1, 1, 0), (2, 1, 2, 0), (8, 1, 16, 0),
    ]  # fmt: skip


def test_what_moves_no_data_is_left_out():
    assert all(not isinstance(step.op, Reshape) for step in model_steps(graph_file(NET.graph())))


@pytest.mark.emulated
@pytest.mark.parametrize("net", [NET, dilated_net(48, 5, (5, 4), (9, 16), filters=4)], ids=["paper", "dilated"])
def test_a_whole_network_is_bit_exact(board, net):
    windows = np.random.default_rng(0).integers(-128, 128, (4, 48, 5, 1)).astype(np.int8)
    calls = []
    with ProbeClient(board.url) as probe:
        checks = verify_on_board(graph_file(net.graph()), windows, probe, lambda: calls.append(1))
    assert len(checks) == len(calls) == len(net.graph().nodes)
    assert sum(check.differing_bytes for check in checks) == 0
    assert sum(check.bytes for check in checks) > 4 * 1000
    table = checks_table(checks, "instructions").splitlines()
    assert "instructions" in table[0]
    assert table[-1].startswith("total")
