"""Seeds: the same weights whatever was drawn before, and generators of the caller that stay as they were."""

import contextlib
import random

import numpy as np
import pytest
import tf_keras as keras
from small_nets import small_net
from tf_keras.src import backend

from tsnas.training.seed import fixed_seed


def initial_weights(seed: int) -> bytes:
    with fixed_seed(seed):
        return b"".join(weight.tobytes() for weight in small_net().get_weights())


def states() -> str:
    return repr((random.getstate(), np.random.get_state(), backend._SEED_GENERATOR.generator.getstate()))


@pytest.fixture
def seeded_by_the_caller(monkeypatch):
    monkeypatch.setattr(backend._SEED_GENERATOR, "generator", None, raising=False)
    keras.utils.set_random_seed(3)


def test_weights_follow_from_the_seed_alone(monkeypatch):
    monkeypatch.setattr(backend._SEED_GENERATOR, "generator", None, raising=False)
    first = initial_weights(5)
    random.random()
    assert initial_weights(5) == first != initial_weights(6)
    keras.utils.set_random_seed(3)
    assert initial_weights(5) == first


def test_generators_of_the_caller_stay_as_they_were(seeded_by_the_caller):
    before = states()
    initial_weights(5)
    assert states() == before
    with contextlib.suppress(ZeroDivisionError), fixed_seed(5):
        random.seed(1 / 0 if small_net() else 0)
    assert states() == before
