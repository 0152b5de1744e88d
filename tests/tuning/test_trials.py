"""Trials of an oracle: the same for a seed, each once, nothing on disk, in this process whatever is set around it."""

import os

import pytest
from grid import SIDE, tried

from tsnas.outer.signal_search import RandomSignals


@pytest.mark.parametrize("seed", [0, 1])
def test_a_seed_draws_the_same_trials_each_once(seed):
    first = tried(RandomSignals, 7, seed)
    assert len(first) == len(set(first)) == 7
    assert tried(RandomSignals, 7, seed) == first


def test_seeds_differ():
    assert len({tuple(tried(RandomSignals, 5, seed)) for seed in range(3)}) == 3


def test_all_of_a_small_space_is_tried():
    assert len(set(tried(RandomSignals, SIDE**2 + 5))) == SIDE**2


def test_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert len(tried(RandomSignals, 3)) == 3
    assert not os.listdir()


def test_an_error_of_a_trial_is_raised_as_it_is():
    with pytest.raises(ZeroDivisionError):
        tried(RandomSignals, 3, score=lambda row, column: 1 / 0)


def test_variables_of_other_programs_with_keras_tuner_do_not_matter(monkeypatch):
    for name, value in (("ORACLE_IP", "127.0.0.1"), ("ORACLE_PORT", "1"), ("TUNER_ID", "chief")):
        monkeypatch.setenv(f"KERASTUNER_{name}", value)
    assert len(tried(RandomSignals, 3)) == 3
