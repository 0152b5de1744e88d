"""Every kernel of the firmware gives the bytes of the reference interpreter, odd sizes and strides included."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from one_op import one_op_file, ops

from tsnas.cost.memory import scratch_bytes
from tsnas.graph.ops import (
    Add,
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    GlobalAveragePooling2D,
    MaxPool2D,
    Softmax,
)
from tsnas.probe.client import ProbeClient
from tsnas.probe.conformance import verify_on_board
from tsnas.probe.emulator import Emulator
from tsnas.probe.op_encoding import op_words, quantized_multiplier

ARM, LONG = pytest.mark.emulated, [pytest.mark.emulated, pytest.mark.long]
BOARDS = [
    pytest.param(("cortex-m4", "cmsis_nn"), marks=ARM),
    pytest.param(("cortex-m33", "cmsis_nn"), marks=LONG),
    pytest.param(("cortex-m4", "portable"), marks=LONG),
    pytest.param(("cortex-m33", "portable"), marks=LONG),
    # Other kernels than those of the cores above: with MVE.
    pytest.param(("cortex-m55", "cmsis_nn"), marks=LONG),
    pytest.param(("cortex-m55", "portable"), marks=LONG),
    pytest.param(("cortex-m0plus", "cmsis_nn"), marks=LONG),
    pytest.param(("cortex-m0plus", "portable"), marks=LONG),
    pytest.param(("riscv32", "portable"), marks=pytest.mark.riscv),
]


@pytest.fixture(scope="module", params=BOARDS, ids="-".join)
def probe(request, firmware):
    core, kernels = request.param
    with Emulator(core, firmware(core, kernels=kernels)) as board, ProbeClient(board.url) as client:
        assert ("CMSIS-NN" in client.hello.kernel_library) == (kernels == "cmsis_nn")
        yield client


def check(op, probe, seed):
    rng = np.random.default_rng(seed)
    shape = op.in_shapes[0][2:] if isinstance(op, FullyConnected | Softmax) else op.in_shapes[0]
    window = rng.integers(-128, 128, shape).astype(np.int8)
    (found,) = verify_on_board(one_op_file(op, seed), window[None], probe)
    assert found.bytes >= np.prod(op.out_shape)
    assert found.differing_bytes == 0, op
    assert found.count > 0


# With the long tests both cores together look at more than 200 operators.
EXAMPLES = 12 if settings.get_current_profile_name() == "few" else 110


@given(ops, st.integers(0, 2**31))
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_operators_are_bit_exact(probe, op, seed):
    check(op, probe, seed)


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long), pytest.param(2, marks=pytest.mark.long)])
@pytest.mark.parametrize(
    "op",
    [
        Conv2D(128, 9, 1, 8, 5, 1, stride_h=2),
        Conv2D(16, 9, 16, 24, 1, 9, stride_w=9),
        Conv2D(16, 1, 24, 32, 1, 1),
        Conv2D(16, 1, 64, 64, 7, 1),
        Conv2D(64, 1, 16, 16, 9, 1, dilation_h=8),
        Conv2D(15, 2, 6, 5, 5, 1, padding="valid", dilation_h=3),
        Conv2D(8, 1, 8, 8, 1, 1, dilation_h=2),
        DepthwiseConv2D(64, 1, 16, 1, 9, 1, dilation_h=8),
        DepthwiseConv2D(16, 9, 8, 1, 3, 3),
        FullyConnected(64, 6),
        MaxPool2D(16, 9, 8, 2, 2, 2, 2),
        AveragePool2D(16, 9, 8, 2, 2, 2, 2),
        Add(16, 9, 8),
        GlobalAveragePooling2D(16, 1, 6),
        Softmax(6),
    ],
    ids=str,
)
def test_typical_operators_are_bit_exact(probe, op, seed):
    check(op, probe, seed)


@given(st.floats(1e-9, 1e6))
def test_multipliers_are_within_one_part_in_two_to_the_31(real):
    multiplier, shift = quantized_multiplier(real)
    assert 2**30 <= multiplier < 2**31
    assert multiplier / 2**31 * 2.0**shift == pytest.approx(real, rel=2**-30)


@pytest.mark.emulated
@pytest.mark.long  # The firmware is built.
def test_scratch_memory_of_kernels_with_vectors_is_what_is_planned(firmware):
    ops = [
        Conv2D(16, 1, 5, 6, 5, 1),
        Conv2D(16, 1, 24, 32, 1, 1),
        Conv2D(1, 16, 5, 6, 1, 5),
        Conv2D(15, 2, 6, 5, 5, 1, padding="valid", dilation_h=3),
        DepthwiseConv2D(16, 9, 8, 1, 3, 3),
        DepthwiseConv2D(16, 1, 8, 1, 3, 1, dilation_h=8),
        DepthwiseConv2D(16, 1, 200, 1, 5, 1),
        FullyConnected(64, 6),
        AveragePool2D(16, 9, 8, 2, 2, 2, 2),
    ]
    with Emulator("cortex-m55", firmware("cortex-m55")) as board, ProbeClient(board.url) as client:
        for op in ops:
            asked = client.run(op_words(op), repeats=0).scratch_bytes
            (*planned,) = scratch_bytes(op, mve=True)
            assert asked <= sum(planned), op
            if isinstance(op, DepthwiseConv2D):
                assert asked == sum(planned), op
