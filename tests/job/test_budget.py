"""The minutes of a job: phases get their share of what is left, and trainings end when theirs is over."""

import math

import numpy as np
import pytest
import tf_keras as keras

from tsnas.job.budget import Budget, StopAfter


def test_phases_share_what_is_left(turned):
    budget = Budget(10)
    assert budget.seconds_for("search") == pytest.approx(0.3 * 600)
    turned.turn(300)
    assert budget.seconds_for("train") == pytest.approx(0.6 * 300)
    assert budget.epochs_within("train", 50, seconds_per_epoch=9.0) == 20
    assert budget.epochs_within("train", 5, seconds_per_epoch=9.0) == 5
    turned.turn(1000)
    assert budget.seconds_for("train") == 0
    assert budget.epochs_within("train", 50, seconds_per_epoch=9.0) == 1


def test_without_a_bound_nothing_is_cut():
    budget = Budget(None)
    assert budget.seconds_for("search") == math.inf
    assert budget.epochs_within("train", 50, seconds_per_epoch=1e9) == 50
    assert budget.callbacks("train") == []


def test_an_unknown_pace_cuts_nothing():
    assert Budget(1).epochs_within("train", 50, seconds_per_epoch=0.0) == 50


@pytest.mark.parametrize(("seconds", "steps"), [(0.0, 1), (2.0, 1), (5.0, 3), (250.0, 125)])
def test_training_ends_between_two_steps(turned, seconds, steps):
    """Each step takes 2 s, and an epoch has 100 steps."""
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(2,))])
    model.compile("sgd", "mse")
    x, y = np.zeros((1000, 2)), np.zeros((1000, 1))
    seen = []
    slow = keras.callbacks.LambdaCallback(on_train_batch_begin=lambda batch, logs: turned.turn(2.0))
    count = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    model.fit(x, y, batch_size=10, epochs=50, verbose=0, callbacks=[slow, StopAfter(seconds), count])
    assert len(seen) == steps
