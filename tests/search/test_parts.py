"""Parts that cannot keep the limits are left out, and of those that can, the slack that they need decides."""

import dataclasses

import numpy as np
import pytest

from tsnas.cost.board import load_board
from tsnas.cost.bounds import UPPER, Costs
from tsnas.cost.estimate import estimate_graph
from tsnas.cost.limits import Limits
from tsnas.errors import InfeasibleError
from tsnas.search.feasibility import smallest_costs
from tsnas.search.options import cell_options
from tsnas.search.parts import build_parts, fitting, suited
from tsnas.search.paths import Paths
from tsnas.space.config import SpaceConfig
from tsnas.space.spaces import SPACES
from tsnas.space.supernet import build_cells

BOARD = load_board("nucleo_f446re")
CONFIG = SpaceConfig(time_reduce_filters=8, fusion_filters=24, extra_fusion_cells=1, collapse=True)
OTHER = SpaceConfig(time_reduce_filters=8, fusion_filters=24, extra_fusion_cells=1)
SMALL, SLOW = build_parts([CONFIG, OTHER], (64, 4), 3, BOARD, margin=UPPER)


def with_slack(part, min_slack):
    return dataclasses.replace(part, min_slack=min_slack)


def least_ms(part):
    return smallest_costs(part.supernet, part.options).latency_ms


def fitting_parts(parts, limits):
    """The parts that are searched, of which each has its paths within the limits."""
    found = fitting(parts, limits.on(BOARD))
    assert all(paths.bounds == limits.on(BOARD) for paths in found)
    return [paths.part for paths in found]


def test_parts_of_a_space_that_cannot_keep_the_limits_are_left_out():
    both = [SLOW, SMALL]
    assert fitting_parts(both, Limits(max_latency_ms=4)) == both
    least, slow = least_ms(SMALL), least_ms(SLOW)
    assert least < slow
    assert fitting_parts(both, Limits(max_latency_ms=(least + slow) / 2)) == both[1:]
    with pytest.raises(InfeasibleError) as raised:
        fitting_parts(both, Limits(max_latency_ms=0.9 * least))
    assert raised.value.smallest["latency_ms"] == pytest.approx(least)
    assert raised.value.short == ("latency_ms",)


def test_of_the_parts_that_have_the_slack_they_need_the_one_that_needs_most_is_searched():
    slow, small = with_slack(SLOW, 1.5), SMALL
    assert fitting_parts([slow, small], Limits()) == fitting_parts([small, slow], Limits()) == [slow]
    assert fitting_parts([small], Limits()) == [small]
    least, more = least_ms(SMALL), least_ms(SLOW)
    assert Paths(slow, Limits(max_latency_ms=3 * more).on(BOARD)).slack == pytest.approx(3)
    for limit_ms, searched in (((least + more) / 2, 1), (1.45 * more, 1), (1.55 * more, 0)):
        both = [slow, small]
        assert fitting_parts(both, Limits(max_latency_ms=limit_ms)) == [both[searched]]
    with pytest.raises(InfeasibleError) as raised:
        fitting_parts([slow, small], Limits(max_latency_ms=0.1))
    assert raised.value.smallest["latency_ms"] == pytest.approx(least)


def test_where_no_part_has_the_slack_it_needs_those_that_need_least_are_searched():
    limits = Limits(max_latency_ms=2 * least_ms(SMALL))
    much, more, same = (with_slack(SMALL, slack) for slack in (3.0, 4.0, 3.0))
    assert fitting_parts([more, much, same], limits) == [much, same]
    enough = with_slack(SMALL, 1.9)
    assert fitting_parts([more, much, enough, SMALL], limits) == [enough]


def test_of_parts_that_need_the_same_slack_the_first_one_decides():
    limits = Limits(max_latency_ms=(least_ms(SMALL) + least_ms(SLOW)))
    assert Paths(SLOW, limits.on(BOARD)).slack < 2.0 < Paths(SMALL, limits.on(BOARD)).slack
    slow, small, other = with_slack(SLOW, 2.0), with_slack(SMALL, 2.0), SMALL
    assert fitting_parts([small, slow, other], limits) == [small, slow]
    assert fitting_parts([slow, small, other], limits) == [other]


def test_parts_that_are_not_searched_are_not_built():
    def is_built(part):
        return "supernet" in vars(part)

    much, same, none = with_slack(SLOW, 2.0), with_slack(SMALL, 2.0), with_slack(SMALL, 0.0)
    assert not is_built(much)
    assert fitting_parts([same, none, much], Limits(max_latency_ms=2.5 * least_ms(SLOW))) == [same, much]
    assert [is_built(part) for part in (same, none, much)] == [True, False, True]
    much, same, none = with_slack(SLOW, 2.0), with_slack(SMALL, 2.0), with_slack(SMALL, 0.0)
    assert fitting_parts([none, much, same], Limits(max_latency_ms=1.5 * least_ms(SLOW))) == [none]
    assert [is_built(part) for part in (none, much, same)] == [True, True, False]


@pytest.fixture(scope="module")
def default_parts():
    return build_parts(SPACES["tsnas"], (128, 9), 6, BOARD, margin=UPPER)


@pytest.mark.parametrize(
    ("max_latency_ms", "strides", "kernels"),
    [
        (3.0, (4, 2, 9, 1, 1), (3, 5, 7)),
        (6.0, (4, 2, 9, 1, 1), (5, 7)),
        (12.0, (4, 2, 9, 1, 1), (5, 7)),
        (22.0, (2, 2, 2, 9, 1), (5, 7)),
        (None, (2, 2, 2, 9, 1), (5, 7)),
    ],
)
def test_the_default_space_goes_with_the_slack_of_the_limits(default_parts, max_latency_ms, strides, kernels):
    (part,) = fitting_parts(default_parts, Limits(max_latency_ms=max_latency_ms))
    cells = [cell for cell in part.supernet.cells if hasattr(cell, "stride")]
    assert tuple(cell.stride for cell in cells) == strides
    assert tuple(cells[0].kernels) == kernels


def test_paths_of_members_keep_the_limits_together():
    limits = Limits(max_latency_ms=9, max_ram_kb=16, max_flash_kb=40)
    (part,) = build_parts([dataclasses.replace(CONFIG, members=2)], (64, 4), 3, BOARD)
    paths, rng = Paths(part, limits.on(BOARD)), np.random.default_rng(0)
    for _ in range(10):
        path = paths.draw_near(rng)
        candidate = paths.candidate(path)
        assert candidate is not None
        assert candidate.architecture.members == 2
        assert paths.use_of(candidate) == pytest.approx(paths.use(path), rel=1e-5)
        member = estimate_graph(candidate.architecture.member.graph(), BOARD)
        assert candidate.estimate.latency_ms == pytest.approx(2 * member.latency_ms, rel=0.01)


def test_each_part_has_the_paths_of_its_own_within_the_limits_and_the_board():
    slow = dataclasses.replace(OTHER, min_slack=2.0, dropout=0.3)
    parts = build_parts([CONFIG, slow, CONFIG], (64, 4), 3, BOARD, "softmax", seed=3)
    assert [part.min_slack for part in parts] == [0.0, 2.0]
    assert [part.supernet.dropouts[0].rate for part in parts] == [0.1, 0.3]
    for part in parts:
        paths = Paths(part, Limits(max_latency_ms=4).on(BOARD))
        assert paths.bounds.upper == Costs(4, BOARD.ram_bytes, BOARD.flash_bytes)
        assert paths.supernet.pseudo_prob == "softmax"
        assert (paths.nearest.architecture.time, paths.nearest.architecture.channels) == (64, 4)
    options = cell_options(build_cells(BOARD, 64, 4, 3, CONFIG)[0])
    assert parts[0].options[0].costs["latency_ms"].tolist() == options.costs["latency_ms"].tolist()


def test_of_local_and_dilated_parts_those_remain_that_suit_the_windows():
    one = SpaceConfig(time_reduce_filters=8, minimum_time=16, time_conv_cells=1, time_conv_filters=8)
    local = dataclasses.replace(one, first_stride=1, time_conv_taps=((3, 1), (5, 1)))
    neither = dataclasses.replace(one, time_conv_taps=((3, 1), (5, 1)))
    assert [space.reach for space in (one, local, neither, CONFIG)] == ["dilated", "local", None, None]
    parts = build_parts([one, local, neither], (64, 1), 3, BOARD)
    dilated, short, other = spaces = fitting(parts, Limits().on(BOARD))
    assert suited(spaces, lambda: True) == [short, other]
    assert suited(spaces, lambda: False) == [dilated, other]

    def never():
        raise AssertionError("there is nothing to choose")

    assert suited([dilated, other], never) == [dilated, other]
    assert suited([short], never) == [short]
