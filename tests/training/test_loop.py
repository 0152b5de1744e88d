"""A training loop: Adam by its formula, and every training as if it were the first."""

import math

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from small_nets import small_net
from toy_data import sines

from tsnas.data import Windows
from tsnas.training.augment import scale_and_noise, unchanged
from tsnas.training.batch_norm import RowBatchNormalization
from tsnas.training.dropout import SeededDropout
from tsnas.training.loop import (
    LAST_SHARE,
    SOLVED_STEPS,
    STEPS_PER_CALL,
    TrainingLoop,
    _cosine,
    _is_solved,
    _shortened,
    for_training,
)


def drawn(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


def linear_net(classes=3):
    """A network that is a linear model of the mean of a window."""
    window = keras.Input((8, 2, 1))
    x = keras.layers.Conv2D(classes, (1, 2), use_bias=False)(window)
    return keras.Model(window, keras.layers.Softmax()(keras.layers.GlobalAveragePooling2D()(x)))


def adam(features, targets, weights, steps, peak, smoothing, factors=1.0):
    """Adam as in the paper, with all windows in each batch; a slow version of its own."""
    factors = np.broadcast_to(factors, len(features))[:, None]
    weights, first, second = weights.astype(np.float64), np.zeros_like(weights), np.zeros_like(weights)
    targets = targets * (1 - smoothing) + smoothing / targets.shape[1]
    warm_up = max(1, round(0.05 * steps))
    for step in range(steps):
        scores = features @ weights
        chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        gradient = features.T @ (factors * (chances - targets)) / len(features)
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        done = (step - warm_up) / max(steps - warm_up, 1)
        rate = peak * (step / warm_up if step < warm_up else 0.5 * (1 + np.cos(np.pi * min(done, 1))))
        corrected = rate * np.sqrt(1 - 0.999 ** (step + 1)) / (1 - 0.9 ** (step + 1))
        weights = weights - corrected * first / (np.sqrt(second) + 1e-7)
    return weights


@pytest.mark.parametrize("epochs", [1, 7, 40])
def test_weights_are_those_of_adam(epochs):
    (x,) = drawn((12, 8, 2, 1))
    labels = np.eye(3, dtype=np.float32)[np.arange(12) % 3]
    model = linear_net()
    before = model.get_weights()[0].reshape(2, 3)
    history = TrainingLoop(model, 12, 0.1, unchanged).run(x, labels, epochs, 0.05, seed=0)
    expected = adam(x[..., 0].mean(axis=1), labels, before, epochs, 0.05, 0.1)
    np.testing.assert_allclose(model.get_weights()[0].reshape(2, 3), expected, atol=2e-5)
    assert [len(history[name]) for name in ("loss", "accuracy")] == [epochs] * 2


def test_windows_count_as_much_as_they_weigh():
    (x,) = drawn((12, 8, 2, 1))
    labels = np.eye(3, dtype=np.float32)[np.arange(12) % 3]
    weights = np.linspace(1, 50, 12)
    model = linear_net()
    before = model.get_weights()
    loop = TrainingLoop(model, 12, 0.1, unchanged)
    loop.run(x, labels, 20, 0.05, seed=0, sample_weight=weights)
    expected = adam(x[..., 0].mean(axis=1), labels, before[0].reshape(2, 3), 20, 0.05, 0.1, weights / weights.mean())
    np.testing.assert_allclose(model.get_weights()[0].reshape(2, 3), expected, atol=2e-5)
    ends = []
    for same in (None, np.full(12, 2.5)):
        model.set_weights(before)
        loop.run(x, labels, 20, 0.05, seed=0, sample_weight=same)
        ends.append(model.get_weights()[0])
    np.testing.assert_array_equal(*ends)


def test_lazy_windows_are_read_in_the_same_order():
    (x,) = drawn((50, 8, 2, 1))
    labels = np.eye(3, dtype=np.float32)[np.arange(50) % 3]
    ends = []
    for windows in (x, Windows(x), Windows(np.concatenate([x, x])[..., 0], lambda raw: raw, np.arange(50))):
        model = linear_net()
        model.set_weights([np.ones_like(weight) for weight in model.get_weights()])
        TrainingLoop(model, 8, 0.1, scale_and_noise).run(windows, labels, 2, 0.05, seed=0)
        ends.append(model.get_weights()[0])
    np.testing.assert_array_equal(ends[0], ends[1])
    np.testing.assert_array_equal(ends[0], ends[2])


def test_the_rate_rises_and_falls_as_keras_has_it():
    steps, warm_up = 40, 2
    schedule = keras.optimizers.schedules.CosineDecay(0.0, steps - warm_up, warmup_target=1.0, warmup_steps=warm_up)
    np.testing.assert_allclose(_cosine(steps), [float(schedule(step)) for step in range(steps)], atol=1e-6)


@pytest.mark.parametrize(("done", "left"), [(0, 20), (48, 20), (79, 20), (80, 20), (95, 5), (100, 0)])
def test_shortened_rates_go_on_where_they_are_and_end_where_they_would(done, left):
    rates = _cosine(100)
    found = _shortened(rates, done, 20)
    assert len(found) == done + left
    np.testing.assert_array_equal(found[:done], rates[:done])
    if left:
        assert (found[done], found[-1]) == (rates[done], rates[-1])
    assert np.all(np.diff(found[max(done, 5) :]) < 0)


def solvable(wrong):
    """Windows whose class is the channel with the larger mean; some labels are wrong."""
    (x,) = drawn((64, 8, 2, 1))
    codes = np.arange(64) % 2
    x[np.arange(64), :, codes] += 5.0
    codes[:wrong] = 1 - codes[:wrong]
    return x, np.eye(3, dtype=np.float32)[codes]


@pytest.mark.parametrize(
    ("wrong", "epochs", "asked", "shorter"),
    [(0, 80, True, True), (0, 43, True, True), (0, 80, False, False), (1, 80, True, False)],
)
def test_a_training_that_makes_no_mistakes_any_more_ends_early(wrong, epochs, asked, shorter):
    per_epoch = 8
    x, labels = solvable(wrong)
    history = TrainingLoop(linear_net(), 8, 0.1, unchanged).run(x, labels, epochs, 0.05, 0, until_solved=asked)
    ended = len(history["accuracy"])
    if not shorter:
        assert ended == epochs
        return
    accuracies = history["accuracy"]
    solved = next(done for done in range(1, ended) if _is_solved(accuracies[:done], per_epoch, 8))
    assert solved >= SOLVED_STEPS // per_epoch
    assert ended == solved + math.ceil(LAST_SHARE * epochs)


@pytest.mark.parametrize(
    ("wrong", "per_epoch", "batch_size", "solved"),
    [
        ([2, 2, 2], 16, 16, True),
        ([3, 2, 2], 16, 16, False),
        ([9, 0, 6, 0], 16, 16, True),
        ([0, 0], 16, 16, False),
        ([0.5] * 24, 2, 16, False),
        ([0.25] * 24, 2, 16, True),
        ([3, 0, 0], 16, 8, True),
        ([4, 0, 0], 16, 8, False),
        ([6], 115, 64, True),
        ([7], 115, 64, False),
    ],
)
def test_a_training_is_solved_once_hardly_any_answers_are_wrong(wrong, per_epoch, batch_size, solved):
    accuracies = [float(1 - np.float32(one / (per_epoch * batch_size))) for one in wrong]
    assert _is_solved(accuracies, per_epoch, batch_size) == solved


def test_a_training_does_not_depend_on_those_before_it():
    x, y = sines(40)
    windows, labels = x[..., None], np.eye(3, dtype=np.float32)[y]
    window = keras.Input((32, 3, 1))
    net = keras.layers.BatchNormalization()(keras.layers.Conv2D(4, (3, 3), use_bias=False)(window))
    net = keras.layers.Conv2D(3, 1)(keras.layers.Dropout(0.5)(keras.layers.ReLU()(net)))
    model = for_training(keras.Model(window, keras.layers.Softmax()(keras.layers.GlobalAveragePooling2D()(net))))
    start = model.get_weights()
    loop = TrainingLoop(model, 8, 0.1, scale_and_noise)
    ends = []
    for rows, epochs, seed in ((40, 3, 1), (24, 2, 2), (40, 3, 1), (40, 3, 3)):
        model.set_weights(start)
        loop.run(windows[:rows], labels[:rows], epochs, 3e-3, seed)
        ends.append(np.concatenate([weight.ravel() for weight in model.get_weights()]))
    np.testing.assert_array_equal(ends[0], ends[2])
    assert not np.array_equal(ends[0], ends[3])
    assert loop._function.experimental_get_tracing_count() == 1


@pytest.mark.parametrize(("windows", "batch_size"), [(12, 4), (13, 4), (3 * STEPS_PER_CALL, 1), (5, 5)])
def test_each_epoch_draws_every_window_at_most_once_in_another_order(windows, batch_size):
    loop = TrainingLoop(linear_net(), batch_size, 0.0, unchanged)
    epochs = []
    for epoch in range(2):
        calls = list(loop._batches(windows, epoch, seed=0))
        assert all(rows.shape[1] == batch_size and len(rows) <= STEPS_PER_CALL for rows in calls)
        epochs.append(np.concatenate(calls).ravel())
    for drawn_rows in epochs:
        assert len(drawn_rows) == windows // batch_size * batch_size == len(set(drawn_rows))
    assert windows < 2 * batch_size or list(epochs[0]) != list(epochs[1])


def test_callbacks_hear_of_every_step_and_may_stop_between_calls():
    class Stop(keras.callbacks.Callback):
        steps = 0

        def on_train_batch_end(self, batch, logs=None):
            self.steps += 1
            self.model.stop_training = True

    (x,) = drawn((4 * STEPS_PER_CALL, 8, 2, 1))
    stop = Stop()
    history = TrainingLoop(linear_net(), 1, 0.0, unchanged).run(
        x, np.eye(3, dtype=np.float32)[np.arange(len(x)) % 3], 5, 1e-3, 0, callbacks=[stop]
    )
    assert stop.steps == STEPS_PER_CALL
    assert len(history["loss"]) == 1


@pytest.mark.parametrize("dilation", [1, 4])
def test_a_copy_has_the_same_weights_and_leaves_the_model_alone(dilation):
    keras.utils.set_random_seed(0)
    window = keras.Input((16, 3, 1))
    # A bias, or a norm, straight before a norm has no gradient but that of rounding; nor has a constant target.
    x = keras.layers.Conv2D(4, (3, 1), use_bias=False, dilation_rate=(dilation, 1), name="conv")(window)
    x = keras.layers.BatchNormalization(momentum=0.7, name="norm")(x)
    x = keras.layers.ReLU()(x)
    model = keras.Model(window, keras.layers.BatchNormalization(scale=False, name="no_scale")(x))
    copy = for_training(model)
    kinds = [type(copy.get_layer(name)) for name in ("norm", "no_scale")]
    assert kinds == [RowBatchNormalization, keras.layers.BatchNormalization]
    assert copy.get_layer("norm").momentum == 0.7
    windows = drawn((5, 16, 3, 1))[0]
    np.testing.assert_array_equal(copy(windows), model(windows))
    before = model.get_weights()
    copy.compile("sgd", "mse")
    copy.fit(windows, drawn((5, 16 - 2 * dilation, 3, 4), seed=1)[0], verbose=0)
    for one, other, trained in zip(before, model.get_weights(), copy.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
        assert not np.array_equal(one, trained)


def test_dropout_depends_on_its_seed_and_step_alone():
    x = np.ones((50, 8), np.float32)
    layer = SeededDropout(0.25)
    draws = []
    for draw in ([1, 2], [1, 3], [1, 2]):
        layer.draw = draw
        draws.append(layer(x, training=True).numpy())
    np.testing.assert_array_equal(draws[0], draws[2])
    assert not np.array_equal(draws[0], draws[1])
    assert set(np.unique(draws[0])) == {np.float32(0), np.float32(1 / 0.75)}
    assert draws[0].mean() == pytest.approx(1, abs=0.1)
    np.testing.assert_array_equal(layer(x), x)
    assert not keras.backend.is_sparse(layer(x, training=True))


@pytest.mark.parametrize(("rate", "dropped"), [(0.3, 77 / 256), (0.001, 0.0), (0.5, 0.5), (0.999, 255 / 256)])
@pytest.mark.parametrize("shape", [(3, 5, 7), (400, 129)])
def test_dropout_drops_values_at_its_rate_each_by_itself(rate, dropped, shape):
    layer = SeededDropout(rate)
    layer.draw = [1, 2]
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    found = tf.function(layer, autograph=False)(tf.constant(x), training=True).numpy()
    is_kept = found != 0
    np.testing.assert_allclose(found[is_kept], x[is_kept] / (1 - dropped), rtol=1e-6)
    assert 1 - is_kept.mean() == pytest.approx(dropped, abs=5 * np.sqrt(dropped * (1 - dropped) / x.size) + 1e-9)
    # Neighbours, of which four share a word, are dropped together no more often than by chance.
    for apart in (1, 2, 3, 4):
        together = (~is_kept.ravel()[apart:] & ~is_kept.ravel()[:-apart]).mean()
        assert together == pytest.approx(dropped**2, abs=6 * np.sqrt(max(dropped, 1e-9) / x.size))


def test_a_copy_of_a_network_has_the_layers_of_training():
    model = small_net()
    kinds = {type(layer) for layer in for_training(model).layers}
    assert RowBatchNormalization in kinds
    assert keras.layers.BatchNormalization not in kinds


@pytest.mark.long
def test_tensorflow_does_not_warn_of_a_graph_for_each_of_many_short_trainings(caplog):
    x, y = sines(16)
    windows, labels = x[..., None], np.eye(3, dtype=np.float32)[y]
    for filters in range(4, 11):
        model = for_training(small_net(filters=filters))
        TrainingLoop(model, 16, 0.1, unchanged).run(windows, labels, 1, 1e-3, seed=0)
    assert "retracing" not in caplog.text
