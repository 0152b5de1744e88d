"""A space whose Time-Reduce cells never narrow has no other architecture anywhere: all ways are held against it."""

import itertools
import math

import numpy as np
import pytest

from tsnas.cost.board import load_board
from tsnas.cost.estimate import estimate_graph
from tsnas.cost.limits import Limits
from tsnas.search.derive import derive
from tsnas.search.feasibility import smallest_costs
from tsnas.search.options import cell_options
from tsnas.search.paths import Paths
from tsnas.search.pruning import prune
from tsnas.space.config import SpaceConfig
from tsnas.space.supernet import Supernet, build_cells

BOARD = load_board("nucleo_f446re")
CONFIG = SpaceConfig(
    time_reduce_filters=12, fusion_filters=16, kernel_sizes=(3,), extra_fusion_cells=0, collapse=True, widening=True
)


def filters_of(architecture):
    return [cell.filters for cell in architecture.cells[:2]]


@pytest.fixture(scope="module")
def supernet():
    net = Supernet(build_cells(BOARD, 64, 3, 3, CONFIG), BOARD)
    # The first would rather be wide and the second narrow, which the space does not have.
    for cell, sign in zip(net.cells[:2], (1, -1), strict=True):
        group = cell.groups["filters"]
        group.alpha.assign(sign * np.linspace(-1, 1, len(group.options)))
    return net


@pytest.fixture(scope="module")
def everything(supernet):
    """Every architecture of the space with its estimate and its regret, the slow way."""
    found = []
    for choices in itertools.product(*(cell.enumerate() for cell in supernet.cells)):
        architecture = supernet.architecture(list(choices))
        first, second = filters_of(architecture)
        if second < first:
            continue
        regret = 0.0
        for cell, choice in zip(supernet.cells, choices, strict=True):
            for name, group in cell.groups.items():
                alpha = group.alpha.numpy().astype(float)
                regret += alpha.max() - alpha[choice[name]] if name in choice else 0.0
        found.append((architecture, estimate_graph(architecture.graph(), BOARD), regret))
    return found


def options_of(supernet):
    return [cell_options(cell) for cell in supernet.cells]


def test_only_what_the_space_has_is_counted(supernet, everything):
    # 6 pairs of 3 widths that do not fall; with a branch 2 x 2 widths, twice, without one 2.
    assert len(everything) == 6 * (2 * 4 + 2)
    pruned = prune(supernet, Limits(), options_of(supernet))
    assert pruned.architectures_before == pruned.architectures_after == len(everything)


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_the_nearest_that_the_space_has_is_derived(supernet, everything, share):
    limit = float(np.quantile([estimate.latency_ms for _, estimate, _ in everything], share))
    found = derive(supernet, Limits(max_latency_ms=limit))
    assert found.architecture in [architecture for architecture, _, _ in everything]
    least = min(regret for _, estimate, regret in everything if estimate.latency_ms <= limit)
    assert found.regret == pytest.approx(least, abs=1e-5)


def test_the_smallest_is_that_of_the_space(supernet, everything):
    smallest = smallest_costs(supernet, options_of(supernet))
    assert smallest["latency_ms"] == pytest.approx(min(estimate.latency_ms for _, estimate, _ in everything), rel=1e-5)
    assert smallest["ram_bytes"] == min(estimate.ram_bytes for _, estimate, _ in everything)


def test_paths_that_the_space_does_not_have_never_fit(supernet):
    for limits in (Limits(), Limits(max_latency_ms=3)):
        paths = Paths(supernet, limits)
        for path in itertools.product(*(range(len(option.choices)) for option in paths.options)):
            first, second = filters_of(supernet.architecture(paths._choices(path)))
            assert (paths.use(path) == math.inf) == (second < first)


def test_walks_stay_in_the_space_and_reach_all_of_its_widths(supernet):
    paths, rng = Paths(supernet, Limits(max_latency_ms=4)), np.random.default_rng(0)
    drawn = [tuple(filters_of(paths.derived(paths.drawn(rng)).architecture)) for _ in range(60)]
    assert all(second >= first for first, second in drawn)
    assert set(drawn) == {(4, 4), (4, 8), (4, 12), (8, 8), (8, 12), (12, 12)}
