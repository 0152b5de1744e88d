"""Limits of a front: given ones as they are, chosen ones in equal ratios, and none that cannot be kept."""

import numpy as np
import pytest

from tsnas.cost.board import load_board
from tsnas.cost.limits import Limits
from tsnas.errors import InfeasibleError, LimitError, SettingError
from tsnas.pareto.niches import check_latencies, niches_of

BOARD = load_board("nucleo_f446re")


def latencies(*args) -> list[float]:
    niches = niches_of(BOARD, 2.0, Limits(max_ram_kb=64), *args)
    assert all(niche.board is BOARD and niche.limits.max_ram_kb == 64 for niche in niches)
    return [niche.limits.max_latency_ms for niche in niches]


def test_given_limits_are_sorted_and_those_below_the_smallest_left_out():
    assert latencies([30, 6, 1.9, 6.0, 2], 99) == [2, 6, 30]
    assert latencies(np.array([5.0, 3.0]), 99) == [3, 5]


def test_a_number_is_the_largest_of_limits_in_equal_ratios():
    chosen = latencies(40, 4)
    assert chosen[-1] == 40
    assert chosen[0] == pytest.approx(2.6)
    ratios = np.divide(chosen[1:], chosen[:-1])
    np.testing.assert_allclose(ratios, ratios[0], rtol=0.01)
    assert latencies(40, 1) == [40]


def test_without_a_number_the_largest_follows_from_the_smallest():
    assert latencies(None, 3)[-1] == 32


def test_a_largest_limit_near_the_smallest():
    assert latencies(2.1, 3) == [2.1]


def test_too_low_for_the_board():
    with pytest.raises(InfeasibleError, match=r"\[1, 1.5\] is too low for nucleo_f446re.*takes 2.00 ms there") as error:
        latencies([1, 1.5], 2)
    assert error.value.smallest == {"latency_ms": 2.0}


@pytest.mark.parametrize("bad", [[], 0, -3, [5, 0], "fast", ["fast"], float("nan")])
def test_limits_that_are_none(bad):
    with pytest.raises((SettingError, LimitError)):
        check_latencies(bad)
