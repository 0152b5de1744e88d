"""Callbacks: what ConstraintMonitor adds to the logs, callbacks of Keras 3, and the progress shown."""

import csv

import keras as keras3
import numpy as np
import pytest
import tf_keras as keras

from tsnas.callbacks import ConstraintMonitor, EarlyStopOnConvergence, ForeignCallback, ProgressBar, as_callbacks
from tsnas.cost.board import load_board
from tsnas.cost.bounds import Bounds
from tsnas.errors import SettingError
from tsnas.search.differentiable import SearchConfig, search
from tsnas.space.config import SpaceConfig
from tsnas.space.supernet import Supernet, build_cells

# Searches of two or three steps.
pytestmark = pytest.mark.usefixtures("eager")
ADDED = {"expected_latency_ms", "expected_ram_bytes", "expected_flash_bytes", "temperature", "entropy"}


def run(callbacks, epochs=3, verbose=0):
    board = load_board("nucleo_f446re")
    config = SpaceConfig(time_reduce_filters=4, fusion_filters=8, kernel_sizes=(3,), extra_fusion_cells=0)
    supernet = Supernet(build_cells(board, 16, 2, 2, config), board)
    x, y = np.random.default_rng(0).normal(size=(20, 16, 2, 1)).astype(np.float32), np.arange(20) % 2
    settings = SearchConfig(epochs=epochs, batch_size=10)
    return search(supernet, Bounds(), (x, y), (x, y), settings, as_callbacks(callbacks), verbose=verbose)


def test_other_callbacks_see_the_costs(tmp_path):
    monitor = ConstraintMonitor()
    _, history = run([monitor, keras.callbacks.CSVLogger(tmp_path / "log.csv")])
    rows = list(csv.DictReader((tmp_path / "log.csv").open()))
    assert set(rows[0]) >= ADDED | {"loss", "val_accuracy"}
    assert [float(row["expected_latency_ms"]) for row in rows] == pytest.approx(history["expected_latency_ms"])
    assert [values["entropy"] for values in monitor.history] == pytest.approx(history["entropy"])


def test_early_stopping_of_both_generations_stops_the_search():
    for generation in (keras, keras3):
        stop = generation.callbacks.EarlyStopping(monitor="expected_flash_bytes", mode="max", patience=1, baseline=1e9)
        _, history = run([stop], epochs=5)
        assert len(history["loss"]) < 5, generation.__name__


def test_callbacks_of_keras_3_hear_every_hook():
    heard = []

    class Listener(keras3.callbacks.Callback):
        def on_train_begin(self, logs=None):
            heard.append("begin")

        def on_train_batch_end(self, batch, logs=None):
            heard.append(batch)

        def on_epoch_end(self, epoch, logs=None):
            heard.append(set(logs) >= ADDED)

    run([Listener()], epochs=1)
    assert heard == ["begin", 0, 1, True]


def test_one_callback_or_none_will_do():
    assert as_callbacks(None) == []
    single = keras.callbacks.History()
    assert as_callbacks(single) == [single]
    assert isinstance(as_callbacks(keras3.callbacks.History())[0], ForeignCallback)


HOOKS = [name for name in dir(keras.callbacks.Callback) if name.startswith("on_") and not name.startswith("on_batch")]


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_forwarded(hook):
    heard = []
    listener = type("Listener", (), {hook: lambda self, *args: heard.append(args)})()
    given = ([3] if "batch" in hook or "epoch" in hook else []) + [{"loss": 1.0}]
    getattr(ForeignCallback(listener), hook)(*given)
    assert heard == [tuple(given)]


@pytest.mark.parametrize("wrong", [42, [print], [keras.callbacks.EarlyStopping]])
def test_what_is_no_callback_is_named(wrong):
    with pytest.raises(SettingError, match="is not a Keras callback"):
        as_callbacks(wrong)


def test_monitor_needs_a_supernet():
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(2,))])
    model.compile(loss="mse")
    with pytest.raises(SettingError, match="follows a Supernet, but was given a Sequential"):
        model.fit(np.zeros((4, 2)), np.zeros(4), callbacks=[ConstraintMonitor()], verbose=0)


def test_progress_by_verbosity(capsys):
    run([], epochs=2, verbose=0)
    silent = capsys.readouterr()
    assert silent.out + silent.err == ""
    run([], epochs=2, verbose=2)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("search 1/2: accuracy")
    assert " ms, " in lines[0]
    run([], epochs=2, verbose=1)
    bar = capsys.readouterr().err
    assert "search" in bar
    assert "4/4" in bar


def test_progress_bar_closes_when_training_stops_early(capsys):
    bar = ProgressBar("train", 1)
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(2,))])
    model.compile(loss="mse")
    model.fit(np.zeros((4, 2)), np.zeros(4), callbacks=[bar], verbose=0)
    assert bar._bar is None


def test_search_ends_once_its_decisions_have_settled(capsys):
    class Settles(keras.callbacks.Callback):
        """Every decision is taken after the second epoch."""

        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                for alpha in self.model.alphas:
                    alpha.assign(np.eye(1, alpha.shape[0])[0] * 50)

    stop = EarlyStopOnConvergence(patience=3, verbose=1)
    _, history = run([Settles(), stop], epochs=9)
    assert stop.stopped_epoch == 3
    assert len(history["loss"]) == 4
    assert "search: 100% of the decisions have settled; stopped after epoch 4" in capsys.readouterr().out
    undecided = EarlyStopOnConvergence()
    _, history = run([undecided])
    assert undecided.stopped_epoch is None
    assert len(history["loss"]) == 3


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"settled": 0}, r"settled=0 must be a fraction of the decisions in \(0, 1\]"),
        ({"settled": True}, "settled=True"),
        ({"patience": 0}, "patience=0 must be a whole number"),
        ({"patience": 1.5}, "patience=1.5"),
    ],
)
def test_early_stop_refuses_what_makes_no_sense(bad, said):
    with pytest.raises(SettingError, match=said):
        EarlyStopOnConvergence(**bad)
