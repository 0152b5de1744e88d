"""Steps of kernels with vectors, counted one by one for small operators, and on the emulated core."""

import dataclasses

import numpy as np
import pytest

from benchmarks.counted_ops import count, draw_lines, draw_ops
from tsnas.cost.calibrate import base_of
from tsnas.cost.loops import LOOP_STEPS, PLAIN, all_steps, counted_loops, factor_kind, loop_cycles, loop_steps
from tsnas.cost.mve import MVE_STEPS, mve_steps
from tsnas.cost.relative import uncalibrated_board
from tsnas.graph.ops import (
    Add,
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    GroupedConv2D,
    MaxPool2D,
    OtherOp,
)

LOOPS = counted_loops()["cmsis_nn"]["cortex-m55"]
BARE = uncalibrated_board("mine", "cortex-m55", 400e6, 4 << 20, 4 << 20)


def steps_of(op):
    return {name: value for name, value in zip(MVE_STEPS, mve_steps(op), strict=True) if value}


def test_a_convolution_takes_four_pixels_at_a_time():
    # Ten pixels: the first group reads before the input, the second lies inside, two pixels are left over.
    assert steps_of(Conv2D(10, 1, 8, 6, 3, 1)) == {
        "kernel_rows": 30,
        "copied_taps": 28,
        "copied_vectors": 28,
        "cleared_taps": 2,
        "cleared_values": 16,
        "quads": 6,
        "quad_vectors": 6 * 2,  # 24 inputs, 16 at a time
        "edge_quads": 6,
        "edge_quad_vectors": 6 * 3,  # 8 at a time
        "singles": 2 * 6,
        "single_vectors": 2 * 6 * 3,
    }


def test_convolutions_of_one_tap_or_one_line_copy_nothing():
    assert steps_of(Conv2D(3, 3, 20, 5, 1, 1)) == {"quads": 10, "quad_vectors": 20, "singles": 5, "single_vectors": 10}
    # With a stride, the two pixels of each row are taken by themselves.
    assert steps_of(Conv2D(4, 4, 20, 5, 1, 1, 2, 2)) == {"singles": 20, "single_vectors": 40}
    # Of 12 pixels the first and the last four reach beyond the line, by one tap of three; 4 inputs a tap.
    assert steps_of(Conv2D(1, 12, 4, 5, 1, 3)) == {
        "quads": 5,
        "quad_vectors": 5,
        "line_singles": 2 * 4 * 5,
        "line_single_vectors": 2 * 4 * 5,
    }
    assert "copied_taps" in steps_of(Conv2D(1, 13, 4, 5, 1, 3)), "lines of another length have no kernel of their own"


def test_the_same_convolution_over_height_and_width():
    for op in (Conv2D(37, 5, 3, 4, 7, 3, 2, 1), Conv2D(37, 5, 3, 4, 7, 3, 2, 1, "valid"), Conv2D(9, 9, 2, 3, 3, 3)):
        h, w, c = op.out_shape
        found = dict(zip(MVE_STEPS, mve_steps(op), strict=True))
        assert found["copied_taps"] + found["cleared_taps"] == h * w * op.kernel_h * op.kernel_w
        assert results_of(found) == h * w * c
        assert (found["edge_quads"] == 0) == (op.padding == "valid")


def results_of(found):
    return 4 * (found["quads"] + found["edge_quads"]) + found["singles"]


def test_a_depthwise_one_takes_four_channels_of_four_pixels():
    found = steps_of(DepthwiseConv2D(9, 1, 6, 1, 3, 1, padding="valid"))
    assert found["quads"] == 1 * 2
    assert found["quad_vectors"] == 1 * 2 * 3
    assert found["singles"] == 3 * 2
    blocks = steps_of(DepthwiseConv2D(9, 1, 130, 1, 3, 1, padding="valid"))
    assert blocks["copied_taps"] == 2 * 7 * 3, "130 channels are two blocks"


def test_other_kernels_have_no_vectors():
    plain = (
        Add(8, 1, 4),
        DepthwiseConv2D(9, 1, 6, 1, 3, 1, dilation_h=2),
        DepthwiseConv2D(9, 1, 6, 4, 3, 1),
        OtherOp("tanh", ((8, 1, 4),), ((8, 1, 4),)),
    )
    for op in plain:
        assert not steps_of(op)
        assert all_steps(op) == loop_steps(op) + (0.0,) * len(MVE_STEPS)
    assert all_steps(FullyConnected(64, 6))[: len(LOOP_STEPS)] == (1.0, *(0.0,) * (len(LOOP_STEPS) - 1))


def test_rows_groups_and_pools():
    one, three = steps_of(FullyConnected(40, 7)), steps_of(FullyConnected(40, 7, rows=3))
    assert one == {"quads": 2, "quad_vectors": 6, "singles": 1, "single_vectors": 3}
    assert three == {name: 3 * value for name, value in one.items()}
    half = steps_of(Conv2D(20, 1, 4, 3, 5, 1))
    assert steps_of(GroupedConv2D(20, 1, 8, 6, 2, 5, 1)) == {name: 2 * value for name, value in half.items()}
    pool = 8, 8, 20, 2, 2, 2, 2, "valid"
    for op in (MaxPool2D(*pool), AveragePool2D(*pool)):
        assert steps_of(op) == {"copied_taps": 64, "copied_vectors": 20, "singles": 32, "single_vectors": 128}


@pytest.mark.parametrize("core", ["cortex-m55", "cortex-m85"])
def test_a_board_of_such_a_core_is_calibrated_by_these_steps(core):
    base = base_of(dataclasses.replace(BARE, core=core), "cmsis_nn")
    assert base.loops == LOOPS | {PLAIN: counted_loops()["portable"]["cortex-m55"]["conv2d"]}
    assert "emulated cortex-m55" in base.source
    assert not base.coefficients
    op = Conv2D(64, 1, 16, 16, 5, 1)
    assert loop_cycles(op, base.loops) == pytest.approx(sum(LOOPS["conv2d"].get(n, 0) * c for n, c in by_name(op)))
    # Operators that the library has no kernel for are plain C, which no vectors make faster.
    other = OtherOp("tanh", ((8, 1, 4),), ((8, 1, 4),), macs=32)
    assert loop_cycles(other, base.loops) == loop_cycles(other, counted_loops()["portable"]["cortex-m55"])


def by_name(op):
    return zip((*LOOP_STEPS, *MVE_STEPS), all_steps(op), strict=True)


@pytest.mark.emulated
def test_the_emulated_core_counts_what_the_steps_say():
    """Neither this seed nor most of these shapes are those of the fit."""
    seen = {*draw_ops(), *draw_lines()}
    kinds = {}
    for op in [*draw_ops(1), *draw_lines(1)]:
        if op not in seen:
            kinds.setdefault(factor_kind(op), []).append(op)
    ops = [op for some in kinds.values() for op in some[:4]]
    errors = {}
    for op, total in count("cortex-m55", "cmsis_nn", ops).items():
        errors.setdefault(factor_kind(op), []).append(abs(loop_cycles(op, LOOPS) / total - 1))
    assert len(errors) >= 7
    for kind, found in errors.items():
        assert np.mean(found) < 0.05, kind
