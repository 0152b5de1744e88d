"""The search: it learns, it keeps the limits, and the same seed repeats it."""

import numpy as np
import pytest

from tsnas.cost.board import load_board
from tsnas.cost.limits import Limits
from tsnas.data import Windows
from tsnas.search.differentiable import SearchConfig, paired_batches, search
from tsnas.space.config import SpaceConfig
from tsnas.space.supernet import Supernet, build_cells

BOARD = load_board("nucleo_f446re")
SMALL = SpaceConfig(time_reduce_filters=8, fusion_filters=16, kernel_sizes=(3, 5), extra_fusion_cells=0)
LIMITS = Limits(max_latency_ms=1.0)


def run(toy_windows, seed=0, epochs=3):
    x, y = toy_windows
    x = x[..., None]
    supernet = Supernet(build_cells(BOARD, 32, 3, 3, SMALL, seed), BOARD, seed=seed)
    config = SearchConfig(epochs=epochs, batch_size=10)
    return supernet, *search(supernet, LIMITS.on(BOARD), (x[:60], y[:60]), (x[60:], y[60:]), config, seed=seed)


@pytest.fixture(scope="module")
def outcome():
    from toy_data import sines

    return run(sines(90), epochs=20)


def test_search_learns_and_keeps_the_limit(outcome):
    _, candidate, history = outcome
    # The last epochs are noisier: the limit presses, and at a low temperature the noise picks single options.
    assert max(history["val_accuracy"]) > 0.75
    assert candidate.estimate.latency_ms <= LIMITS.max_latency_ms


def test_history_has_a_value_for_each_epoch(outcome):
    supernet, _, history = outcome
    assert {"loss", "val_loss", "expected_latency_ms", "expected_ram_bytes", "temperature", "entropy"} <= set(history)
    assert all(len(values) == 20 for values in history.values())
    assert history["temperature"] == sorted(history["temperature"], reverse=True)
    assert history["temperature"][-1] == pytest.approx(SearchConfig().last_temperature, rel=1e-3)
    assert history["entropy"][-1] < history["entropy"][0]
    assert history["expected_latency_ms"][-1] == pytest.approx(supernet.expected().latency_ms)


@pytest.mark.long
def test_same_seed_same_search(toy_windows):
    (first, a, history_a), (second, b, history_b) = run(toy_windows, 3), run(toy_windows, 3)
    assert a.architecture == b.architecture
    assert history_a == history_b
    for x, y in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(x, y)


def test_batches_of_lazy_windows_are_those_of_an_array():
    x, y = np.random.default_rng(0).random((10, 8, 2, 1), np.float32), np.arange(10)
    for batches in zip(
        *(
            paired_batches((one, y), (one, y), 4, seed=0)[0].take(3).as_numpy_iterator()
            for one in (x, Windows(x), Windows(x[..., 0], lambda raw: raw))
        ),
        strict=True,
    ):
        for (windows, labels), _ in batches:
            np.testing.assert_array_equal(windows, x[labels])
            np.testing.assert_array_equal(labels, batches[0][0][1])


def test_weights_come_with_their_windows():
    x, y = np.arange(10.0), np.arange(10)
    (train, val), *_ = paired_batches((x, y, 1.0 + y), (x, y), 5, seed=0)[0].take(1).as_numpy_iterator()
    np.testing.assert_allclose(train[2], (1 + train[1]) / 5.5, rtol=1e-6)
    assert len(val) == 2


def test_batches_cover_the_training_windows_once_an_epoch():
    train, val = (np.arange(10.0), np.arange(10)), (np.arange(4.0), np.arange(4))
    dataset, steps = paired_batches(train, val, batch_size=5, seed=0)
    assert steps == 2
    batches = list(dataset.take(4).as_numpy_iterator())
    first = np.concatenate([batch[0][1] for batch in batches[:2]])
    second = np.concatenate([batch[0][1] for batch in batches[2:]])
    assert sorted(first) == sorted(second) == list(range(10))
    assert list(first) != list(second)
    assert all(set(batch[1][1]) <= set(range(4)) for batch in batches)
