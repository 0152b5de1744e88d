"""Networks of the study of series: the largest of one rule within a latency, for windows of any length."""

import numpy as np
import pytest

from benchmarks.series_nets import BASE, CHANGES, network, table, with_head
from tsnas.cost.board import load_board
from tsnas.cost.estimate import estimate_graph
from tsnas.space.architecture import TimeConv, TimeReduce

BOARD = load_board("nucleo_f446re")


@pytest.mark.parametrize("time", [60, 130, 300, 720, 1460])
@pytest.mark.parametrize("variant", CHANGES)
def test_the_largest_network_within_the_limit_is_taken(variant, time):
    settings = BASE | CHANGES[variant]
    small, large = (network(settings, time, 5, BOARD, limit) for limit in (12.0, 80.0))
    assert estimate_graph(small.graph(), BOARD).latency_ms <= 12 or small.cells[-1].filters == 8
    assert estimate_graph(large.graph(), BOARD).latency_ms <= 80
    assert large.cells[-1].filters > small.cells[-1].filters
    convs = [cell for cell in large.cells if isinstance(cell, TimeConv)]
    assert tuple((cell.kernel, cell.dilation) for cell in convs) == settings["taps"]
    left = time / np.prod([cell.stride for cell in large.cells if isinstance(cell, TimeReduce)])
    assert left < 2 * settings["minimum_time"]


@pytest.mark.parametrize(("head", "seen"), [("mean", 1), ("mean and maximum", 2), ("mean and share", 2), ("parts", 4)])
def test_a_head_sees_so_many_values_of_each_filter(head, seen):
    net = network(BASE, 70, 3, BOARD, 12.0)
    model = with_head(net.build(0.3, seed=0), head, seed=0)
    windows = np.random.default_rng(0).normal(size=(5, 70, 1, 1)).astype(np.float32)
    probabilities = model(windows).numpy()
    assert probabilities.shape == (5, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    filters = net.cells[-1].filters
    assert model.trainable_weights[-2].shape[-2] == seen * filters


def test_gains_are_those_over_the_base_with_the_same_seed():
    rows = [
        {"variant": variant, "set": name, "seed": seed, "max_latency_ms": 36.0, "accuracy": accuracy}
        for variant, name, seed, accuracy in [
            ("base", "a", 0, 0.5),
            ("base", "b", 0, 0.7),
            ("base", "b", 1, 0.9),
            ("other", "a", 0, 0.6),
            ("other", "b", 1, 0.8),
        ]
    ]
    base, other = table(rows).splitlines()[2:]
    assert base.split() == ["base", "0.7000", "0.0000", "0.0000", "3"]
    assert other.split() == ["other", "0.7000", "0.0000", "0.0707", "2"]
