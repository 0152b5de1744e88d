"""Members of a network are trained apart, each by its own answers."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tsnas.space.architecture import Architecture, TimeReduce
from tsnas.training.augment import unchanged
from tsnas.training.loop import TrainingLoop
from tsnas.training.members import member_answers
from tsnas.training.train import train_float

NET = Architecture(16, 2, 3, (TimeReduce(3, 4),), members=3)


def windows(count=24, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, 16, 2, 1)).astype(np.float32), np.arange(count) % 3


def member_logits(model, x, member):
    prefix = f"member{member + 1}_" if member else ""
    return tf.keras.Model(model.input, model.get_layer(f"{prefix}mean").output)(x).numpy()


def softmax(logits):
    parts = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return parts / parts.sum(axis=-1, keepdims=True)


def test_answers_are_those_of_each_member_and_their_mean_logits_the_model_s():
    model, (x, _) = NET.build(seed=1), windows()
    apart = member_answers(model)(x).numpy()
    assert apart.shape == (24, 3, 3)
    logits = [member_logits(model, x, member) for member in range(3)]
    for member in range(3):
        np.testing.assert_allclose(apart[:, member], softmax(3 * logits[member]), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model(x).numpy(), softmax(np.mean([3 * one for one in logits], axis=0)), rtol=1e-4)


def test_a_single_member_is_the_model_itself():
    model = NET.member.build(seed=1)
    assert member_answers(model) is model


def test_the_loss_is_the_mean_of_the_members_losses():
    model, (x, y) = NET.build(seed=2), windows()
    labels = np.eye(3, dtype=np.float32)[y]
    apart = member_answers(model)(x, training=True).numpy()
    losses = -np.log(np.take_along_axis(apart, y[:, None, None], axis=2))[..., 0]
    right = (apart.argmax(axis=2) == y[:, None]).mean()
    loop = TrainingLoop(model, 24, 0.0, unchanged, answers=member_answers(model))
    weights = np.arange(24) + 1.0
    history = loop.run(x, labels, 1, 1e-9, seed=0, sample_weight=weights)
    expected = np.mean(losses * (weights / weights.mean())[:, None])
    assert history["loss"] == [pytest.approx(expected, rel=1e-4)]
    assert history["accuracy"] == [pytest.approx(right)]


def test_no_member_sees_what_another_one_has_learned():
    x, y = windows()
    alone, beside = NET.build(seed=3), NET.build(seed=3)
    other = beside.get_layer("member2_classes")
    other.set_weights([5 * weight + 1 for weight in other.get_weights()])
    for model in (alone, beside):
        train_float(model, x, y, epochs=3, batch_size=8, seed=0, augment=unchanged)
    for name in ("time_reduce_0", "classes", "member3_time_reduce_0", "member3_classes"):
        for one, two in zip(alone.get_layer(name).get_weights(), beside.get_layer(name).get_weights(), strict=True):
            np.testing.assert_array_equal(one, two)
    assert not np.array_equal(alone.get_layer("member2_classes").kernel, other.kernel)


def test_members_learn_what_a_single_network_learns():
    x, y = windows(48)
    x += 2.0 * y[:, None, None, None]
    for members in (1, 2):
        model = dataclasses.replace(NET, members=members).build(seed=0)
        train_float(model, x, y, epochs=60, batch_size=16, learning_rate=0.03, seed=0, augment=unchanged)
        assert (model(x).numpy().argmax(axis=1) == y).mean() == 1.0
