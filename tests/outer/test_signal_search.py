"""The outer search finds the sensors that say something, keeps the limits, and goes on after an interruption."""

import numpy as np
import pytest
from sklearn.base import clone
from stand_ins import guessed
from toy_data import QUICK_RANDOM, sines

import tsnas
from tsnas.errors import InfeasibleError, RejectionError, SettingError
from tsnas.outer import signal_search as module
from tsnas.outer.score import Recordings, Trial
from tsnas.outer.signal_search import SignalSearch
from tsnas.search import rounds

QUICK = QUICK_RANDOM | {"epochs": 12, "spans": (32,), "channels": [(0, 1, 2), (3, 4)]}


def recordings(count=30):
    """Four windows of sines on three channels, and noise on two more; one class each."""
    x, y = sines(count * 4, seed=1)
    order = np.argsort(y, kind="stable").reshape(-1, 4)
    noise = np.random.default_rng(0).normal(size=(count, 128, 2)).astype(np.float32)
    return [np.concatenate([x[rows].reshape(-1, 3), noise[i]], axis=1) for i, rows in enumerate(order)], y[order[:, 0]]


X, Y = recordings()


@pytest.fixture(scope="module", autouse=True)
def short_work():
    """Short trainings long enough to tell sines from noise."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rounds, "FIRST_STEPS", 60)
        patch.setattr(module, "SPLITS", 1)
        patch.setattr("tsnas.outer.score.DRAWN", 1)
        yield


def search(**params) -> SignalSearch:
    answers = {"class_weight": "balanced", "reject": "auto", "reject_label": -1, "smooth": 2}
    return SignalSearch("nucleo_f446re", max_latency_ms=4, **QUICK | answers | params)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return search(directory=tmp_path_factory.mktemp("found")).fit(X, Y)


def test_the_sensors_that_say_something_win_over_noise(found):
    assert len(found.trials_) == 4
    scores = {(trial.signal.channels, trial.signal.decimation): trial.macro_f1 for trial in found.trials_}
    assert found.signal_.channels == (0, 1, 2)
    assert scores[found.signal_.channels, found.signal_.decimation] > scores[(3, 4), 1] + 0.2
    assert all(trial.latency_ms <= 4 for trial in found.trials_)
    assert found.trials_ == sorted(found.trials_, key=lambda trial: -trial.macro_f1)


def test_the_model_is_of_that_signal_and_within_the_limits(found):
    clf = found.classifier_
    assert clf.signal_ == found.signal_
    assert clf.latency_ms_ <= 4
    answers = found.predict_recordings(X)
    assert np.mean([np.mean(one == label) for one, label in zip(answers, Y, strict=True)]) > 0.6


def test_the_model_answers_as_asked(found):
    clf = found.classifier_
    assert (clf.class_weight, clf.reject, clf.smooth_) == ("balanced", "auto", 2)
    assert clf.predict(1e3 * np.ones((1, 32, 3), np.float32)).tolist() == [-1]


def test_windows_of_no_class_are_in_no_trial():
    arrays = [np.zeros((64, 2), np.float32)] * 3
    own = Recordings(arrays, ["a", "other", "b"], np.arange(3), np.array(["a", "b"]), "majority", "other")
    x, codes, groups = own.cut(np.arange(3), tsnas.Signal(32, stride=32))
    assert len(x) == 4
    assert codes.tolist() == [0, 0, 1, 1]
    assert groups.tolist() == [0, 0, 2, 2]
    with pytest.raises(RejectionError, match="other_class='none' is no label of labels, which has"):
        search(other_class="none").fit(X, [str(label) for label in Y])


def test_classes_weigh_in_trials_as_they_will_in_the_training(monkeypatch):
    seen = []
    monkeypatch.setattr("tsnas.outer.score.prepare", lambda job, *_: seen.append(job.settings) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        search(class_weight={1: 3.0}).fit(X, Y)
    assert seen[0].class_weight == (1.0, 3.0, 1.0)
    assert seen[0].reject is None


def test_the_table_has_a_line_for_each_signal(found):
    lines = found.table().splitlines()
    assert lines[0].split() == ["raw", "samples", "decimation", "channels", "windows", "ms", "macro-F1"]
    assert len(lines) == 2 + 4
    assert sum(line.startswith("*") for line in lines) == 1


def test_of_signals_as_good_as_the_best_the_one_of_fewest_values_is_chosen():
    tolerant = SignalSearch(tolerance=0.01)
    many = Trial(tsnas.Signal(32), 0.95, 3.0)
    few = Trial(tsnas.Signal(16, decimation=2, channels=(0,)), 0.945, 3.0)
    worse = Trial(tsnas.Signal(8, decimation=4, channels=(0,)), 0.93, 3.0)
    none = Trial(tsnas.Signal(32, channels=(1,)), why_not="too slow")
    tolerant.trials_ = [many, few, worse, none]
    assert tolerant._best(channels=5) is few
    tolerant.tolerance = 0.0
    assert tolerant._best(channels=5) is many
    tolerant.trials_ = [none]
    with pytest.raises(InfeasibleError, match=r"No network is within the limits for any of the 1 signals. too slow"):
        tolerant._best(channels=5)


@pytest.mark.long
def test_goes_on_after_an_interruption_and_finds_the_same(found, tmp_path, monkeypatch):
    scored = []
    real = module.score_signal

    def interrupted(signal, *args):
        if len(scored) == 1:
            raise KeyboardInterrupt
        scored.append(signal)
        return real(signal, *args)

    def counted(signal, *args):
        scored.append(signal)
        return real(signal, *args)

    again = search(directory=tmp_path, channels=[(0, 1, 2), (3, 4)], decimations=(1,))
    monkeypatch.setattr(module, "score_signal", interrupted)
    with pytest.raises(KeyboardInterrupt):
        again.fit(X, Y)
    monkeypatch.setattr(module, "score_signal", counted)
    again.fit(X, Y)
    assert len(scored) == len(set(scored)) == 2
    assert again.trials_ == [trial for trial in found.trials_ if trial.signal in scored]
    assert again.classifier_.signal_ == again.signal_ == tsnas.Signal(32, stride=16, channels=(0, 1, 2))


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_gaussian_process_chooses_as_well(monkeypatch, seed):
    scored = []

    def score(signal, *_):
        scored.append(signal.decimation)
        return Trial(signal, 0.5 + signal.decimation / 10, 1.0, 100)

    monkeypatch.setattr(module, "score_signal", score)
    monkeypatch.setattr(tsnas.AutoClassifier, "fit_recordings", lambda self, *_: self)
    settings = QUICK | {"spans": (32, 48, 64), "decimations": (1, 2, 4), "seed": seed}
    chosen = SignalSearch(**settings, tuner="bayesian", trials=10).fit(X, Y)
    assert len({trial.signal for trial in chosen.trials_}) == len(chosen.trials_) == len(scored) == 10
    assert scored[4:].count(4) >= 4  # The first four are random, and a third of all signals has it.
    assert chosen.signal_.decimation == 4


@pytest.mark.parametrize("tuner", ["random", pytest.param("bayesian", marks=pytest.mark.long)])
def test_after_a_stop_the_same_signals_are_tried_in_the_same_order(monkeypatch, tmp_path, tuner):
    scored, stop_after = [], None

    def score(signal, *_):
        if len(scored) == stop_after:
            raise KeyboardInterrupt
        scored.append(signal)
        return Trial(signal, 0.5 + signal.decimation / 10 + signal.window / 1000, 1.0, 100)

    monkeypatch.setattr(module, "score_signal", score)
    monkeypatch.setattr(tsnas.AutoClassifier, "fit_recordings", lambda self, *_: self)
    settings = QUICK | {"spans": (32, 48, 64), "decimations": (1, 2, 4), "seed": 0, "tuner": tuner, "trials": 6}
    whole = SignalSearch(**settings).fit(X, Y)
    every, scored, stop_after = scored, [], 4
    with pytest.raises(KeyboardInterrupt):
        SignalSearch(**settings, directory=tmp_path).fit(X, Y)
    stop_after = None
    resumed = SignalSearch(**settings, directory=tmp_path).fit(X, Y)
    assert scored == every
    assert resumed.trials_ == whole.trials_
    # All is known now.
    assert SignalSearch(**settings, directory=tmp_path).fit(X, Y).trials_ == whole.trials_
    assert scored == every


def test_what_is_tried_may_be_any_sequence(monkeypatch, tmp_path):
    """It becomes part of the name of the work that is kept, in the same way as a list."""
    scored = []
    monkeypatch.setattr(module, "score_signal", lambda signal, *_: scored.append(signal) or Trial(signal, 0.5, 1.0, 9))
    monkeypatch.setattr(tsnas.AutoClassifier, "fit_recordings", lambda self, *_: self)
    settings = QUICK | {"decimations": (1,), "seed": 0}
    for spans, channels in ((range(32, 65, 32), [np.arange(3), range(3, 5)]), ([32, 64], [(0, 1, 2), (3, 4)])):
        SignalSearch(**settings | {"spans": spans, "channels": channels}, directory=tmp_path).fit(X, Y)
    assert len(scored) == len(set(scored)) == 4


@pytest.mark.long
def test_networks_of_all_signals_are_trained_by_the_engine_that_joblib_is_told_to_use(monkeypatch, engine):
    monkeypatch.setattr(rounds, "short_scores", guessed)
    monkeypatch.setattr(tsnas.AutoClassifier, "fit_recordings", lambda self, *_: self)
    chosen = SignalSearch(**QUICK | {"finalists": 2, "spans": (32, 64)}, trials=3).fit(X, Y)
    assert [call.func for call in engine] == [guessed] * 2 * 3
    assert len(chosen.trials_) == 3


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"spans": ()}, r"spans=\(\) must be a list"),
        ({"decimations": 2}, "decimations=2 must be a list"),
        ({"tuner": "grid"}, "choose 'random' or 'bayesian'"),
        ({"trials": 0}, "trials=0 must be a whole number"),
        ({"stride": 1.5}, "stride=1.5"),
        ({"tolerance": 2}, r"tolerance=2 must be in \[0, 1\)"),
        ({"channels": "accelerometer"}, "channels='accelerometer' must be 'auto', or a list"),
        ({"channels": [(7,)]}, "names a channel that is missing from the recordings"),
        ({"axes": [(0, 1, 2)]}, "axes must be 'auto' or None"),
        ({"epochs": 0}, "epochs=0"),
    ],
)
def test_settings_out_of_range(bad, said):
    with pytest.raises(SettingError, match=said):
        SignalSearch(**QUICK | bad).fit(X, Y)


def test_parameters_can_be_cloned():
    given = SignalSearch(**QUICK)
    assert clone(given).get_params() == given.get_params()


def test_each_sensor_alone_is_tried_where_channels_come_in_threes():
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(64, 6)).astype(np.float32)]
    assert SignalSearch()._subsets(arrays) == [None, (0, 1, 2), (3, 4, 5)]
    assert SignalSearch()._subsets([arrays[0][:, :4]]) == [None]
