"""Comparison with plain models: which windows are compared, and when nothing is."""

import dataclasses
import json
import pickle

import numpy as np
import pytest
from stand_ins import one_by_one
from toy_data import QUICK_RANDOM, sines

import tsnas
from tsnas.job import comparison, selection
from tsnas.job.budget import Budget
from tsnas.job.checkpoints import Checkpoints
from tsnas.job.comparison import fit_rivals
from tsnas.job.inputs import checked
from tsnas.job.preparation import prepare
from tsnas.search.rounds import Score

X, Y = sines(90)
USERS = np.arange(90) // 9
NOTHING = Checkpoints(None)


def job_of(validation=False, groups=None, **changes):
    clf = tsnas.AutoClassifier(**({"seed": 0, "verbose": 1} | changes))
    if validation:
        return checked(clf, X[:60], Y[:60], validation_data=(X[60:], Y[60:]))
    return checked(clf, X, Y, groups)


def judged_on(data, *splits):
    """What a network that is always right predicted for the validation windows of splits."""
    return {split: data.splits[split][1][1] for split in splits}


@pytest.fixture
def instant(monkeypatch):
    """Plain models predict class 1, and it is noted what for."""
    seen = []

    def predicted(x, codes, x_val, seed, weights):
        seen.append((x, codes, x_val))
        return {"forest": np.full(len(x_val), 1), "ridge": np.full(len(x_val), 1)}

    monkeypatch.setattr(comparison, "plain_predictions", predicted)
    return seen


@pytest.mark.usefixtures("many_splits")
@pytest.mark.parametrize(
    ("groups", "rounds", "compared"),
    [
        (None, (0,), (0,)),
        (None, (0, 1), (1,)),
        (None, (0, 1, 2), (0, 1, 2)),
        (USERS, (0,), (0,)),
        (USERS, (0, 1), (0, 1)),
    ],
)
def test_the_windows_are_those_that_the_network_was_judged_on(groups, rounds, compared, instant):
    job = job_of(groups=groups)
    data = prepare(job, 0)
    rivals = fit_rivals(job, data, judged_on(data, *rounds), NOTHING, Budget(None))
    windows, labels = data.everything
    assert set(rivals.predicted) == {"forest", "ridge"}
    assert len(instant) == len(compared)
    for split, (x, codes, x_val) in zip(compared, instant, strict=True):
        train, val = data.rows[split]
        np.testing.assert_array_equal(x[:], windows[train])
        np.testing.assert_array_equal(codes, labels[train])
        np.testing.assert_array_equal(x_val, windows[val][..., 0])
        assert groups is None or not set(USERS[train]) & set(USERS[val])
    rows = np.concatenate([data.rows[split][1] for split in compared])
    for codes in (rivals.codes, rivals.network):
        np.testing.assert_array_equal(codes, labels[rows])
    assert all(len(predicted) == len(rows) for predicted in rivals.predicted.values())
    if groups is None:
        assert rivals.groups is None
    else:
        np.testing.assert_array_equal(rivals.groups, USERS[rows])


def test_of_many_validation_windows_the_same_are_drawn_for_all(instant, monkeypatch):
    monkeypatch.setattr(comparison, "MOST_WINDOWS", 9)
    job = job_of()
    data = prepare(job, 0)
    rivals = fit_rivals(job, data, judged_on(data, 0), NOTHING, Budget(None))
    assert len(rivals.predicted["ridge"]) == len(rivals.codes) == len(instant[0][2]) == 9
    np.testing.assert_array_equal(rivals.network, rivals.codes)


def test_given_validation_windows_judge_the_finished_model(instant, capsys):
    job = job_of(validation=True)
    data = prepare(job, 0)
    rivals = fit_rivals(job, data, {}, NOTHING, Budget(None))
    assert rivals.network is None

    @dataclasses.dataclass
    class Finished:
        seed: int = 0
        plain_scores: dict | None = None
        data_summary: dict | None = None
        estimate: None = None

        def predict_proba(self, x):
            np.testing.assert_array_equal(x, X[60:])
            return np.eye(3)[Y[60:]]

    plain = comparison.compared(Finished(), rivals, job).plain_scores
    assert plain["model"] == {"accuracy": 1.0, "macro_f1": 1.0}
    assert plain["judged"] == "int8"
    assert plain["ridge"]["ahead"] < 0
    lines = capsys.readouterr().out.splitlines()[1:]  # The first one is about axes.
    assert lines[0].startswith("plain models: On 30 validation windows, the int8 model reaches a macro-F1 of")
    assert len(lines) > 1
    assert max(map(len, lines)) <= 80


def test_without_a_network_to_compare_with_nothing_is_fitted(instant, capsys):
    job = job_of()
    assert fit_rivals(job, prepare(job, 0), {}, NOTHING, Budget(None)) is None
    job = job_of(validation=True, plain_rivals=False)
    assert fit_rivals(job, prepare(job, 0), {}, NOTHING, Budget(None)) is None
    assert not instant
    assert "plain" not in capsys.readouterr().out


def test_no_time_is_said_and_nothing_fitted(instant, capsys, turned):
    job = job_of()
    data = prepare(job, 0)
    budget = Budget(1)
    assert fit_rivals(job, data, judged_on(data, 0), NOTHING, budget) is not None
    turned.turn(50)
    assert fit_rivals(job, data, judged_on(data, 0), NOTHING, budget) is None
    assert "plain models: left out, since max_minutes leaves too little time" in capsys.readouterr().out
    assert not instant


def test_predictions_are_kept_for_the_next_run(instant, tmp_path):
    job = job_of()
    data = prepare(job, 0)
    runs = [fit_rivals(job, data, judged_on(data, 0), job.checkpoints(tmp_path), Budget(None)) for _ in range(2)]
    for name, predicted in runs[0].predicted.items():
        np.testing.assert_array_equal(runs[1].predicted[name], predicted)
    kept = fit_rivals(job, data, judged_on(data, 0), job.checkpoints(tmp_path), Budget(None))
    assert list(kept.predicted) == ["forest", "ridge"]
    for name, predicted in runs[0].predicted.items():
        np.testing.assert_array_equal(kept.predicted[name], predicted)
    assert len(instant) == 2


@pytest.fixture
def untried(monkeypatch, untrained):
    """Finalists are not trained: in each round they predict the same, half of it right."""

    def guessed(architecture, split, *_):
        return Score(0.5, 0.1, predicted=split[1][1] * (np.arange(len(split[1][1])) % 2))

    monkeypatch.setattr("tsnas.search.rounds.short_scores", one_by_one(guessed))
    monkeypatch.setattr("tsnas.plain.rivals.TREES", 20)


SHORT = QUICK_RANDOM | {"finalists": 2}


@pytest.mark.usefixtures("many_splits")
def test_a_job_compares_its_network_and_a_resumed_one_ends_alike(untried, tmp_path, monkeypatch, capsys):
    whole = tsnas.AutoClassifier(**SHORT | {"verbose": 1}).fit(X, Y, groups=USERS)
    plain = whole.plain_scores_
    assert 0.5 < plain["model"]["accuracy"] < 0.8
    assert plain["ridge"]["macro_f1"] > 0.9
    assert (plain["judged"], plain["windows"], plain["groups"]) == ("contest", 90, 10)
    said = " ".join(capsys.readouterr().out.split())
    assert "plain models: On 90 validation windows, the network after brief training reaches" in said
    assert "The network is behind the " in said

    def killed(*_):
        raise KeyboardInterrupt

    resumable = tsnas.AutoClassifier(**SHORT, directory=tmp_path / "phases")
    with monkeypatch.context() as patch:
        patch.setattr("tsnas.job.pipeline.train", killed)
        with pytest.raises(KeyboardInterrupt):
            resumable.fit(X, Y, groups=USERS)
    monkeypatch.setattr("tsnas.job.selection.contest", killed)
    resumable.fit(X, Y, groups=USERS)
    assert resumable.plain_scores_ == plain
    assert not (tmp_path / "phases").exists()


def test_scores_are_saved_pickled_and_reported(untried, tmp_path):
    clf = tsnas.AutoClassifier(**SHORT).fit(X[:60], Y[:60], validation_data=(X[60:], Y[60:]))
    plain = clf.plain_scores_
    assert plain["judged"] == "int8"
    assert plain["model"]["accuracy"] == pytest.approx(clf.score(X[60:], Y[60:]))
    clf.save(tmp_path)
    assert tsnas.load(tmp_path).plain_scores_ == pickle.loads(pickle.dumps(clf)).plain_scores_ == plain
    clf.report(tmp_path)
    facts = json.loads((tmp_path / "report.json").read_text())
    assert facts["plain"].items() > plain.items()
    assert facts["plain"]["behind"] == (facts["plain"]["advice"] is not None)


@pytest.mark.long
def test_without_plain_models_the_model_is_the_same_and_nothing_is_said(untried, capsys, tmp_path):
    on = tsnas.AutoClassifier(**SHORT).fit(X, Y)
    off = tsnas.AutoClassifier(**SHORT | {"verbose": 1}, plain_rivals=False).fit(X, Y)
    assert off.plain_scores_ is None
    assert on.plain_scores_ is not None
    assert off.architecture_ == on.architecture_
    assert off.tflite_model_ == on.tflite_model_
    assert "plain" not in capsys.readouterr().out
    off.report(tmp_path)
    assert json.loads((tmp_path / "report.json").read_text())["plain"] is None
    assert "lain model" not in (tmp_path / "report.html").read_text() + (tmp_path / "MODEL_CARD.md").read_text()


def test_a_smaller_network_than_the_judged_one_is_not_compared(untried, monkeypatch):
    real = selection.dry_run
    monkeypatch.setattr(selection, "dry_run", lambda *a: dataclasses.replace(real(*a)))
    assert tsnas.AutoClassifier(**SHORT).fit(X, Y).plain_scores_ is None
