"""Steps of plain loops: operators that only other people's models bring are counted in those of a convolution."""

import pytest

from tsnas.cost.loops import COPYING, counted_loops, loop_cycles
from tsnas.graph.ops import Conv2D, FullyConnected, GroupedConv2D, OtherOp

LOOPS = counted_loops()["portable"]["cortex-m4"]


def test_a_single_group_is_a_convolution_and_more_groups_multiply_less():
    plain = Conv2D(32, 3, 8, 16, 5, 3)
    one, four = (GroupedConv2D(32, 3, 8, 16, groups, 5, 3) for groups in (1, 4))
    assert loop_cycles(one, LOOPS) == loop_cycles(plain, LOOPS)
    # Taps inside the input, counted one by one, times channels and filters, of which three quarters fall away.
    taps = sum(
        0 <= y + dy < 32 and 0 <= x + dx < 3
        for y in range(32)
        for x in range(3)
        for dy in range(-2, 3)
        for dx in range(-1, 2)
    )
    saved = LOOPS["conv2d"]["macs"] * taps * 8 * 16 * 3 / 4
    assert loop_cycles(plain, LOOPS) - loop_cycles(four, LOOPS) == pytest.approx(saved)


def test_what_only_moves_values_copies_each_of_them():
    joined = OtherOp("concatenation", ((8, 1, 4), (8, 1, 2)), ((8, 1, 6),))
    assert loop_cycles(joined, LOOPS) == pytest.approx(COPYING["call"] + COPYING["copies"] * 48)
    assert loop_cycles(joined, {}) is None


def test_rows_of_a_dense_layer_are_each_multiplied():
    one, three = FullyConnected(64, 6), FullyConnected(64, 6, rows=3)
    steps = LOOPS["fully_connected"]
    each = steps["macs"] * 64 * 6 + steps["outputs"] * 6
    assert loop_cycles(three, LOOPS) - loop_cycles(one, LOOPS) == pytest.approx(2 * each)
