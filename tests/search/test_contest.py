"""The contest keeps the network that can learn the task, not the one that stands first."""

import contextlib
import itertools

import numpy as np
import pytest
from sklearn.metrics import f1_score
from stand_ins import one_by_one
from toy_data import sines

from tsnas.cost.estimate import estimate_graph
from tsnas.search import rounds as module
from tsnas.search.contest import Outcome, completed, considered, contest
from tsnas.search.derive import Candidate
from tsnas.search.rounds import Rounds, Score
from tsnas.space.architecture import Architecture, SensorFusion, TimeReduce


def finalist(*cells):
    net = Architecture(32, 3, 3, cells)
    return Candidate(net, estimate_graph(net.graph(), "nucleo_f446re"))


def test_the_best_on_validation_windows_wins(capsys, monkeypatch):
    monkeypatch.setattr(module, "FIRST_STEPS", 120)
    monkeypatch.setattr(module, "SECOND_STEPS", 200)
    # A second goes by from one look at the clock to the next: a training takes one.
    monkeypatch.setattr("tsnas.system.clock.monotonic", itertools.count().__next__)
    # Frequencies cannot be told apart by single samples: without a filter in time a network is near chance.
    blind = finalist(SensorFusion(8, (), 0, True, 2))
    able = finalist(TimeReduce(7, 8), SensorFusion(16, (5,), 16, False, 1))
    x, y = sines(120)
    data = (x[:90, ..., None], y[:90]), (x[90:, ..., None], y[90:])
    outcome = contest([blind, able], Rounds([data], batch_size=16, seed=0), verbose=2)
    assert outcome.winner == able
    for scores in (outcome.macro_f1, outcome.second_macro_f1):  # by place, a list and a dict
        assert scores[1] > 0.9 > scores[0] + 0.2
    assert list(outcome.predicted) == [0]
    assert f1_score(y[90:], outcome.predicted[0], average="macro") == pytest.approx(outcome.second_macro_f1[1])
    # The shortest trainings have 22 epochs, 120 steps of 16 of 90 windows, or fewer once they make no mistakes.
    assert 1 / 22 <= outcome.seconds_per_epoch <= 1 / 10
    keys = ["latency_ms", "use", "macro_f1", "second_round", "second_macro_f1", "left_out", "winner"]
    assert list(outcome.history()) == keys
    assert outcome.history()["winner"] == [1.0]
    assert "contest 2/2, 120 steps: macro-F1" in capsys.readouterr().out


def test_a_single_finalist_is_not_trained():
    alone = finalist(TimeReduce(3, 4))
    assert contest([alone], Rounds([], 16, 0)) == Outcome(alone)


def test_no_further_finalist_is_trained_when_time_is_over(monkeypatch, eager):
    monkeypatch.setattr(module, "FIRST_STEPS", 1)
    able = finalist(TimeReduce(7, 8), SensorFusion(8, (5,), 8, False, 1))
    other = finalist(TimeReduce(5, 8), SensorFusion(8, (5,), 8, False, 1))
    x, y = sines(60)
    data = (x[:45, ..., None], y[:45]), (x[45:, ..., None], y[45:])
    outcome = contest([able, other], Rounds([data], batch_size=16, seed=0), max_seconds=0.0)
    assert outcome.winner == able
    assert len(outcome.macro_f1) == 1


@pytest.fixture
def scored(monkeypatch, turned):
    """Sets the scores of all trainings in their order; returns (first value of the windows, epochs) of each.

    Each of them takes 10 s.
    """
    calls = []

    class Training:
        @staticmethod
        def model(windows, training):
            return np.full((len(windows), 3), 1 / 3)

        def run(self, x, y, epochs, **_):
            calls.append((x[:1].item(0), epochs))
            turned.turn(10.0)
            return {"loss": [1.0] * epochs}

    def given(scores):
        left = list(scores)
        monkeypatch.setattr("tsnas.search.rounds.f1_score", lambda *_, **__: left.pop(0))
        return calls

    monkeypatch.setattr("tsnas.search.rounds.training_of", lambda *_: contextlib.nullcontext(Training()))
    return given


X = np.zeros((100, 32, 3, 1), np.float32)
NO_LABELS = np.zeros(100, int)
ROUNDS = Rounds([((X + own, NO_LABELS), (X[:1], NO_LABELS[:1])) for own in range(2)], batch_size=10, seed=0)


def test_the_second_round_counts(scored):
    """The second round turns the order of the best two, and the others are not in it."""
    nets = [finalist(TimeReduce(7, 4 * width), SensorFusion(8, (5,), 8, False, 1)) for width in range(1, 5)] * 2
    first, second = [0.5, 0.9, 0.8, 0.1, 0.2, 0.3, 0.4, 0.6], {1: 0.5, 2: 0.7}
    calls = scored([*first, second[1], second[2]])
    outcome = contest(nets, ROUNDS)
    assert outcome.winner == nets[2]
    assert outcome.macro_f1 == first
    assert outcome.second_macro_f1 == second
    # An epoch of 100 windows in batches of 10 passes over them twice.
    assert calls == [(0, 15)] * 8 + [(1, 30)] * 2


NETS = [finalist(TimeReduce(7, 4 * width), SensorFusion(8, (5,), 8, False, 1)) for width in range(1, 5)]


@pytest.mark.parametrize(
    ("max_seconds", "first", "second"),
    [(25.0, 3, 0), (40.0, 4, 0), (45.0, 4, 1), pytest.param(99.0, 4, 2, marks=pytest.mark.long)],
)
def test_rounds_end_with_the_training_that_time_runs_out_in(scored, max_seconds, first, second):
    scored([0.5, 0.9, 0.8, 0.1, 0.5, 0.7])
    outcome = contest(NETS, ROUNDS, max_seconds=max_seconds)
    assert (len(outcome.macro_f1), len(outcome.second_macro_f1)) == (first, second)
    assert outcome.winner == NETS[2 if second == 2 else 1]
    # The shortest of the trainings has 30 epochs.
    assert outcome.seconds_per_epoch == 10.0 / 30


@pytest.mark.parametrize(
    ("max_seconds", "told"),
    [
        (25.0, "contest: max_minutes left time to train 3 of 4 finalists, and 0 of 2 a second time\n"),
        (45.0, "contest: max_minutes left time to train 4 of 4 finalists, and 1 of 2 a second time\n"),
        (99.0, ""),
    ],
)
def test_a_contest_that_time_cuts_short_says_so(scored, capsys, max_seconds, told):
    for verbose in (1, 0):
        scored([0.5, 0.9, 0.8, 0.1, 0.5, 0.7])
        contest(NETS, ROUNDS, max_seconds=max_seconds, verbose=verbose)
        assert capsys.readouterr().out == told * verbose


def split_scores(monkeypatch, predictions, losses):
    """Sets what a finalist, by its place, predicts for the validation windows of a split, and its loss on them."""
    asked = []

    def score(architecture, split, steps, *_):
        place, index = NETS.index(finalist(*architecture.cells)), int(split[0][0][0, 0, 0, 0])
        asked.append((place, index, steps))
        predicted = np.array(predictions[place][index])
        return Score(f1_score(split[1][1], predicted, average="macro"), 1.0, losses[place][index], predicted)

    monkeypatch.setattr(module, "short_scores", one_by_one(score))
    return asked


def test_the_best_of_few_windows_is_trained_on_all_further_splits(monkeypatch):
    codes = [[0, 1], [1, 1, 0], [0, 0, 1]]
    rounds = Rounds([((X + own, None), (X[:3], np.array(codes[own]))) for own in range(3)], batch_size=10, seed=0)
    predictions = [[[0, 1], [1, 0, 0], [0, 0, 1]], [[0, 1], [1, 1, 0], [0, 1, 0]], [[1, 0], [1, 1, 0], [0, 0, 1]]]
    asked = split_scores(monkeypatch, predictions, np.zeros((3, 3)))
    outcome = contest(NETS[:3], rounds)
    assert [one for one in asked if one[2] == module.FIRST_STEPS and not one[1]] == [
        (place, 0, module.FIRST_STEPS) for place in range(3)
    ]
    assert asked[3:] == [(0, index, module.FIRST_STEPS) for index in (1, 2)]
    expected = f1_score(codes[1] + codes[2], predictions[0][1] + predictions[0][2], average="macro")
    assert outcome.second_macro_f1 == {0: pytest.approx(expected)}
    assert outcome.winner == NETS[0]
    assert {index: list(predicted) for index, predicted in outcome.predicted.items()} == dict(enumerate(predictions[0]))


def test_one_of_few_windows_is_judged_on_all_splits(monkeypatch, capsys):
    codes, predictions = [[0, 1], [1, 1, 0], [0, 0, 1]], [[0, 0], [1, 0, 0], [0, 1, 1]]
    rounds = Rounds([((X + own, None), (X[:3], np.array(codes[own]))) for own in range(3)], batch_size=10, seed=0)
    asked = split_scores(monkeypatch, [predictions], np.zeros((1, 3)))
    outcome = contest(NETS[:1], rounds, use=[0.95], verbose=2)
    assert asked == [(0, index, module.LONE_STEPS) for index in range(3)]
    macro_f1 = f1_score(np.concatenate(codes), np.concatenate(predictions), average="macro")
    assert outcome.macro_f1 == [pytest.approx(macro_f1)]
    assert {index: list(predicted) for index, predicted in outcome.predicted.items()} == dict(enumerate(predictions))
    history = outcome.history()
    assert (history["winner"], history["use"], history["second_macro_f1"]) == ([0.0], [0.95], [])
    assert f"contest 1/1, 3 x 200 steps: macro-F1 {macro_f1:.3f}" in capsys.readouterr().out


def test_one_of_few_windows_is_judged_on_the_splits_that_there_is_time_for(monkeypatch, capsys):
    codes = [[0, 1], [1, 1, 0], [0, 0, 1]]
    rounds = Rounds([((X + own, None), (X[:3], np.array(codes[own]))) for own in range(3)], batch_size=10, seed=0)
    asked = split_scores(monkeypatch, [codes], np.zeros((1, 3)))
    outcome = contest(NETS[:1], rounds, max_seconds=0.0, verbose=1)
    assert asked == [(0, 0, module.LONE_STEPS)]
    assert list(outcome.predicted) == [0]
    assert "contest: max_minutes left time to judge it on 1 of 3 splits" in capsys.readouterr().out


def test_of_few_windows_the_best_of_the_first_split_alone_is_judged_on_the_others(monkeypatch):
    codes = [[0, 1], [1, 1, 0], [0, 0, 1]]
    rounds = Rounds([((X + own, None), (X[:3], np.array(codes[own]))) for own in range(3)], batch_size=10, seed=0)
    ahead, behind = [[0, 1], [0, 0, 0], [0, 1, 1]], [[0, 0], codes[1], codes[2]]
    asked = split_scores(monkeypatch, [behind, ahead, behind], np.zeros((3, 3)))
    outcome = contest(NETS[:3], rounds)
    assert asked[3:] == [(1, index, module.FIRST_STEPS) for index in (1, 2)]
    assert outcome.winner == NETS[1]
    assert list(outcome.second_macro_f1) == [1]
    assert {index: list(predicted) for index, predicted in outcome.predicted.items()} == dict(enumerate(ahead))


def test_the_score_on_all_splits_is_that_of_their_windows_together():
    codes = [[0, 1], [1, 1, 0], [0, 0, 1, 1]]
    predicted = [[0, 0], [1, 0, 0], [0, 1, 1, 1]]
    weights = [np.arange(1.0, 1 + len(own)) for own in codes]
    for weighted in (False, True):
        judges = [
            (X[: len(own)], np.array(own), *([w] if weighted else [])) for own, w in zip(codes, weights, strict=True)
        ]
        rounds = Rounds([((X, None), own) for own in judges], batch_size=10, seed=0)
        seconds, losses = (1.0, 2.0, 1.5), (0.1, 0.7, 0.4)
        scores = map(Score, (0.0, 0.0, 0.0), seconds, losses, map(np.array, predicted))
        found = rounds._joined(dict(enumerate(scores)))
        expected = f1_score(
            np.concatenate(codes),
            np.concatenate(predicted),
            average="macro",
            sample_weight=np.concatenate(weights) if weighted else None,
        )
        assert found.macro_f1 == pytest.approx(expected)
        assert found.loss == pytest.approx(0.4)
        assert found.seconds_per_epoch == 2.0


@pytest.mark.parametrize("better", [0, 1, 2])
def test_of_equal_scores_the_smaller_loss_decides(monkeypatch, better):
    """Four windows give the same score to most networks."""
    rounds = Rounds([((X, None), (X[:2], np.array([0, 1])))], batch_size=10, seed=0)
    losses = [[0.1 if place == better else 0.2] for place in range(3)]
    split_scores(monkeypatch, [[[0, 1]]] * 3, losses)
    outcome = contest(NETS[:3], rounds)
    assert outcome.winner == NETS[better]
    assert better in outcome.second_macro_f1


def test_those_that_use_the_limits_well_are_judged_alone(scored):
    scored([0.90, 0.89, 0.92, 0.88, 0.80, 0.81])
    outcome = contest(NETS, ROUNDS, use=[0.5, 0.9, 0.7, 0.95])
    assert outcome.second_macro_f1 == {1: 0.80, 3: 0.81}
    assert outcome.winner == NETS[1]
    assert outcome.use == [0.5, 0.9, 0.7, 0.95]
    assert outcome.history()["winner"] == [1.0]
    assert outcome.left_out == [0, 2]
    assert outcome.history()["left_out"] == [0.0, 2.0]


def test_one_that_is_left_alone_wins_without_a_second_round(scored, capsys):
    calls = scored([0.90, 0.89, 0.70, 0.88])
    outcome = contest(NETS, ROUNDS, use=[0.5, 0.9, 0.7, 0.6], verbose=1)
    assert (outcome.winner, outcome.second_macro_f1, len(calls)) == (NETS[1], {}, 4)
    assert "4/4" in capsys.readouterr().err


def test_a_larger_network_that_is_clearly_worse_does_not_win():
    assert considered([0.9, 0.93, 0.80, 0.92], [0.5, 0.6, 0.99, 0.89]) == [1, 3, 0, 2]
    assert considered([0.9, 0.93, 0.80, 0.92], [0.91, 0.6, 0.99, 0.89]) == [0, 2]
    assert considered([0.9, 0.9], [0.1, 0.2]) == [0, 1]


def test_what_an_earlier_version_stored_is_completed():
    """A contest without `left_out` has it now, and one of a single round that names no winner has one."""
    use, first = [0.5, 0.9, 0.7, 0.95], [0.90, 0.89, 0.92, 0.88]
    outcome = Outcome(NETS[1], 1, [1.0, 2.0, 1.5, 2.1], use, first, {1: 0.80, 3: 0.79}, left_out=[0, 2])
    before = {name: values for name, values in outcome.history().items() if name != "left_out"}
    assert completed(before) == outcome.history()
    assert completed(outcome.history()) == outcome.history()
    first_version = {"latency_ms": [1.0, 2.0, 3.0], "macro_f1": [0.5, 0.7, 0.7]}
    assert completed(first_version) == first_version | {
        "second_round": [],
        "second_macro_f1": [],
        "left_out": [],
        "winner": [1.0],
    }
    assert completed({"latency_ms": [], "use": [], "macro_f1": []})["winner"] == []
