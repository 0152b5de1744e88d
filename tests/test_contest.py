"""The contest keeps the network that can learn the task, not the one that stands first."""

import numpy as np
from toy_data import sines

from tsnas.contest import Outcome, contest
from tsnas.cost.estimate import estimate_graph
from tsnas.search.derive import Derived
from tsnas.space.architecture import Architecture, SensorFusion, TimeReduce


def finalist(*cells):
    net = Architecture(32, 3, 3, cells)
    return Derived(net, estimate_graph(net.graph(), "nucleo_f446re"), 0.0)


def test_the_best_on_validation_windows_wins(capsys):
    # Frequencies cannot be told apart by single samples: without a filter in time a network is near chance.
    blind = finalist(SensorFusion(8, (), 0, True, 2))
    able = finalist(TimeReduce(7, 8), SensorFusion(16, (5,), 16, False, 1))
    x, y = sines(120)
    data = (x[:90, ..., None], y[:90]), (x[90:, ..., None], y[90:])
    outcome = contest([blind, able], [data], batch_size=16, seed=0, verbose=2)
    assert outcome.winner == able
    for scores in (outcome.macro_f1, outcome.second_macro_f1):  # by place, a list and a dict
        assert scores[1] > 0.9 > scores[0] + 0.2
    assert 0 < outcome.seconds_per_epoch < 60
    assert list(outcome.history()) == ["latency_ms", "macro_f1", "second_round", "second_macro_f1"]
    assert "contest 2/2, 300 steps: macro-F1" in capsys.readouterr().out


def test_a_single_finalist_is_not_trained():
    alone = finalist(TimeReduce(3, 4))
    assert contest([alone], [], 16, 0) == Outcome(alone)


def test_no_further_finalist_is_trained_when_time_is_over():
    able = finalist(TimeReduce(7, 8), SensorFusion(8, (5,), 8, False, 1))
    other = finalist(TimeReduce(5, 8), SensorFusion(8, (5,), 8, False, 1))
    x, y = sines(60)
    data = (x[:45, ..., None], y[:45]), (x[45:, ..., None], y[45:])
    outcome = contest([able, other], [data], batch_size=16, seed=0, max_seconds=0.0)
    assert outcome.winner == able
    assert len(outcome.macro_f1) == 1


def test_the_second_round_counts(monkeypatch):
    """Scores by number: the second round turns the order of the best two, and the others are not in it."""
    nets = [finalist(TimeReduce(7, 4 * width), SensorFusion(8, (5,), 8, False, 1)) for width in range(1, 5)] * 2
    first, second = [0.5, 0.9, 0.8, 0.1, 0.2, 0.3, 0.4, 0.6], {1: 0.5, 2: 0.7}
    calls = []

    def trained(model, x, y, epochs, **_):
        calls.append((x[0, 0, 0, 0], epochs))

    monkeypatch.setattr("tsnas.contest.train_float", trained)
    monkeypatch.setattr("tsnas.contest.f1_score", lambda *_, **__: scores.pop(0))
    scores = [*first, second[1], second[2]]
    x = np.zeros((100, 32, 3, 1), np.float32)
    splits = [((x, None), (x[:1], None)), ((x + 1, None), (x[:1], None))]
    outcome = contest(nets, splits, batch_size=10, seed=0)
    assert outcome.winner == nets[2]
    assert outcome.macro_f1 == first
    assert outcome.second_macro_f1 == second
    assert calls == [(0, 30)] * 8 + [(1, 100)] * 2
