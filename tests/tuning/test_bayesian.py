"""Bayesian trials are distinct, follow what has done well, and are the same for a seed, also after a stop."""

import keras_tuner
import pytest

from tsnas.outer.signal_search import RandomSignals
from tsnas.tuning.bayesian import Bayesian
from tsnas.tuning.jobs import SCORE
from tsnas.tuning.tuner import search

SIDE = 6


def oracle(trials, seed=0, kind=Bayesian):
    space = keras_tuner.HyperParameters()
    for name in ("row", "column"):
        space.Choice(name, list(range(SIDE)))
    return kind(
        max_trials=trials,
        objective=keras_tuner.Objective(SCORE, "max"),
        hyperparameters=space,
        tune_new_entries=False,
        seed=seed,
    )


def tried(folder, trials, stop_after=None, **kwargs):
    """Rows and columns in the order they were tried; the best is in the last row and the last column."""
    found = []

    def run(values):
        if len(found) == stop_after:
            raise KeyboardInterrupt
        found.append((values["row"], values["column"]))
        return (values["row"] + values["column"]) / 10

    try:
        search(oracle(trials, **kwargs), run, folder)
    except KeyboardInterrupt:
        assert len(found) == stop_after
    return found


@pytest.mark.parametrize("kind", [Bayesian, RandomSignals])
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long)])
def test_a_seed_draws_the_same_trials_each_once(tmp_path, kind, seed):
    first = tried(tmp_path / "a", 7, kind=kind, seed=seed)
    assert len(first) == len(set(first)) == 7
    assert tried(tmp_path / "b", 7, kind=kind, seed=seed) == first


def test_seeds_differ(tmp_path):
    assert len({tuple(tried(tmp_path / str(seed), 5, kind=RandomSignals, seed=seed)) for seed in range(3)}) == 3


@pytest.mark.parametrize("kind", [pytest.param(Bayesian, marks=pytest.mark.long), RandomSignals])
def test_all_of_a_small_space_is_tried(tmp_path, kind):
    assert len(set(tried(tmp_path, SIDE**2, kind=kind))) == SIDE**2


def test_what_comes_after_the_random_ones_follows_what_did_well(tmp_path):
    found = tried(tmp_path, 15)
    random, chosen = found[:6], found[6:]
    assert sum(map(sum, chosen)) / len(chosen) > sum(map(sum, random)) / len(random) + 1
    assert (SIDE - 1, SIDE - 1) in chosen


@pytest.mark.parametrize("stop_after", [pytest.param(2, marks=pytest.mark.long), 5])
def test_goes_on_after_a_stop_as_if_there_had_been_none(tmp_path, stop_after):
    """The first three are random."""
    whole = tried(tmp_path / "whole", 7)
    begun = tried(tmp_path / "stopped", 7, stop_after)
    assert begun + tried(tmp_path / "stopped", 7) == whole
