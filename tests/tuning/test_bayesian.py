"""Bayesian trials are distinct, follow what has done well, and are the same for a seed."""

import pytest
from grid import SIDE, tried

from tsnas.tuning.bayesian import Bayesian


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long)])
def test_a_seed_draws_the_same_trials_each_once(seed):
    first = tried(Bayesian, 7, seed)
    assert len(first) == len(set(first)) == 7
    assert tried(Bayesian, 7, seed) == first


@pytest.mark.long
def test_all_of_a_small_space_is_tried():
    assert len(set(tried(Bayesian, SIDE**2))) == SIDE**2


@pytest.mark.long
def test_what_comes_after_the_random_ones_follows_what_did_well():
    found = tried(Bayesian, 15)
    random, chosen = found[:6], found[6:]
    assert sum(map(sum, chosen)) / len(chosen) > sum(map(sum, random)) / len(random) + 1
    assert (SIDE - 1, SIDE - 1) in chosen
