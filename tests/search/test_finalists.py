"""Finalists keep the limits and differ from each other; what a search prefers is among them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsnas.cost.board import load_board
from tsnas.cost.limits import Limits
from tsnas.search.derive import derive
from tsnas.search.finalists import divide, finalists
from tsnas.search.paths import WELL_USED, Part, Paths
from tsnas.space.config import SpaceConfig
from tsnas.space.supernet import Supernet, build_cells

BOARD = load_board("nucleo_f446re")
LIMITS = Limits(max_latency_ms=4, max_ram_kb=6)


@pytest.fixture(scope="module")
def paths():
    config = SpaceConfig(time_reduce_filters=8, fusion_filters=32, extra_fusion_cells=1)
    net = Supernet(build_cells(BOARD, 64, 4, 3, config), BOARD)
    rng = np.random.default_rng(0)
    for group in net.decision_groups():
        group.alpha.assign(rng.normal(size=len(group.options)) * 5)
    return Paths(Part.of(net), LIMITS.on(BOARD))


@pytest.fixture(scope="module")
def first(paths):
    return derive(paths.supernet, LIMITS.on(BOARD), paths.options)


def test_they_keep_the_limits_and_differ(paths, first):
    found = finalists(paths, [first], 6, seed=0)
    assert found[0] == first
    assert len({candidate.architecture for candidate in found}) == len(found) == 6
    for candidate in found:
        estimate = candidate.estimate
        assert not LIMITS.exceeded(latency_ms=estimate.latency_ms, ram_bytes=estimate.ram_bytes)


def test_some_are_near_what_the_search_prefers_and_some_far(paths, first):
    found = finalists(paths, [first], 10, seed=0)
    unlike = [sum(a != b for a, b in zip(first.path, other.path, strict=True)) for other in found]
    assert np.mean(unlike[1:6]) < np.mean(unlike[6:])


def test_neighbours_of_what_uses_the_limits_well_do_so_too(paths):
    rng = np.random.default_rng(0)
    near = iter(lambda: paths.candidate(paths.draw_near(rng)), None)
    first = next(one for one in near if paths.use_of(one) >= WELL_USED)
    walked = [paths.candidate(paths.walk(first.path, 6, rng)) for _ in range(20)]
    assert min(paths.use_of(one) for one in walked if one is not None) < WELL_USED
    found = finalists(paths, [first], 10, seed=0)
    assert min(paths.use_of(one) for one in found[:6]) >= WELL_USED


def test_of_much_the_same_only_the_first_is_taken(paths, first):
    rng = np.random.default_rng(0)
    near = [paths.candidate(paths.walk(first.path, 1, rng)) for _ in range(20)]
    far = paths.candidate(paths.walk(first.path, 300, rng))
    found = finalists(paths, [first, *near, far], 4, seed=0)
    assert found[:2] == [first, far]
    assert len(found) == 4


def test_without_a_search_all_are_drawn(paths, first):
    found = finalists(paths, [], 5, seed=0)
    assert len(found) == 5
    assert first not in found


def test_without_a_search_three_of_four_are_near_the_limits(paths):
    found = finalists(paths, [], 8, seed=0)
    assert min(paths.use_of(one) for one in found[:6]) >= WELL_USED
    loose = paths.within(Limits(max_latency_ms=1000).on(BOARD))
    found = finalists(loose, [], 8, seed=0)
    assert len(found) == 8
    use = [loose.use_of(one) for one in found]
    assert np.mean(use[:6]) > np.mean(use[6:])
    assert max(use) < WELL_USED


def test_without_a_search_those_near_the_limits_compute_most(paths):
    def macs(candidates):
        return [sum(row.macs for row in one.estimate.rows) for one in candidates]

    rng = np.random.default_rng(3)
    drawn = (paths.candidate(paths.draw_near(rng)) for _ in range(60))
    usual = macs(one for one in drawn if one is not None and paths.use_of(one) >= WELL_USED)
    found = macs(finalists(paths, [], 8, seed=0)[:6])
    assert found == sorted(found, reverse=True)
    assert min(found) > np.median(usual)


def test_one_uses_the_limits_well_if_any_can(paths, first, monkeypatch):
    """Where neither a search nor the draws come near the limits, the last is drawn again, towards them."""
    loose = paths.within(Limits(max_latency_ms=20).on(BOARD))
    monkeypatch.setattr(loose, "draw", lambda rng: loose.walk(first.path, 6, rng))
    found = finalists(loose, [first], 4, seed=0)
    assert loose.use_of(found[-1]) >= WELL_USED > max(loose.use_of(one) for one in found[:-1])
    monkeypatch.setattr("tsnas.search.finalists.WELL_USED", 1.1)
    assert max(loose.use_of(one) for one in finalists(loose, [first], 4, seed=0)) < WELL_USED


def test_same_seed_same_finalists(paths, first):
    draws = [finalists(paths, [first], 4, seed=seed) for seed in (1, 1, 2)]
    assert draws[0] == draws[1]
    assert draws[0] != draws[2]
    assert finalists(paths, [first], 1, seed=0) == [first]


@given(count=st.integers(0, 40), parts=st.integers(1, 6))
def test_parts_have_equal_shares_and_the_first_what_is_left(count, parts):
    found = divide(count, parts)
    assert sum(found) == count
    assert len(found) == parts
    assert found == sorted(found, reverse=True)
    assert found[0] - found[-1] <= 1
