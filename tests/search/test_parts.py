"""Parts that cannot keep the limits are left out, and of those that can, the room that they ask for decides."""

import dataclasses

import pytest

from tsnas.cost.board import load_board
from tsnas.cost.limits import Limits
from tsnas.errors import InfeasibleError
from tsnas.search.feasibility import smallest_costs
from tsnas.search.options import cell_options
from tsnas.search.parts import fitting, paths_of
from tsnas.search.paths import Paths
from tsnas.space.config import SPACES, SpaceConfig
from tsnas.space.supernet import build_cells

BOARD = load_board("nucleo_f446re")
CONFIG = SpaceConfig(time_reduce_filters=8, fusion_filters=24, extra_fusion_cells=1, collapse=True)
OTHER = SpaceConfig(time_reduce_filters=8, fusion_filters=24, extra_fusion_cells=1)
SMALL, SLOW = paths_of([CONFIG, OTHER], (64, 4), 3, BOARD, Limits())


def with_room(paths, limits, least_room):
    return Paths(paths.supernet, limits, paths.options, least_room)


def least_ms(paths):
    return smallest_costs(paths.supernet, paths.options)["latency_ms"]


def test_parts_of_a_space_that_cannot_keep_the_limits_are_left_out():
    def parts(limits):
        return [SLOW.within(limits), SMALL.within(limits)]

    both = parts(Limits(max_latency_ms=4))
    assert fitting(both) == both
    least, slow = least_ms(SMALL), least_ms(SLOW)
    assert least < slow
    tight = parts(Limits(max_latency_ms=(least + slow) / 2))
    assert fitting(tight) == tight[1:]
    with pytest.raises(InfeasibleError) as raised:
        fitting(parts(Limits(max_latency_ms=0.9 * least)))
    assert raised.value.smallest["latency_ms"] == pytest.approx(least)
    assert raised.value.short == ("latency_ms",)


def test_the_part_that_asks_for_most_of_the_room_that_it_has_is_searched():
    slow, small = with_room(SLOW, Limits(), 1.5), SMALL
    assert fitting([slow, small]) == fitting([small, slow]) == [slow]
    assert fitting([small]) == [small]
    least, more = least_ms(SMALL), least_ms(SLOW)
    assert slow.within(Limits(max_latency_ms=3 * more)).room == pytest.approx(3)
    for limit_ms, searched in (((least + more) / 2, 1), (1.45 * more, 1), (1.55 * more, 0)):
        both = [paths.within(Limits(max_latency_ms=limit_ms)) for paths in (slow, small)]
        assert fitting(both) == [both[searched]]
    with pytest.raises(InfeasibleError) as raised:
        fitting([paths.within(Limits(max_latency_ms=0.1)) for paths in (slow, small)])
    assert raised.value.smallest["latency_ms"] == pytest.approx(least)


def test_where_no_part_has_the_room_that_it_asks_for_those_that_ask_for_least_are_searched():
    limits = Limits(max_latency_ms=2 * least_ms(SMALL))
    much, more, same = (with_room(SMALL, limits, room) for room in (3.0, 4.0, 3.0))
    assert fitting([more, much, same]) == [much, same]
    enough = with_room(SMALL, limits, 1.9)
    assert fitting([more, much, enough, SMALL.within(limits)]) == [enough]


@pytest.fixture(scope="module")
def default_parts():
    return paths_of(SPACES["tsnas"], (128, 9), 6, BOARD, Limits())


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
def test_the_default_space_goes_with_the_room_that_limits_leave(default_parts, max_latency_ms, strides, kernels):
    (part,) = fitting([paths.within(Limits(max_latency_ms=max_latency_ms)) for paths in default_parts])
    cells = [cell for cell in part.supernet.cells if hasattr(cell, "stride")]
    assert tuple(cell.stride for cell in cells) == strides
    assert tuple(cells[0].kernels) == kernels


def test_each_part_has_the_paths_of_its_own_within_the_limits_and_the_board():
    slow = dataclasses.replace(OTHER, least_room=2.0, dropout=0.3)
    parts = paths_of([CONFIG, slow, CONFIG], (64, 4), 3, BOARD, Limits(max_latency_ms=4), "softmax", seed=3)
    assert [paths.least_room for paths in parts] == [0.0, 2.0]
    assert [paths.supernet.dropouts[0].rate for paths in parts] == [0.1, 0.3]
    for paths in parts:
        assert paths.limits == Limits(4, BOARD.ram_bytes / 1024, BOARD.flash_bytes / 1024)
        assert paths.supernet.pseudo_prob == "softmax"
        assert (paths.nearest.architecture.time, paths.nearest.architecture.sensors) == (64, 4)
    options = cell_options(build_cells(BOARD, 64, 4, 3, CONFIG)[0])
    assert parts[0].options[0].costs["latency_ms"].tolist() == options.costs["latency_ms"].tolist()
