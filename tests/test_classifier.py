"""AutoClassifier as a user meets it: one small search for all tests, its artefact, and every message for bad input."""

import dataclasses
import functools
import json
import pickle
import re

import keras as keras3
import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import f1_score
from tflite_micro import runtime
from toy_data import sines

import tsnas
from tsnas import errors
from tsnas.cost.board import load_board
from tsnas.cost.estimate import estimate_tflite
from tsnas.job import selection
from tsnas.report.origin import snippet
from tsnas.search import rounds
from tsnas.tflite.metadata import read_metadata
from tsnas.training.loop import TrainingLoop

NAMES = np.array(["slow", "medium", "fast"])
SMALL = tsnas.SpaceConfig(time_reduce_filters=8, fusion_filters=16, kernel_sizes=(3, 5), extra_fusion_cells=1)
ONE_CELL = tsnas.SpaceConfig(time_reduce_filters=8, fusion_filters=16, kernel_sizes=(3,), extra_fusion_cells=0)
QUICK = {
    "epochs": 30,
    "search_epochs": 4,
    "qat_epochs": 3,
    "batch_size": 16,
    "finalists": 1,
    "space": SMALL,
    "plain_rivals": False,
    "verbose": 0,
}
# For jobs of which no more is asked than that they come to their end; run eagerly.
SHORT = {"epochs": 1, "search_epochs": 1, "qat_epochs": 1, "batch_size": 32, "space": ONE_CELL}
LIMITS = {"max_latency_ms": 2, "max_ram_kb": 8, "max_flash_kb": 16}


def quick(**changes):
    return tsnas.AutoClassifier(**({"seed": 0} | QUICK | LIMITS | changes))


def raw(windows, seed=0):
    """Toy windows in raw units: channels of very different scale and offset; labels are strings."""
    x, y = sines(windows, seed=seed)
    return x * [1, 1000, 0.01] + [0, 5000, 3], NAMES[y]


@pytest.fixture(scope="module")
def fitted():
    x, y = raw(180)
    return quick().fit(x, y, groups=np.arange(180) // 10)


@pytest.fixture(scope="module")
def test_set():
    return raw(60, seed=1)


def test_it_learns_and_predicts_labels(fitted, test_set):
    x, y = test_set
    assert list(fitted.classes_) == ["fast", "medium", "slow"]
    predicted = fitted.predict(x)
    assert set(predicted) <= set(NAMES)
    scores = fitted.evaluate(x, y)
    assert scores["int8"]["macro_f1"] == pytest.approx(f1_score(y, predicted, average="macro"))
    assert scores["int8"]["accuracy"] == pytest.approx(fitted.score(x, y))
    with pytest.raises(errors.LabelValueError, match="1 missing labels"):
        fitted.score(x, [None, *y[1:]])
    assert scores["float"]["macro_f1"] > 0.8
    assert scores["int8"]["macro_f1"] > scores["float"]["macro_f1"] - 0.1


@pytest.mark.long
def test_sensors_are_turned_only_where_channels_are_axes(fitted, eager):
    """The channels of these windows differ a hundredfold in size, so they are no axes of one sensor."""
    assert fitted.axes_ == ()
    x, y = sines(60, seed=3)
    assert quick(**SHORT).fit(x, y).axes_ == ((0, 1, 2),)
    with pytest.raises(errors.SettingError, match=r"axes=\[\(0, 1\)\]"):
        quick(axes=[(0, 1)]).fit(x, y)


def test_every_limit_is_kept_by_the_file_itself(fitted):
    estimate = estimate_tflite(fitted.tflite_model_, "nucleo_f446re")
    assert fitted.latency_ms_ == estimate.latency_ms <= 2
    assert fitted.ram_bytes_ == estimate.ram_bytes <= 8 * 1024
    assert fitted.flash_bytes_ == len(fitted.tflite_model_) <= 16 * 1024


def test_file_has_the_operators_of_the_architecture(fitted):
    assert tsnas.cost.read_graph(fitted.tflite_model_) == fitted.architecture_.graph()


def test_probabilities_are_those_of_the_int8_file_on_the_real_interpreter(fitted, test_set):
    x, _ = test_set
    probabilities = fitted.predict_proba(x)
    assert probabilities.shape == (60, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    # As the firmware would do it, from the numbers that travel inside the file.
    metadata = read_metadata(fitted.tflite_model_)
    interpreter = runtime.Interpreter.from_bytes(fitted.tflite_model_)
    details = interpreter.get_input_details(0)["quantization_parameters"]
    scale, zero_point = float(details["scales"][0]), int(details["zero_points"][0])
    mean, std = (np.array(metadata["standardization"][key]) for key in ("mean", "std"))
    for window, expected in zip(x[:20], probabilities[:20], strict=True):
        step = (std * scale).astype(np.float32)
        levels = np.round((window.astype(np.float32) - mean.astype(np.float32)) / step) + zero_point
        interpreter.set_input(np.clip(levels, -128, 127).astype(np.int8)[None, ..., None], 0)
        interpreter.invoke()
        output = interpreter.get_output(0)[0].astype(float) + 128
        np.testing.assert_allclose(output / output.sum(), expected, atol=1e-6)
    assert metadata["classes"] == ["fast", "medium", "slow"]


def test_float_model_takes_raw_windows(fitted, test_set):
    x, y = test_set
    predicted = fitted.classes_[fitted.keras_model_.predict(x, verbose=0).argmax(axis=1)]
    assert (predicted == y).mean() == pytest.approx(fitted.evaluate(x, y)["float"]["accuracy"])


def test_history_has_every_phase(fitted):
    assert set(fitted.history_) == {"architectures", "contest", "train", "quantise"}
    counts = fitted.history_["architectures"]
    assert counts["before"][0] >= counts["after"][0] >= 1
    assert len(fitted.history_["train"]["loss"]) == 30
    assert len(fitted.history_["quantise"]["loss"]) == 3


def test_summary_is_a_table_of_every_layer(fitted, capsys):
    fitted.summary()
    printed = capsys.readouterr().out
    for node in fitted.architecture_.graph().nodes:
        assert node.name in printed
    shown = float(re.search(r"latency +([\d.]+) ms \(± [\d.]+\)", printed)[1])
    assert shown == pytest.approx(fitted.latency_ms_, rel=0.01)
    for limit in ("2 ms of latency: kept", "8 KB of RAM: kept", "16 KB of flash: kept"):
        assert limit in printed
    lines = []
    fitted.summary(print_fn=lines.append)
    assert "\n".join(lines) + "\n" == printed


def test_save_and_load_round_trip_everything(fitted, test_set, tmp_path):
    x, y = test_set
    paths = fitted.save(tmp_path / "deep" / "folder")
    assert all(path.is_file() for path in paths)
    loaded = tsnas.load(tmp_path / "deep" / "folder")
    assert loaded.tflite_model_ == fitted.tflite_model_
    assert loaded.architecture_ == fitted.architecture_
    assert loaded.history_ == fitted.history_
    assert loaded.get_params() == fitted.get_params()
    assert loaded.classes_.dtype == fitted.classes_.dtype
    assert loaded.evaluate(x, y) == fitted.evaluate(x, y)
    assert loaded.estimate_ == fitted.estimate_
    np.testing.assert_array_equal(loaded.predict(x), fitted.predict(x))


def test_pickle_and_clone(fitted, test_set):
    x, _ = test_set
    copy = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(copy.predict_proba(x), fitted.predict_proba(x))
    assert clone(fitted).get_params() == fitted.get_params()
    assert not hasattr(clone(fitted), "tflite_model_")


def test_export_writes_the_file_and_what_firmware_needs(fitted, tmp_path):
    fitted.export(tmp_path)
    assert (tmp_path / "model.tflite").read_bytes() == fitted.tflite_model_
    card = json.loads((tmp_path / "model.json").read_text())
    assert card["output"]["classes"] == ["fast", "medium", "slow"]
    assert card["input"]["shape"] == [1, 32, 3, 1]
    assert card["input"]["mean"] == list(fitted.standardizer_.mean)
    assert card["ram_bytes"] == fitted.ram_bytes_


def test_same_seed_same_model(fitted):
    x, y = raw(180)
    again = quick().fit(x, y, groups=np.arange(180) // 10)
    assert again.architecture_ == fitted.architecture_
    assert again.tflite_model_ == fitted.tflite_model_


def test_the_users_random_state_is_left_alone(eager):
    np.random.seed(7)
    expected = np.random.random()
    np.random.seed(7)
    x, y = raw(60)
    quick(**SHORT).fit(x, y)
    assert np.random.random() == expected


def test_one_channel_tf_data_validation_data_callbacks_and_integer_labels(eager, untrained, monkeypatch):
    small = functools.partial(selection.EvolutionConfig, population=12, generations=2, last_generations=2)
    monkeypatch.setattr(selection, "EvolutionConfig", small)
    x, y = sines(60, channels=1)
    heard = []
    listener = keras3.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: heard.append(logs["entropy"]))
    dataset = tf.data.Dataset.from_tensor_slices((x[:, :, 0], y * 10)).batch(7)
    changes = {"strategy": "evolution", "search_epochs": 2, "max_ram_kb": None, "seed": None}
    clf = quick(board=load_board("nicla_sense_me"), **SHORT | changes)
    assert clf.fit(dataset, validation_data=(x[:9], y[:9] * 10), callbacks=[listener]) is clf
    assert len(heard) == 2
    assert set(clf.predict(x[:, :, 0])) <= {0, 10, 20}
    assert clf.evaluate(dataset).keys() == {"float", "int8"}
    loaded_board = pickle.loads(pickle.dumps(clf)).get_params()["board"]
    assert loaded_board == load_board("nicla_sense_me")


def test_few_windows_of_several_classes(eager):
    x, _ = sines(40, length=8)
    y = np.arange(40) % 7
    clf = quick(**SHORT | {"batch_size": None}).fit(x, y)
    assert clf.predict(x).shape == (40,)


def test_a_flash_limit_that_the_prediction_misses_is_still_kept(monkeypatch, eager, untrained):
    """The predicted length is some bytes short: the dry run must find out, and a smaller network be taken."""
    monkeypatch.setattr("tsnas.cost.flash.BASE_BYTES", 0)
    x, y = raw(60)
    limit_kb = 4.5
    clf = quick(**SHORT | {"space": SMALL}, max_flash_kb=limit_kb).fit(x, y)
    assert clf.flash_bytes_ <= limit_kb * 1024


# Each of the long ones goes the way of its neighbour.
# Other tests run a default job, an evolution in one, and an oracle.
ELSEWHERE = ("random", "evolution", "darts", "bayesian", "hyperband")
NOT_QUICK = [pytest.param(name, marks=pytest.mark.long) for name in ELSEWHERE]


@pytest.mark.parametrize("strategy", ["gumbel", *NOT_QUICK])
def test_every_strategy_keeps_the_limits(strategy, test_set, monkeypatch, eager, untrained):
    for name in ("search.rounds.FIRST_STEPS", "search.rounds.SECOND_STEPS", "job.selection.FIRST_STEPS"):
        monkeypatch.setattr(f"tsnas.{name}", 1)
    # An oracle of four trials has two that it chose.
    monkeypatch.setattr("tsnas.job.selection.RANDOM_FINALISTS", 4)
    x, y = raw(60)
    clf = quick(**SHORT | {"strategy": strategy, "finalists": 2}).fit(x, y)
    assert clf.latency_ms_ <= 2
    assert clf.ram_bytes_ <= 8 * 1024
    assert ("search" in clf.history_) == (strategy in ("evolution", "gumbel", "darts"))
    assert ("trials" in clf.history_) == (strategy in ("bayesian", "hyperband"))
    assert len(clf.history_["contest"]["macro_f1"]) == 2
    assert set(clf.predict(test_set[0])) <= set(NAMES)


@pytest.mark.long
@pytest.mark.parametrize("strategy", ["random", "evolution"])
def test_all_parts_of_a_space_are_searched_and_meet_in_one_contest(strategy, monkeypatch, tmp_path, eager, untrained):
    for name in ("FIRST_STEPS", "SECOND_STEPS", "LEAST_EPOCHS"):
        monkeypatch.setattr(rounds, name, 1)
    small = {"time_reduce_filters": 8, "fusion_filters": 16, "kernel_sizes": (3,), "extra_fusion_cells": 0}
    space = [tsnas.SpaceConfig(collapse=True, **small), tsnas.SpaceConfig(**small)]
    x, y = sines(60, channels=6)
    changes = {"strategy": strategy, "search_epochs": 2, "batch_size": 24}
    clf = quick(space=space, finalists=4, **changes).fit(x, y)
    if strategy == "evolution":
        assert clf.history_["search"]["part"] == [0.0, 0.0, 1.0, 1.0]
        assert {len(values) for values in clf.history_["search"].values()} == {4}
    parts = [quick(space=one, finalists=2, **changes).fit(x, y) for one in space]
    heard = [part.history_["contest"] for part in parts]
    for name in ("latency_ms", "macro_f1"):
        # In turns, one of each.
        assert clf.history_["contest"][name] == [heard[i % 2][name][i // 2] for i in range(4)]
    before = [part.history_["architectures"]["before"][0] for part in parts]
    assert clf.history_["architectures"]["before"] == [sum(before)]
    clf.save(tmp_path / "saved")
    loaded = tsnas.load(tmp_path / "saved")
    assert loaded.space == space
    assert "SpaceConfig(" in snippet(loaded.model_, loaded)


@pytest.mark.parametrize(("max_latency_ms", "searched"), [(1.0, 4), (2.2, 4), (4.0, 2)])
@pytest.mark.long
def test_the_slack_of_the_limits_decides_which_part_is_searched(max_latency_ms, searched, untrained):
    small = {"time_reduce_filters": 8, "fusion_filters": 16, "kernel_sizes": (3,), "extra_fusion_cells": 0}
    main = tsnas.SpaceConfig(min_slack=1.5, **small)
    tight = tsnas.SpaceConfig(first_stride=4, collapse=True, **small)
    x, y = sines(60, length=64, channels=6)
    changes = {"strategy": "random", "max_latency_ms": max_latency_ms}
    clf = quick(space=[main, tight], **changes).fit(x, y)
    assert clf.architecture_.cells[0].stride == searched
    alone = quick(space=tight if searched == 4 else main, **changes).fit(x, y)
    # What is not searched in its place is not counted.
    assert clf.history_["architectures"] == alone.history_["architectures"]


@pytest.mark.long
def test_numbers_of_numpy_are_settings_too(tmp_path, eager):
    x, y = raw(60)
    numbers = {"max_latency_ms": np.int64(2), "max_ram_kb": np.float32(8), "max_minutes": np.int64(9)}
    epochs = {"epochs": np.int64(1), "search_epochs": np.int32(1), "qat_epochs": np.int64(1), "finalists": np.int64(1)}
    clf = quick(**numbers, **SHORT | epochs, directory=tmp_path / "phases").fit(x, y)
    clf.save(tmp_path / "model")
    assert tsnas.load(tmp_path / "model").latency_ms_ == clf.latency_ms_ <= 2


def test_energy_is_a_limit_from_fit_to_load(fitted, tmp_path, capsys, eager, untrained):
    assert fitted.energy_mj_ is None
    x, y = raw(60)
    board = dataclasses.replace(load_board("nucleo_f446re"), active_power_mw=100.0)
    with pytest.raises(errors.InfeasibleError, match=r"1e-06 mJ for .*max_energy_mj too low") as caught:
        quick(board=board, max_energy_mj=1e-6).fit(x, y)
    assert "energy_mj" in caught.value.short
    with pytest.raises(errors.LimitError, match="no active_power_mw"):
        quick(max_energy_mj=1).fit(x, y)
    clf = quick(**SHORT, board=board, max_latency_ms=None, max_energy_mj=0.15).fit(x, y)
    assert clf.energy_mj_ == pytest.approx(clf.latency_ms_ / 10)
    assert clf.energy_mj_ <= 0.15
    clf.save(tmp_path)
    loaded = tsnas.load(tmp_path)
    assert loaded.energy_mj_ == clf.energy_mj_
    assert loaded.get_params()["max_energy_mj"] == 0.15
    assert json.loads((tmp_path / "model.json").read_text())["energy_mj"] == clf.energy_mj_
    loaded.summary()
    assert "0.15 mJ of energy: kept" in capsys.readouterr().out


@pytest.mark.long
def test_a_job_comes_back_in_time(test_set, turned, monkeypatch):
    """A minute by a clock on which each step of a training takes an eighth of a second, and all else no time."""
    steps = []
    heard = keras.callbacks.CallbackList

    def begun(self, logs=None, real=heard.on_train_begin):
        steps.append(0)
        real(self, logs)

    def stepped(self, batch, logs=None, real=heard.on_train_batch_begin):
        steps[-1] += 1
        turned.turn(0.125)
        real(self, batch, logs)

    def drawn(self, *args, real=TrainingLoop._batches):
        for rows in real(self, *args):
            steps[-1] += len(rows)
            turned.turn(0.125 * len(rows))
            yield rows

    monkeypatch.setattr(heard, "on_train_begin", begun)
    monkeypatch.setattr(heard, "on_train_batch_begin", stepped)
    monkeypatch.setattr(TrainingLoop, "_batches", drawn)
    monkeypatch.setattr(rounds, "FIRST_STEPS", 20)
    monkeypatch.setattr(rounds, "SECOND_STEPS", 50)
    started = turned.seconds
    x, y = raw(180)
    # Left alone, so many epochs would take days.
    endless = {"epochs": 10**5, "search_epochs": 10**5, "qat_epochs": 10**5}
    clf = quick(max_minutes=1, strategy="evolution", **endless, finalists=2, space=ONE_CELL).fit(x, y)
    # The search has 18 s. The contest has 12.6 s of what is left: both finalists take 3.375 s in the first round, and
    # the second round ends with the one that goes beyond. The training has 17.1 s, for 12 epochs by the pace of the
    # contest, and the quantisation 7.2 s, for 2 of twice the length.
    assert steps == [144, 27, 27, 54, 12 * 11, 2 * 11]
    assert len(clf.history_["contest"]["macro_f1"]) == 2
    assert len(clf.history_["contest"]["second_macro_f1"]) == 1
    assert turned.seconds - started == 0.125 * sum(steps) < 60
    assert clf.evaluate(*test_set)["int8"]["macro_f1"] > 0.5


GOOD = raw(30)


def fit(x=GOOD[0], y=GOOD[1], groups=None, validation_data=None, callbacks=None, **changes):
    quick(**changes).fit(x, y, groups, validation_data, callbacks)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"x": GOOD[0][:, :4]}, errors.WindowTooShortError, ["4 time steps", "at least 8"]),
        ({"x": np.full((30, 16, 2), np.nan)}, errors.NonFiniteError, ["960 values", "(0, 0, 0)"]),
        ({"y": np.zeros(30)}, errors.SingleClassError, ["single class"]),
        ({"x": GOOD[0][:3], "y": [0, 1, 2]}, errors.TooFewWindowsError, ["3 windows of 3 classes"]),
        ({"validation_data": (GOOD[0], ["new"] * 30)}, errors.UnknownLabelError, ["'new'", "'fast'"]),
        ({"validation_data": (GOOD[0][:, :16], GOOD[1])}, errors.WindowShapeError, ["(16, 3)", "(32, 3)"]),
        ({"y": GOOD[1][:-1]}, errors.LengthMismatchError, ["x has 30", "y has 29"]),
        ({"groups": [1, 2]}, errors.LengthMismatchError, ["groups has 2"]),
        ({"y": None}, errors.LengthMismatchError, ["has no labels"]),
        ({"x": GOOD[0][None]}, errors.WindowShapeError, ["(1, 30, 32, 3)"]),
        (
            {"x": np.array([[1], [1, 2]] * 15, dtype=object)},
            errors.DtypeError,
            ["1 (window 0) and 2 (window 1)"],
        ),
        ({"board": "nucleo_f446"}, errors.UnknownBoardError, ["'nucleo_f446'", "Did you mean 'nucleo_f446re'"]),
        ({"board": "no/such.json"}, errors.BoardFileError, ["no/such.json", "No such file"]),
        ({"max_latency_ms": -1}, errors.LimitError, ["max_latency_ms is -1"]),
        ({"max_ram_kb": 0}, errors.LimitError, ["max_ram_kb is 0"]),
        ({"max_flash_kb": "12"}, errors.LimitError, ["max_flash_kb is '12'"]),
        ({"max_latency_ms": 0.01}, errors.InfeasibleError, ["0.01 ms", "max_latency_ms too low"]),
        ({"max_ram_kb": 0.5}, errors.InfeasibleError, ["max_ram_kb too low"]),
        ({"epochs": 0}, errors.SettingError, ["epochs=0"]),
        ({"batch_size": 2.5}, errors.SettingError, ["batch_size=2.5"]),
        ({"finalists": 0}, errors.SettingError, ["finalists=0"]),
        ({"strategy": "best"}, errors.SettingError, ["strategy='best' must be one of"]),
        ({"max_minutes": 0}, errors.SettingError, ["max_minutes=0 must be a number above 0"]),
        ({"max_minutes": "5"}, errors.SettingError, ["max_minutes='5'"]),
        ({"seed": -1}, errors.SettingError, ["seed=-1"]),
        ({"plain_rivals": "no"}, errors.SettingError, ["plain_rivals='no' must be True or False"]),
        ({"verbose": 3}, errors.SettingError, ["verbose=3"]),
        ({"validation_fraction": 1.0}, errors.SettingError, ["validation_fraction=1.0"]),
        ({"space": "best"}, errors.SettingError, ["space='best' must be one of 'tsnas', 'micronas'"]),
        ({"callbacks": [print]}, errors.SettingError, ["not a Keras callback"]),
    ],
)
def test_bad_input_is_named(arguments, error, words):
    with pytest.raises(error) as raised:
        fit(**arguments)
    assert type(raised.value) is error
    for word in words:
        assert word in str(raised.value)


def test_nothing_works_before_fit():
    for method in ("predict", "predict_proba", "evaluate", "save", "export"):
        with pytest.raises(NotFittedError):
            getattr(quick(), method)(GOOD[0])
    with pytest.raises(NotFittedError):
        quick().summary()


def test_windows_of_another_shape_are_named_after_fit(fitted):
    with pytest.raises(errors.WindowShapeError, match=r"\(16, 3\).*\(32, 3\)"):
        fitted.predict(GOOD[0][:, :16])


def test_saving_where_nothing_can_be_written(fitted, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(errors.OutputDirError, match="cannot be written"):
        fitted.save(tmp_path / "file" / "folder")


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("classifier.json", None, "No saved classifier"),
        ("model.tflite", lambda content: content[:100], "tflite|Model"),
        ("model.keras", lambda content: content[:1000], "does not hold the weights"),
        ("classifier.json", lambda content: content[:-9], "is not from `save`, or is damaged"),
        ("classifier.json", lambda content: content.replace(b'"format": 1', b'"format": 99'), "format 99.*upgrade"),
        ("classifier.json", lambda content: content.replace(b'"kernel"', b'"colonel"'), "is damaged"),
    ],
)
def test_damaged_saves_are_named(fitted, tmp_path, name, change, words):
    fitted.save(tmp_path)
    path = tmp_path / name
    content = path.read_bytes()
    path.unlink()
    if change is not None:
        assert change(content) != content
        path.write_bytes(change(content))
    with pytest.raises(errors.ModelFileError, match=words):
        tsnas.load(tmp_path)
