"""Verifying models of others on an emulated board: every rank, dense layers as boards round them, what does not run."""

import dataclasses

import numpy as np
import pytest
from foreign_models import foreign

from tsnas.errors import ModelFileError, WindowShapeError
from tsnas.graph.ops import FullyConnected, OtherOp
from tsnas.probe import protocol
from tsnas.probe.client import ProbeClient
from tsnas.probe.conformance import OpCheck, checks_table, given_windows, random_windows, summary, verify_on_board
from tsnas.probe.dense_rounding import rounded_twice
from tsnas.probe.protocol import OpWords
from tsnas.probe.steps import model_steps
from tsnas.tflite.parser import parse_model
from tsnas.tflite.reference import reference_tensors
from tsnas.tflite.writer import pack_model

LONG = pytest.mark.long


def slow_dense(words, weights, bias, values):
    """TFLM's fixed point, one Python integer at a time: a rounded product of 32 bits, then a rounded shift."""
    found = []
    for row, offset in zip(weights.tolist(), bias.tolist(), strict=True):
        total = sum(w * (x + words.in_offset) for w, x in zip(row, values.tolist(), strict=True)) + offset
        product = (total << max(words.out_shift, 0)) * words.out_multiplier
        nudged = product + (1 << 30 if product >= 0 else 1 - (1 << 30))
        high = nudged >> 31 if nudged >= 0 else -(-nudged >> 31)
        right = max(-words.out_shift, 0)
        mask = (1 << right) - 1
        scaled = (high >> right) + ((high & mask) > (mask >> 1) + (high < 0)) + words.out_offset
        found.append(min(max(scaled, words.act_min), words.act_max))
    return np.array(found, np.int8)


def test_dense_layers_are_rounded_as_a_slow_computation_says():
    rng = np.random.default_rng(0)
    weights = rng.integers(-127, 128, (300, 20)).astype(np.int8)
    bias = rng.integers(-2000, 2000, 300).astype("<i4")
    values = rng.integers(-128, 128, 20).astype(np.int8)
    words = OpWords(
        protocol.FULLY_CONNECTED,
        1,
        1,
        20,
        1,
        1,
        300,
        in_offset=7,
        out_offset=-3,
        out_multiplier=1431655765,
        out_shift=-9,
    )
    constants = {protocol.WEIGHTS: weights.tobytes(), protocol.BIAS: bias.tobytes()}
    found = rounded_twice(words, constants, values.tobytes())
    assert (found[1] == slow_dense(words, weights, bias, values)).all()
    assert 0 <= (found[0] != found[1]).sum() < 3


def test_the_reference_rounds_dense_layers_once():
    tflite = foreign("dense_per_tensor")
    steps = [step for step in model_steps(tflite) if isinstance(step.op, FullyConnected)]
    needed = {index for step in steps for index in (step.inputs[0], step.output)}
    off = total = 0
    for values in reference_tensors(tflite, random_windows(tflite, 20), sorted(needed)):
        for step in steps:
            board = rounded_twice(step.words, step.constants, values[step.inputs[0]].tobytes())[1].astype(int)
            difference = np.abs(board - values[step.output].reshape(-1).astype(int))
            assert difference.max() <= 1
            off, total = off + int(difference.sum()), total + difference.size
    assert off < 0.01 * total


def test_layers_of_several_scales_or_rows_run_as_convolutions():
    (first, second, _) = model_steps(foreign("dense"))
    assert (first.words.kind, first.words.in_c, first.words.out_c) == (protocol.CONV2D, 64, 256)
    assert len(first.constants[protocol.MULTIPLIERS]) == 4 * 256
    assert second.words.kind == protocol.CONV2D
    assert model_steps(foreign("dense_per_tensor"))[0].words.kind == protocol.FULLY_CONNECTED


def test_operators_without_a_kernel_have_no_words():
    steps = {step.op.kind: step.words for step in model_steps(foreign("activations"))}
    assert steps["tanh"] is steps["leaky_relu"] is steps["logistic"] is None
    assert steps["conv2d"] is not None
    assert "reshape" not in steps
    assert "expand_dims" not in steps


def test_random_windows_have_the_types_and_shapes_of_the_inputs():
    (window,) = random_windows(foreign("two_outputs"), 1)
    assert [(array.shape, array.dtype) for array in window] == [((1, 32, 3), np.uint8)]
    assert [array.shape for array in random_windows(foreign("dense"), 1)[0]] == [(1, 64)]
    given = given_windows(foreign("conv1d"), np.zeros((2, 32, 3, 1), np.int8))
    assert [array.shape for run in given for array in run] == [(1, 32, 3)] * 2
    with pytest.raises(WindowShapeError, match=r"Windows have shape \(16, 3\), but the model takes \(32, 3\)"):
        given_windows(foreign("conv1d"), np.zeros((2, 16, 3), np.int8))


def test_what_tflite_refuses_is_an_error_of_ours():
    model = parse_model(foreign("dense"))
    graph = model.subgraphs[0]
    weights = graph.tensors[graph.operators[0].inputs[1]]
    weights.quantization.quantizedDimension = 7
    with pytest.raises(ModelFileError, match=r"TFLite cannot run this file|has weights"):
        reference_tensors(pack_model(model), random_windows(foreign("dense"), 1), [int(graph.outputs[0])])


def test_the_summary_tells_roundings_and_what_did_not_run():
    dense, tanh = FullyConnected(64, 8), OtherOp("tanh", ((8,),), ((8,),))
    equal = OpCheck("dense", dense, 0, 80, 100.0)
    assert summary([equal]) == "All 80 output bytes equal those of the reference interpreter."
    lines = summary([dataclasses.replace(equal, rounded_bytes=3), OpCheck("tanh", tanh, 0, 0, None)]).splitlines()
    assert lines[0].startswith(
        "3 of 80 output bytes, in dense layers, are off because the reference interpreter rounds"
    )
    assert lines[1] == "Not run, because the probe has no kernel for them: tanh."


@pytest.mark.emulated
@pytest.mark.parametrize(
    "name", ["conv1d", "dense_per_tensor", *(pytest.param(n, marks=LONG) for n in ("dense", "activations", "mobile"))]
)
def test_models_of_any_rank_are_verified(board, name):
    tflite = foreign(name)
    with ProbeClient(board.url) as probe:
        checks = verify_on_board(tflite, random_windows(tflite, 1), probe)
    assert sum(check.differing_bytes for check in checks) == 0
    assert sum(check.bytes for check in checks) > 0
    table = checks_table(checks, "instructions")
    assert ("not run" in table) == any(not check.ran for check in checks)
