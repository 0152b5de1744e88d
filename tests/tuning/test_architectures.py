"""Oracles over architectures: all that is trained fits, what does well is tried again, and time can run out."""

import numpy as np
import pytest

from tsnas.cost.board import load_board
from tsnas.cost.limits import Limits
from tsnas.search.paths import Part, Paths
from tsnas.space.config import SpaceConfig
from tsnas.space.supernet import Supernet, build_cells
from tsnas.tuning.architectures import LONGEST, project, tune_architectures

BOARD = load_board("nucleo_f446re")
LIMITS = Limits(max_latency_ms=4)
CONFIG = SpaceConfig(time_reduce_filters=8, fusion_filters=16, kernel_sizes=(3, 5), extra_fusion_cells=0)


@pytest.fixture(scope="module")
def paths():
    supernet = Supernet(build_cells(BOARD, 32, 3, 3, CONFIG, 0), BOARD)
    return Paths(Part.of(supernet), LIMITS.on(BOARD))


def chosen(paths, rng):
    """Values as an oracle gives them."""
    return {
        f"cell_{index}/{name}": int(rng.integers(len(group.options)))
        for index, option in enumerate(paths.options)
        for name, group in option.cell.groups.items()
    }


def test_a_choice_that_fits_is_taken_as_it_is_and_any_other_is_mended(paths):
    rng = np.random.default_rng(0)
    kept = 0
    for _ in range(20):
        values = chosen(paths, rng)
        candidate = project(paths, values)
        assert candidate.estimate.latency_ms <= 4
        choices = [option.choices[index] for option, index in zip(paths.options, candidate.path, strict=True)]
        same = all(values[f"cell_{i}/{name}"] == taken for i, one in enumerate(choices) for name, taken in one.items())
        assert same == (candidate.regret == 0)
        kept += same
    assert 0 < kept < 20


def likes_many_filters(trained):
    def evaluate(architecture, units):
        trained.append((architecture, units))
        return sum(cell.filters for cell in architecture.cells) / 100

    return evaluate


@pytest.mark.parametrize(("kind", "trials"), [("bayesian", 5), ("hyperband", 8)])
def test_trains_what_fits_and_ranks_it(paths, kind, trials):
    trained = []
    found, history = tune_architectures(paths, kind, trials, likes_many_filters(trained), 0)
    assert all(candidate.estimate.latency_ms <= 4 for candidate in found)
    assert len(trained) == len(set(trained))
    assert len({candidate.architecture for candidate in found}) == len(found)
    assert len(history["macro_f1"]) == len(history["latency_ms"]) == len(history["units"])
    assert set(history["units"]) == ({1.0} if kind == "bayesian" else {1.0, 2.0, float(LONGEST)})
    longest = [architecture for architecture, units in trained if units == max(history["units"])]
    best = max(sum(cell.filters for cell in architecture.cells) for architecture in longest)
    assert sum(cell.filters for cell in found[0].architecture.cells) == best
    again = []
    tune_architectures(paths, kind, trials, likes_many_filters(again), 0)
    assert again == trained


def test_what_there_was_no_time_for_does_not_count(paths):
    trained = []
    evaluate = likes_many_filters(trained)
    found, history = tune_architectures(paths, "bayesian", 6, lambda *a: None if len(trained) == 2 else evaluate(*a), 0)
    assert len(found) == 2
    assert len(history["macro_f1"]) >= 2
