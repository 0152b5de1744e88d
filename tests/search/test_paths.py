"""Paths cost what their architectures cost, walks stay inside the limits, and neighbours differ in one decision."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsnas.cost.board import load_board
from tsnas.cost.bounds import Bounds
from tsnas.cost.estimate import estimate_graph
from tsnas.cost.limits import Limits
from tsnas.errors import InfeasibleError
from tsnas.search.derive import derive
from tsnas.search.paths import Part, Paths
from tsnas.space.config import SpaceConfig
from tsnas.space.supernet import Supernet, build_cells

BOARD = load_board("nucleo_f446re")
CONFIG = SpaceConfig(time_reduce_filters=8, fusion_filters=24, extra_fusion_cells=1, collapse=True)
NET = Supernet(build_cells(BOARD, 64, 4, 3, CONFIG), BOARD)
PART = Part.of(NET)
OPTIONS = PART.options
BOUNDS = Limits(max_latency_ms=4, max_ram_kb=6).on(BOARD)
PATHS = Paths(PART, BOUNDS)
WITH_FLASH = Paths(PART, Limits(max_latency_ms=4, max_ram_kb=6, max_flash_kb=9).on(BOARD))


def random_path(rng):
    return tuple(int(rng.integers(len(option.choices))) for option in OPTIONS)


@given(st.integers(0, 10**6))
def test_use_is_the_largest_share_of_a_limit_of_the_architecture(seed):
    path = random_path(np.random.default_rng(seed))
    architecture = NET.architecture([option.choices[index] for option, index in zip(OPTIONS, path, strict=True)])
    estimate = estimate_graph(architecture.graph(), BOARD)
    slow = max(estimate.latency_ms / 4, estimate.ram_bytes / 6144, estimate.flash_bytes / 9216)
    assert WITH_FLASH.use(path) == pytest.approx(slow, rel=1e-5)


def test_without_limits_everything_fits():
    assert Paths(PART, Bounds()).use(random_path(np.random.default_rng(0))) == 0


@given(st.integers(0, 10**6))
def test_neighbours_differ_in_one_decision_of_one_cell(seed):
    rng = np.random.default_rng(seed)
    path = random_path(rng)
    near = PATHS.neighbour(path, rng)
    (index,) = [i for i, (a, b) in enumerate(zip(path, near, strict=True)) if a != b]
    one, other = OPTIONS[index].choices[path[index]], OPTIONS[index].choices[near[index]]
    differ = [name for name in one if name in other and one[name] != other[name]]
    # A cell that takes up its middle convolution with its first branch, or comes back, decides on more at once.
    assert len(differ) <= 1
    assert one != other


def test_walks_never_leave_the_limits_and_a_drive_brings_them_near():
    paths, rng = PATHS, np.random.default_rng(0)
    start = derive(NET, BOUNDS, OPTIONS).path
    assert paths.candidate(start).architecture == derive(NET, BOUNDS, OPTIONS).architecture
    ends = {drive: [paths.walk(start, 200, rng, drive) for _ in range(12)] for drive in (0.0, 30.0)}
    used = {drive: [paths.use(path) for path in some] for drive, some in ends.items()}
    assert max(max(values) for values in used.values()) <= 1
    assert np.mean(used[30.0]) > 0.8
    assert np.mean(used[30.0]) > np.mean(used[0.0])
    assert len(set(ends[0.0])) > 6, "walks go somewhere"


def test_the_start_is_there_when_paths_are_made():
    """What the alphas preferred then, whatever they come to like; and without any path that fits there are no paths."""
    rng = np.random.default_rng(1)
    alphas = [rng.normal(size=len(group.options)) * 3 for group in NET.decision_groups()]
    for group, alpha in zip(NET.decision_groups(), alphas, strict=True):
        group.alpha.assign(alpha)
    paths = PATHS.within(BOUNDS)
    assert paths.nearest == derive(NET, BOUNDS, OPTIONS)
    for group, alpha in zip(NET.decision_groups(), alphas, strict=True):
        group.alpha.assign(-alpha)
    assert paths.start == paths.nearest.path != PATHS.within(BOUNDS).start
    with pytest.raises(InfeasibleError, match="max_latency_ms too low"):
        PATHS.within(Limits(max_latency_ms=0.01).on(BOARD))


def test_an_architecture_over_a_limit_is_none():
    largest = max((random_path(np.random.default_rng(seed)) for seed in range(50)), key=PATHS.use)
    assert PATHS.use(largest) > 1
    assert PATHS.candidate(largest) is None


def test_a_population_settles_the_decisions():
    paths = PATHS
    path = derive(NET, BOUNDS, OPTIONS).path
    paths.settle([random_path(np.random.default_rng(seed)) for seed in range(40)])
    undecided = NET.entropy()
    paths.settle([path] * 40)
    assert NET.entropy() < undecided / 2
    assert derive(NET, Bounds(), OPTIONS).path == path
    assert derive(NET, Bounds(), OPTIONS).regret == pytest.approx(0)


@given(st.integers(0, 10**6))
def test_crossed_takes_each_cell_of_one_parent(seed):
    rng = np.random.default_rng(seed)
    one, other = random_path(rng), random_path(rng)
    child = PATHS.cross(one, other, rng)
    assert all(c in (a, b) for a, b, c in zip(one, other, child, strict=True))
