"""Training: it learns, repeats bit for bit, quantises without loss, and says what is wrong with its arguments."""

import random

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from kept_graphs import count_graphs
from small_nets import small_net
from toy_data import sines

from tsnas import errors
from tsnas.deploy.convert import untrained_int8
from tsnas.space.architecture import Architecture, TimeReduce
from tsnas.training.loop import TrainingLoop
from tsnas.training.ranges import calibrate_ranges
from tsnas.training.seed import fixed_seed
from tsnas.training.train import FloatTraining, train_float, train_quantised


def weight_bytes(model: keras.Model) -> bytes:
    return b"".join(weight.tobytes() for weight in model.get_weights())


def trained_weights(x: np.ndarray, y: np.ndarray, seed: int) -> bytes:
    """Weights after a short training from the same initial weights."""
    with fixed_seed(1):
        model = small_net()
    train_float(model, x, y, epochs=2, batch_size=32, seed=seed)
    return weight_bytes(model)


def test_float_training_learns(trained):
    predicted = trained.model.predict(trained.x_test[..., None], verbose=0).argmax(axis=1)
    assert np.mean(predicted == trained.y_test) > 0.9


def test_same_seed_gives_the_same_weights_in_one_process(trained):
    first, second, other = (trained_weights(trained.x[:96], trained.y[:96], seed) for seed in (5, 5, 6))
    assert first == second
    assert first != other


def test_a_step_is_traced_once(trained, monkeypatch):
    traced = []
    step = TrainingLoop._step
    monkeypatch.setattr(TrainingLoop, "_step", lambda self, *args: traced.append(self) or step(self, *args))
    train_float(small_net(), trained.x[:64], trained.y[:64], epochs=2, batch_size=32, seed=0)
    train_quantised(trained.model, trained.x[:64], trained.y[:64], epochs=2, batch_size=32, seed=0)
    assert len(traced) == 2


def test_further_trainings_of_a_network_leave_its_optimised_graph_to_tensorflow(trained, monkeypatch):
    """TensorFlow (2.21) forgets it whenever it is given a seed, and builds it again from the trace."""
    seeds = []
    give_seed = tf.random.set_seed
    monkeypatch.setattr(tf.random, "set_seed", lambda seed: seeds.append(seed) or give_seed(seed))
    training = FloatTraining(small_net())
    state = np.random.get_state()[1].tolist()
    weights = []
    for seed in (3, 5, 3):
        training.run(trained.x[:64], trained.y[:64], epochs=2, batch_size=32, seed=seed)
        weights.append(weight_bytes(training.model))
    assert seeds == [3]
    assert weights[0] == weights[2] != weights[1]
    assert np.random.get_state()[1].tolist() == state


def test_quantised_training_repeats_and_leaves_the_float_model_alone(trained):
    before = weight_bytes(trained.model)
    again = train_quantised(trained.model, trained.x, trained.y, epochs=3, seed=0)
    assert weight_bytes(again) == weight_bytes(trained.qat_model)
    assert weight_bytes(trained.model) == before
    assert not trained.model.losses
    assert all(layer.trainable for layer in trained.model.layers)


def test_quantised_training_drops_nothing_unless_told(trained):
    window = keras.Input((32, 3, 1))
    x = keras.layers.Conv2D(4, (3, 1), padding="same", use_bias=False)(window)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    x = keras.layers.Conv2D(3, 1)(keras.layers.Dropout(0.5)(x))
    model = keras.Model(window, keras.layers.Softmax()(keras.layers.GlobalAveragePooling2D()(x)))
    weights = [
        weight_bytes(train_quantised(model, trained.x[:64], trained.y[:64], epochs=1, seed=0, **settings))
        for settings in ({}, {"dropout": 0.0}, {"dropout": 0.5})
    ]
    assert weights[0] == weights[1] != weights[2]
    (dropout,) = (layer for layer in model.layers if isinstance(layer, keras.layers.Dropout))
    assert dropout.rate == 0.5


def test_quantised_training_follows_the_float_model_and_not_the_labels(trained):
    wrong, windows = (trained.y + 1) % 3, trained.x[..., np.newaxis]
    decided = trained.model.predict(windows, verbose=0).argmax(axis=1)
    settings = {"epochs": 5, "learning_rate": 3e-3, "seed": 0}
    following = train_quantised(trained.model, trained.x, wrong, **settings)
    assert (following.predict(windows, verbose=0).argmax(axis=1) == decided).mean() > 0.95
    labelled = train_quantised(trained.model, trained.x, wrong, follow=False, **settings)
    assert (labelled.predict(windows, verbose=0).argmax(axis=1) == decided).mean() < 0.7


def test_the_callers_random_state_is_kept(trained):
    model = small_net()
    python_state, numpy_state = random.getstate(), np.random.get_state()[1].copy()
    train_float(model, trained.x[:32], trained.y[:32], epochs=1, seed=3)
    untrained_int8(model)
    assert random.getstate() == python_state
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_state)


def test_keras_callbacks_see_every_epoch_and_may_stop(trained):
    class StopAfterTwo(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(logs)
            self.model.stop_training = epoch == 1

    history = train_float(
        small_net(),
        trained.x[:64],
        trained.y[:64],
        epochs=5,
        seed=0,
        validation_data=(trained.x_test[:30], trained.y_test[:30]),
        callbacks=[StopAfterTwo()],
    )
    assert [len(values) for values in history.values()] == [2] * len(history)


def test_ranges_are_those_of_the_float_model(trained):
    import tensorflow_model_optimization as tfmot

    logits_model = keras.Model(trained.model.input, trained.model.layers[-1].input)
    quantised = tfmot.quantization.keras.quantize_model(logits_model)
    x = trained.x[:128, ..., None]
    calibrate_ranges(quantised, logits_model, x, seed=0)
    relu = keras.Model(trained.model.input, trained.model.get_layer("mid0_relu").output)
    # As many windows as two batches of 64: the mean over both, in whichever order they are drawn.
    order = np.random.default_rng(0).permutation(128)
    expected = np.mean([relu(x[half]).numpy().max() for half in (order[:64], order[64:])])
    weights = {weight.name: weight.numpy() for weight in quantised.get_layer("quant_mid0_relu").weights}
    assert weights["quant_mid0_relu/output_max:0"] == pytest.approx(expected, rel=1e-5)
    assert weights["quant_mid0_relu/output_min:0"] == 0


@pytest.mark.long
def test_the_range_of_the_input_is_set_in_every_training_of_a_process(trained):
    """Keras gives the layer another name each time."""
    x = trained.x[:128, ..., None]
    for _ in range(2):
        qat_model = train_quantised(trained.model, trained.x[:64], trained.y[:64], epochs=1, learning_rate=1e-9, seed=0)
        (layer,) = (layer for layer in qat_model.layers if layer.name.startswith("quantize_layer"))
        low, high = (next(w for w in layer.weights if w.name.endswith(f"_{end}:0")).numpy() for end in ("min", "max"))
        assert low == pytest.approx(x.min(), rel=0.25)
        assert high == pytest.approx(x.max(), rel=0.25)


@pytest.mark.parametrize(
    ("setting", "error", "message"),
    [
        ({"epochs": 0}, errors.SettingError, "epochs=0 must be a whole number of at least 1"),
        ({"epochs": 1.5}, errors.SettingError, "epochs=1.5"),
        ({"batch_size": -1}, errors.SettingError, "batch_size=-1"),
        ({"seed": -1}, errors.SettingError, "seed=-1 must be a whole number of at least 0"),
        ({"learning_rate": float("nan")}, errors.SettingError, "learning_rate=nan"),
        ({"label_smoothing": 1.0}, errors.SettingError, "label_smoothing=1.0"),
        ({"x": np.zeros((6, 16, 3))}, errors.WindowShapeError, r"\(6, 16, 3\).*\(windows, 32, 3\)"),
        ({"x": np.full((6, 32, 3), np.nan)}, errors.NonFiniteError, "NaN"),
        ({"y": np.arange(5) % 3}, errors.LengthMismatchError, r"\(5,\) for 6 windows"),
        ({"y": np.array([0, 1, 2, 3, 0, 1])}, errors.UnknownLabelError, "from 0 to 2"),
        ({"y": np.array(["a"] * 6)}, errors.UnknownLabelError, "integers"),
    ],
)
def test_bad_arguments_are_named(setting, error, message):
    arguments = {"x": np.zeros((6, 32, 3)), "y": np.arange(6) % 3, "epochs": 1, "seed": 0} | setting
    with pytest.raises(error, match=message):
        train_float(small_net(), arguments.pop("x"), arguments.pop("y"), **arguments)


def test_a_model_that_cannot_be_quantised_is_refused():
    window = keras.layers.Input((32, 3, 1))
    x = keras.layers.DepthwiseConv2D(3, name="depthwise")(window)
    x = keras.layers.Softmax()(keras.layers.GlobalAveragePooling2D()(x))
    with pytest.raises(errors.CoreModelError, match="'depthwise' is a DepthwiseConv2D; allowed are Conv2D"):
        train_float(keras.Model(window, x), np.zeros((6, 32, 3)), np.zeros(6, int), epochs=1, seed=0)


def test_the_graph_of_a_training_goes_with_it():
    def train() -> None:
        x, y = sines(16)
        model = Architecture(32, 1, 3, (TimeReduce(3, 4),)).build(0.3, 0)
        train_float(model, x[..., :1], y, epochs=2, batch_size=8, seed=0)

    train()
    before = count_graphs("_steps")
    train()
    assert count_graphs("_steps") == before
