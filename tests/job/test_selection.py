"""Who is in the contest depends on how much the validation windows can tell."""

import dataclasses

import numpy as np
import pytest

import tsnas
from tests.job.test_settings import DEFAULTS
from tsnas.job.selection import finalist_count


class DrawnError(Exception):
    """Ends a job once its finalists are there."""


@pytest.fixture
def entrants(monkeypatch, many_splits):
    """Function of a number of windows and settings that returns the number of members of each finalist."""

    def drawn(finalists, *_):
        raise DrawnError([finalist.architecture.members for finalist in finalists])

    monkeypatch.setattr("tsnas.job.selection.contest", drawn)
    monkeypatch.setattr("tsnas.job.selection.dry_run", lambda parts, bounds, winner, *_: drawn([winner]))

    def of(windows, max_latency_ms, are_local=False, **settings):
        monkeypatch.setattr("tsnas.job.pipeline.local_or_not", lambda *_: are_local)
        x = np.random.default_rng(0).normal(size=(windows, 150, 1)).astype(np.float32)
        clf = tsnas.AutoClassifier(max_latency_ms=max_latency_ms, seed=0, verbose=0, **settings)
        with pytest.raises(DrawnError) as stopped:
            clf.fit(x, np.arange(windows) % 2)
        return stopped.value.args[0]

    return of


def test_of_few_windows_networks_of_several_members_are_drawn_alone(entrants):
    assert entrants(40, 40) == [2]
    # One network is all that there is time for.
    assert entrants(40, 1.5) == [1, 1]
    # Dilated networks have three members under loose limits, and local ones two.
    assert entrants(40, 120) == [3]
    assert entrants(40, 120, are_local=True) == [2]


def test_others_meet_in_the_contest(entrants):
    assert sorted(entrants(400, 40)) == [1, 1, 2, 2]
    assert sorted(entrants(100, 40)) == [1, 2]
    assert entrants(100, 40, are_local=True) == [2, 2]
    assert sorted(entrants(40, 40, finalists=2)) == [1, 2]
    assert len(entrants(40, 40, finalists=1)) == 1


@pytest.mark.parametrize(
    ("strategy", "finalists", "members", "splits", "alone", "count"),
    [
        ("random", None, (1, 2), 1, False, 4),
        ("random", None, (2, 2), 2, False, 6),
        ("random", None, (1, 2), 5, False, 2),
        ("random", None, (2,), 5, True, 1),
        ("random", None, (1,), 5, True, 2),
        ("random", None, (3, 2), 5, True, 2),
        ("random", 5, (2,), 5, False, 5),
        ("evolution", None, (1, 2), 5, False, 6),
        ("bayesian", None, (1, 2), 5, False, 6),
    ],
)
def test_their_number(strategy, finalists, members, splits, alone, count):
    settings = dataclasses.replace(DEFAULTS, strategy=strategy, finalists=finalists)
    assert finalist_count(settings, members, splits, alone) == count
