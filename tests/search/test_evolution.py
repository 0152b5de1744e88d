"""Evolution finds networks that can learn the task, inside the limits, and its steps train one path only."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from toy_data import sines

from tsnas.cost.board import load_board
from tsnas.cost.estimate import estimate_graph
from tsnas.cost.limits import Limits
from tsnas.errors import InfeasibleError
from tsnas.search.evolution import EvolutionConfig, evolve
from tsnas.search.paths import WELL_USED, Part, Paths
from tsnas.space.config import SpaceConfig
from tsnas.space.supernet import Supernet, build_cells
from tsnas.training.seed import fixed_seed

BOARD = load_board("nucleo_f446re")
LIMITS = Limits(max_latency_ms=2, max_ram_kb=6.2)
CONFIG = SpaceConfig(time_reduce_filters=8, fusion_filters=16, extra_fusion_cells=1, collapse=True)
QUICK = EvolutionConfig(epochs=6, batch_size=16, population=8, generations=3, last_generations=2)


def evolved(limits=LIMITS, config=QUICK, callbacks=(), seed=0):
    with fixed_seed(seed):
        supernet = Supernet(build_cells(BOARD, 32, 3, 3, CONFIG, seed), BOARD)
        paths = Paths(Part.of(supernet), limits.on(BOARD))
        x, y = sines(160)
        train, val = (x[:120, ..., None], y[:120]), (x[120:, ..., None], y[120:])
        (found,), history = evolve([paths], train, val, config, callbacks, seed)
        return supernet, found, history


@pytest.fixture(scope="module")
def outcome():
    return evolved()


def test_what_it_finds_fits_and_is_distinct(outcome):
    _, found, _ = outcome
    assert 1 < len(found) <= 8
    assert len({candidate.architecture for candidate in found}) == len(found)
    for candidate in found:
        assert candidate.estimate.latency_ms <= 2
        assert candidate.estimate.ram_bytes <= 6.2 * 1024


def test_it_learns_and_tells_how_it_goes(outcome):
    _, _, history = outcome
    assert {len(values) for values in history.values()} == {6}
    assert history["val_accuracy"][-1] > 0.8
    assert history["val_loss"][-1] < history["val_loss"][0]
    assert set(history) >= {"loss", "accuracy", "expected_latency_ms", "expected_ram_bytes", "entropy", "settled"}
    assert history["entropy"][-1] < history["entropy"][0], "a population that is bred agrees more and more"
    assert 0 < history["expected_latency_ms"][-1] < 2


@pytest.mark.parametrize(
    ("max_latency_ms", "can"),
    [pytest.param(2, True, marks=pytest.mark.long), pytest.param(1000, False, marks=pytest.mark.long)],
)
def test_what_it_finds_uses_the_limits_well_where_anything_can(max_latency_ms, can):
    limits = Limits(max_latency_ms=max_latency_ms)
    config = dataclasses.replace(QUICK, epochs=2, generations=2)
    supernet, found, _ = evolved(limits, config)
    paths = Paths(Part.of(supernet), limits.on(BOARD))
    rng = np.random.default_rng(0)
    drawn = [paths.use(paths.draw(rng)) >= WELL_USED for _ in range(20)]
    assert any(drawn) == can
    assert not all(drawn)
    assert len(found) > 1
    assert all((paths.use(candidate.path) >= WELL_USED) == can for candidate in found)


@pytest.mark.long
def test_same_seed_same_outcome(outcome):
    _, found, history = evolved()
    assert [candidate.architecture for candidate in found] == [candidate.architecture for candidate in outcome[1]]
    assert history == outcome[2]


@pytest.mark.long
def test_niches_share_a_supernet_and_each_keeps_its_own_limits_on_its_own_board():
    other = load_board("nucleo_l552ze_q")
    limits = [Limits(max_latency_ms=1), Limits(max_latency_ms=4), Limits(max_ram_kb=5)]
    boards = [BOARD, BOARD, other]
    x, y = sines(160)
    with fixed_seed(0):
        parts = {board.name: Part.of(Supernet(build_cells(board, 32, 3, 3, CONFIG, 0), board)) for board in boards}
        niches = [Paths(parts[board.name], one.on(board)) for board, one in zip(boards, limits, strict=True)]
        longer = dataclasses.replace(QUICK, epochs=15)
        found, history = evolve(niches, (x[:120, ..., None], y[:120]), (x[120:, ..., None], y[120:]), longer)
    assert len(found) == 3
    assert history["val_accuracy"][-1] > 0.7
    for one, board, each in zip(limits, boards, found, strict=True):
        for candidate in each:
            estimate = estimate_graph(candidate.architecture.graph(), board)
            assert not one.exceeded(latency_ms=estimate.latency_ms, ram_bytes=estimate.ram_bytes)
    # What the quick niche finds fits the slow one too, so both may hold it; most of the slow one is slower.
    slow = [candidate.estimate.latency_ms for candidate in found[1]]
    assert np.median(slow) > 1.0


@pytest.mark.long
def test_callbacks_hear_it_and_can_end_it():
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.logs = dict(logs)
            self.model.stop_training = True

    stop = Stop()
    _, found, history = evolved(callbacks=[stop])
    assert found
    assert len(history["loss"]) == 1
    assert stop.logs["val_accuracy"] == history["val_accuracy"][0]
    assert "expected_latency_ms" in stop.logs


def test_impossible_limits():
    with pytest.raises(InfeasibleError):
        evolved(limits=Limits(max_latency_ms=0.001))


def test_a_step_moves_nothing_that_its_path_has_not():
    supernet = Supernet(build_cells(BOARD, 32, 3, 3, CONFIG), BOARD)
    inputs = tf.constant(np.random.default_rng(0).normal(size=(8, 32, 3, 1)), tf.float32)
    supernet(inputs)
    choices = [cell.enumerate()[0] for cell in supernet.cells]  # of each decision the first option
    weights = supernet.network_weights
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(supernet.path(inputs, tf.constant(supernet.path_settings(choices)))[:, 0])
    gradients = {id(w): g.numpy() for w, g in zip(weights, tape.gradient(loss, weights), strict=True)}
    first, second = supernet.cells[0].convs[:2]
    assert np.abs(gradients[id(first.conv.kernel)][..., :4]).max() > 0
    assert np.abs(gradients[id(first.conv.kernel)][..., 4:]).max() == 0, "narrower than it could be"
    assert np.abs(gradients[id(second.conv.kernel)]).max() == 0, "the other kernel is off"
