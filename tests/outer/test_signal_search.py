"""The outer search finds the sensors that say something, keeps the limits, and goes on after an interruption."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from toy_data import QUICK_RANDOM, sines

import tsnas
from tsnas.errors import InfeasibleError, SettingError
from tsnas.outer import signal_search as module
from tsnas.outer.score import Trial
from tsnas.outer.signal_search import SignalSearch
from tsnas.tuning import chief_client as client

QUICK = QUICK_RANDOM | {"epochs": 12, "spans": (32,), "channels": [None, (0, 1, 2), (3, 4)]}


def recordings(count=30):
    """Four windows of sines on three channels, and noise on two more; one class each."""
    x, y = sines(count * 4, seed=1)
    order = np.argsort(y, kind="stable").reshape(-1, 4)
    noise = np.random.default_rng(0).normal(size=(count, 128, 2)).astype(np.float32)
    return [np.concatenate([x[rows].reshape(-1, 3), noise[i]], axis=1) for i, rows in enumerate(order)], y[order[:, 0]]


X, Y = recordings()


@pytest.fixture(scope="module")
def found():
    return SignalSearch("nucleo_f446re", max_latency_ms=4, **QUICK).fit(X, Y)


def test_the_sensors_that_say_something_win_over_noise(found):
    assert len(found.trials_) == 6
    scores = {(trial.signal.channels, trial.signal.decimation): trial.macro_f1 for trial in found.trials_}
    assert found.signal_.channels in (None, (0, 1, 2))
    assert scores[found.signal_.channels, found.signal_.decimation] > scores[(3, 4), 1] + 0.2
    assert all(trial.latency_ms <= 4 for trial in found.trials_)
    assert found.trials_ == sorted(found.trials_, key=lambda trial: -trial.macro_f1)


def test_the_model_is_of_that_signal_and_within_the_limits(found):
    clf = found.classifier_
    assert clf.signal_ == found.signal_
    assert clf.latency_ms_ <= 4
    answers = found.predict_recordings(X)
    assert np.mean([np.mean(one == label) for one, label in zip(answers, Y, strict=True)]) > 0.6


def test_the_table_has_a_line_for_each_signal(found):
    lines = found.table().splitlines()
    assert lines[0].split() == ["raw", "samples", "decimation", "channels", "windows", "ms", "macro-F1"]
    assert len(lines) == 2 + 6
    assert sum(line.startswith("*") for line in lines) == 1


def test_of_signals_as_good_as_the_best_the_one_of_fewest_values_is_chosen():
    search = SignalSearch(tolerance=0.01)
    many = Trial(tsnas.Signal(32), 0.95, 3.0)
    few = Trial(tsnas.Signal(16, decimation=2, channels=(0,)), 0.945, 3.0)
    worse = Trial(tsnas.Signal(8, decimation=4, channels=(0,)), 0.93, 3.0)
    none = Trial(tsnas.Signal(32, channels=(1,)), why_not="too slow")
    search.trials_ = [many, few, worse, none]
    assert search._best(channels=5) is few
    search.tolerance = 0.0
    assert search._best(channels=5) is many
    search.trials_ = [none]
    with pytest.raises(InfeasibleError, match=r"No network is within the limits for any of the 1 signals. too slow"):
        search._best(channels=5)


def test_goes_on_after_an_interruption_with_the_same_end(found, tmp_path, monkeypatch):
    scored = []
    real = module.score_signal

    def interrupted(signal, *args):
        if len(scored) == 3:
            raise KeyboardInterrupt
        scored.append(signal)
        return real(signal, *args)

    def counted(signal, *args):
        scored.append(signal)
        return real(signal, *args)

    search = SignalSearch("nucleo_f446re", max_latency_ms=4, **QUICK, directory=tmp_path)
    monkeypatch.setattr(module, "score_signal", interrupted)
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, Y)
    monkeypatch.setattr(module, "score_signal", counted)
    search.fit(X, Y)
    assert len(scored) == len(set(scored)) == 6
    assert search.trials_ == found.trials_
    assert search.classifier_.tflite_model_ == found.classifier_.tflite_model_


SCRIPT = """
import sys
sys.path[:0] = [{tests!r}, {here!r}]
from test_signal_search import QUICK, X, Y
from tsnas.outer.signal_search import SignalSearch
search = SignalSearch("nucleo_f446re", max_latency_ms=4, **QUICK, directory=sys.argv[1]).fit(X, Y)
if hasattr(search, "classifier_"):
    search.classifier_.save(sys.argv[1] + "/model")
"""


def test_chief_and_workers_end_with_the_same_signal_and_model(found, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = {client.CHIEF: "127.0.0.1", client.PORT: port, "GRPC_VERBOSITY": "NONE"}
    here = Path(__file__).parent
    command = [sys.executable, "-c", SCRIPT.format(tests=str(here.parent), here=str(here)), str(tmp_path)]
    team = {}
    for name in ("chief", "worker0", "worker1"):
        environment = os.environ | shared | {client.TUNER_ID: name}
        team[name] = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    for name, one in team.items():
        _, said = one.communicate(timeout=300)
        assert one.returncode == 0, f"{name}: {said}"
    # Each signal was scored once, whoever did it, and the chief made the model.
    assert len(list(tmp_path.glob("work/*/phase_signal-*.npz"))) == len(found.trials_)
    made = tsnas.load(tmp_path / "model")
    assert made.signal_ == found.signal_
    assert made.tflite_model_ == found.classifier_.tflite_model_


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_gaussian_process_chooses_as_well(monkeypatch, seed):
    scored = []

    def score(signal, *_):
        scored.append(signal.decimation)
        return Trial(signal, 0.5 + signal.decimation / 10, 1.0, 100)

    monkeypatch.setattr(module, "score_signal", score)
    monkeypatch.setattr(tsnas.AutoClassifier, "fit_recordings", lambda self, *_: self)
    settings = QUICK | {"spans": (32, 48, 64), "decimations": (1, 2, 4), "seed": seed}
    search = SignalSearch(**settings, tuner="bayesian", trials=10).fit(X, Y)
    assert len({trial.signal for trial in search.trials_}) == len(search.trials_) == len(scored) == 10
    assert scored[4:].count(4) >= 4  # The first four are random, and a third of all signals has it.
    assert search.signal_.decimation == 4


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
    search = SignalSearch(**QUICK)
    assert clone(search).get_params() == search.get_params()


def test_each_sensor_alone_is_tried_where_channels_come_in_threes():
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(64, 6)).astype(np.float32)]
    assert SignalSearch()._subsets(arrays) == [None, (0, 1, 2), (3, 4, 5)]
    assert SignalSearch()._subsets([arrays[0][:, :4]]) == [None]
