"""Rounds of the contest: what is trained and judged on which split, and that many trainings say nothing."""

import functools
import logging

import numpy as np
import pytest
from sklearn.metrics import f1_score
from stand_ins import one_by_one
from toy_data import sines

from tsnas.search import rounds as module
from tsnas.search.rounds import Rounds, Score, short_scores
from tsnas.space.architecture import Architecture, TimeReduce
from tsnas.workers.pool import Workers
from tsnas.workers.process import run_call

NET = Architecture(32, 3, 3, (TimeReduce(3, 4),))


@pytest.mark.long
def test_tensorflow_says_nothing_of_many_networks_in_between():
    x, y = sines(40)
    split = (x[:20, ..., None], y[:20]), (x[20:, ..., None], y[20:])
    heard = []
    handler = logging.Handler()
    handler.emit = lambda record: heard.append(record.getMessage())
    logging.getLogger("tensorflow").addHandler(handler)
    try:
        for filters in (4, 8, 12, 16, 20, 24):
            short_scores(Architecture(32, 3, 3, (TimeReduce(3, filters),)), [split], [0], 40, 8, seed=0)
    finally:
        logging.getLogger("tensorflow").removeHandler(handler)
    assert not heard


def test_a_short_training_is_scored_by_macro_f1_and_cross_entropy():
    x, y = sines(40)
    split = (x[:20, ..., None], y[:20]), (x[20:, ..., None], y[20:])
    (score,) = short_scores(NET, [split], [0], steps=1, batch_size=8, seed=0)
    assert score.macro_f1 == pytest.approx(f1_score(y[20:], score.predicted, average="macro", zero_division=0))
    assert 0.3 < score.loss < 5
    assert score.seconds_per_epoch > 0


@pytest.mark.parametrize(
    ("count", "batch_size", "steps", "per_epoch", "epochs"),
    [(40, 16, 200, 17, 12), (5, 16, 200, 16, 13), (16, 16, 3, 1, 3), (300, 16, 300, 18, 16), (16, 8, 30, 10, 3)],
)
def test_epochs_of_a_short_training_pass_over_few_windows_several_times(
    count, batch_size, steps, per_epoch, epochs, monkeypatch
):
    asked = {}

    class Training:
        model = staticmethod(lambda windows, training: np.full((len(windows), 2), 0.5))

        def run(self, x, y, *, epochs, batch_size, sample_weight, **_):
            np.testing.assert_array_equal(x[:].ravel(), y)
            np.testing.assert_array_equal(sample_weight, 2.0 * y)
            asked.update(epochs=epochs, per_epoch=len(x) // batch_size, times=len(x) / count)
            return {"loss": [0.0] * epochs}

    seconds = iter([0.0, 30.0])
    monkeypatch.setattr(module.clock, "monotonic", lambda: next(seconds))
    rows = np.arange(count)
    data = rows[:, np.newaxis, np.newaxis, np.newaxis].astype(np.float32), rows, 2.0 * rows
    score = module._score(Training(), (data, (data[0][:4], rows[:4] % 2)), steps, batch_size, seed=0)
    assert (asked["per_epoch"], asked["epochs"]) == (per_epoch, epochs)
    assert score.seconds_per_epoch == pytest.approx(30 / (epochs * asked["times"]))


def windows_of(split, count):
    return (np.full((4, 32, 3, 1), split, np.float32), None), (np.zeros((count, 32, 3, 1)), np.arange(count) % 2)


@pytest.mark.parametrize(
    ("sizes", "first", "second"),
    [
        ([4], [(0, "first")], [(0, "second")]),
        ([4, 4], [(0, "first")], [(1, "second")]),
        ([2, 3, 4], [(0, "first")], [(1, "first"), (2, "first")]),
    ],
)
def test_each_round_has_its_splits_and_its_steps(sizes, first, second, monkeypatch):
    asked = []
    names = {module.FIRST_STEPS: "first", module.SECOND_STEPS: "second"}

    def score(architecture, split, steps, *_):
        asked.append((int(split[0][0][0, 0, 0, 0]), names[steps]))
        return Score(0.5, float(len(asked)), 0.1 * len(asked), np.zeros(len(split[1][1]), int))

    monkeypatch.setattr(module, "short_scores", one_by_one(score))
    rounds = Rounds([windows_of(index, size) for index, size in enumerate(sizes)], batch_size=4, seed=0)
    (one,) = rounds.first([NET])
    assert asked == first
    asked.clear()
    (other,) = rounds.second([NET])
    assert asked == second
    assert other.seconds_per_epoch == len(second)
    assert other.loss == pytest.approx(np.mean([0.1, 0.2][: len(second)]))
    if len(second) > 1:
        codes = np.concatenate([rounds.splits[index][1][1] for index in (1, 2)])
        assert other.macro_f1 == pytest.approx(f1_score(codes, np.zeros(len(codes)), average="macro"))
    divided = rounds.divided(one.predicted, other.predicted)
    assert {index: len(codes) for index, codes in divided.items()} == dict(enumerate(sizes))


def test_scores_are_those_of_scikit_learn_with_weights(eager):
    """So are those of several splits, which are joined."""
    x, y = sines(24)
    weights = np.linspace(0.1, 3, 24)
    data = [(x[place, ..., None], y[place], weights[place]) for place in (slice(12), slice(12, 18), slice(18, 24))]
    splits = [(data[0], data[0]), (data[0], data[1]), (data[0], data[2])]
    rounds = Rounds(splits, batch_size=12, seed=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "FIRST_STEPS", 1)
        patch.setattr(module, "LEAST_EPOCHS", 1)
        (found,) = rounds.second([NET])
    expected = f1_score(y[12:], found.predicted, average="macro", zero_division=0, sample_weight=weights[12:])
    assert found.macro_f1 == pytest.approx(expected)
    unweighted = f1_score(y[12:], found.predicted, average="macro", zero_division=0)
    assert found.macro_f1 != pytest.approx(unweighted)


def test_no_further_split_is_judged_when_time_is_over(monkeypatch, turned):
    def score(architecture, split, *_):
        turned.turn(10.0)
        return Score(0.5, 1.0, 0.1, np.arange(len(split[1][1])) % 2)

    monkeypatch.setattr(module, "short_scores", one_by_one(score))
    rounds = Rounds([windows_of(index, 2 + index) for index in range(5)], batch_size=4, seed=0)
    for seconds, judged in [(0.0, 1), (15.0, 2), (99.0, 4)]:
        (found,) = rounds.second([NET], turned.seconds + seconds)
        assert found.macro_f1 == pytest.approx(1.0 if judged > 1 else 0.5)
        assert list(rounds.divided(None, found.predicted)) == list(range(1, 1 + judged))


@pytest.mark.long
def test_another_process_gives_the_same_scores():
    """In tests, this process has one thread too."""
    x, y = sines(40)
    split = (x[:20, ..., None], y[:20]), (x[20:, ..., None], y[20:])
    nets = [NET, Architecture(32, 3, 3, (TimeReduce(5, 8),))]
    with Workers(2) as workers:
        there = workers.run([functools.partial(short_scores, net, [split], [0], 1, 8, 0) for net in nets])
    for net, (score,) in zip(nets, there, strict=True):
        (here,) = short_scores(net, [split], [0], steps=1, batch_size=8, seed=0)
        assert (score.macro_f1, score.loss) == (here.macro_f1, here.loss)
        np.testing.assert_array_equal(score.predicted, here.predicted)


def test_a_graph_that_an_earlier_call_has_made_gives_the_same_scores():
    x, y = sines(40)
    splits = [(((x[own::2])[..., None], y[own::2]), (x[1 - own :: 2][..., None], y[1 - own :: 2])) for own in range(2)]

    def scored(index):
        (score,) = short_scores(NET, splits, [index], steps=40, batch_size=8, seed=0)
        return score.loss, score.levels.tolist()

    fresh = [scored(index) for index in range(2)]
    assert [run_call(functools.partial(scored, index)) for index in range(2)] == fresh
