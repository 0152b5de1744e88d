"""Finalists keep the limits, differ from each other, and are drawn without touching the alphas."""

import numpy as np
import pytest

from tsnas.cost.board import load_board
from tsnas.cost.limits import Limits
from tsnas.search.derive import derive
from tsnas.search.finalists import finalists, utilisation
from tsnas.space.config import SpaceConfig
from tsnas.space.supernet import Supernet, build_cells

BOARD = load_board("nucleo_f446re")
LIMITS = Limits(max_latency_ms=4, max_ram_kb=6)


@pytest.fixture
def supernet():
    config = SpaceConfig(time_reduce_filters=8, fusion_filters=32, extra_fusion_cells=1)
    net = Supernet(build_cells(BOARD, 64, 4, 3, config), BOARD)
    rng = np.random.default_rng(0)
    for group in net.decision_groups():
        group.alpha.assign(rng.normal(size=len(group.options)) * 5)
    return net


def test_they_keep_the_limits_and_differ(supernet):
    alphas = [alpha.numpy() for alpha in supernet.alphas]
    first = derive(supernet, LIMITS)
    found = finalists(supernet, LIMITS, first, count=6, seed=0)
    assert found[0] == first
    assert len({derived.architecture for derived in found}) == len(found) == 6
    for derived in found:
        estimate = derived.estimate
        assert not LIMITS.exceeded(latency_ms=estimate.latency_ms, ram_bytes=estimate.ram_bytes)
        assert 0 < utilisation(derived, LIMITS) <= 1
    for before, after in zip(alphas, supernet.alphas, strict=True):
        np.testing.assert_array_equal(before, after)


def test_half_of_them_are_drawn_by_the_alphas(supernet):
    """Decided alphas leave no room for noise: what they draw is what they prefer; the even draws are far from it."""
    for group in supernet.decision_groups():
        group.alpha.assign(group.alpha * 100)
    first = derive(supernet, Limits())
    others = finalists(supernet, Limits(), first, count=5, seed=0)[1:]
    assert len(others) == 2
    assert all(len(derived.architecture.cells) > 0 and derived != first for derived in others)


def test_same_seed_same_finalists(supernet):
    first = derive(supernet, LIMITS)
    draws = [finalists(supernet, LIMITS, first, count=4, seed=seed) for seed in (1, 1, 2)]
    assert draws[0] == draws[1]
    assert draws[0] != draws[2]
    assert finalists(supernet, LIMITS, first, count=1, seed=0) == [first]
