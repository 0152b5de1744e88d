"""The supernet: its costs at one-hot decisions, its gradients, its train step, and any window it may meet."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from hypothesis import given, settings
from hypothesis import strategies as st
from scale import scaled
from supernet_choices import one_hot, random_choices

from tsnas.cost.board import load_board
from tsnas.cost.estimate import estimate_graph
from tsnas.cost.flash import flash_bytes
from tsnas.cost.memory import op_tail_bytes, plan_arena, scratch_bytes
from tsnas.cost.records import aligned
from tsnas.space.config import SpaceConfig
from tsnas.space.supernet import Supernet, build_cells

BOARD = load_board("nucleo_f446re")
SMALL = SpaceConfig(
    time_reduce_filters=8, fusion_filters=16, kernel_sizes=(3, 5), extra_fusion_cells=1, minimum_sensors=3
)


def small_supernet(time=32, channels=6, classes=3, **kwargs):
    return Supernet(build_cells(BOARD, time, channels, classes, SMALL), BOARD, **kwargs)


def live_peak_bytes(graph):
    """Equation 4 by brute force: the largest sum of tensors that are alive and scratch, over the operators."""
    sizes = {name: aligned(size) for name, size in graph.tensor_bytes().items()}
    born = {graph.input: -1} | {node.output: step for step, node in enumerate(graph.nodes)}
    dies = {
        name: max([s for s, node in enumerate(graph.nodes) if name in node.inputs], default=10**9) for name in sizes
    }
    return max(
        sum(size for name, size in sizes.items() if born[name] <= step <= dies[name])
        + sum(aligned(n_bytes) for n_bytes in scratch_bytes(node.op))
        for step, node in enumerate(graph.nodes)
    )


def test_the_cells_have_the_kernels_of_the_settings():
    config = SpaceConfig(kernel_sizes=(3, 9), time_reduce_kernel_sizes=(5, 7))
    cells = build_cells(BOARD, 64, 6, 3, config)[:-1]
    assert [cell.kernels for cell in cells] == [(5, 7)] * 2 + [(3, 9)] * 3


@pytest.mark.parametrize("board", ["nucleo_f446re", "nucleo_l552ze_q", "nicla_sense_me"])
@pytest.mark.parametrize(("shape", "members"), [((32, 6), 1), ((8, 1), 2), ((61, 2), 1), ((61, 2), 2), ((32, 6), 3)])
def test_one_hot_costs_are_those_of_the_derived_architecture(board, shape, members):
    board = load_board(board)
    supernet = Supernet(build_cells(board, *shape, 4, dataclasses.replace(SMALL, members=members)), board)
    rng = np.random.default_rng(0)
    for _ in range(15):
        choices = random_choices(supernet, rng)
        architecture = supernet.architecture(choices)
        assert architecture.members == members
        graph = architecture.graph()
        costs = supernet.expected_costs(one_hot(supernet, choices))
        estimate = estimate_graph(graph, board)
        assert float(costs.latency_ms) == pytest.approx(estimate.latency_ms, rel=1e-5)
        assert float(costs.flash_bytes) == flash_bytes(graph)
        assert float(costs.ram_bytes) == estimate.ram_bytes
        tail_bytes = supernet.base_costs().ram_bytes + sum(op_tail_bytes(n.op, board.runtime) for n in graph.nodes)
        planning_bytes = plan_arena(graph, board.runtime).planning_bytes
        assert estimate.ram_bytes == max(live_peak_bytes(graph), planning_bytes) + tail_bytes


def test_soft_costs_are_the_mean_over_sampled_architectures():
    supernet = small_supernet()
    rng = np.random.default_rng(1)
    for group in supernet.decision_groups():
        group.alpha.assign(rng.normal(size=len(group.options)))
    decisions = supernet.decide("softmax")
    # Costs take leading axes: 2,000 one-hot rows at once.
    drawn = [
        {name: np.eye(len(p), dtype=np.float32)[rng.choice(len(p), 2000, p=p / sum(p))] for name, p in cell.items()}
        for cell in [{name: p.numpy().astype(float) for name, p in probs.items()} for probs in decisions]
    ]
    drawn = np.array(supernet.expected_costs(drawn).latency_ms)
    standard_error = np.std(drawn) / np.sqrt(len(drawn))
    assert float(supernet.expected_costs(decisions).latency_ms) == pytest.approx(np.mean(drawn), abs=4 * standard_error)


def test_expected_costs_follow_alphas_and_temperature():
    supernet = small_supernet()
    for temperature, strength in [(1.0, 0.0), (0.5, 1.0), (0.1, 2.0)]:
        supernet.temperature.assign(temperature)
        for index, alpha in enumerate(supernet.alphas):
            alpha.assign(strength * np.random.default_rng(index).normal(size=alpha.shape))
        costs = supernet.expected_costs(supernet.decide("softmax"))
        assert supernet.expected() == pytest.approx([float(cost) for cost in costs], rel=1e-5)


def test_gradients_of_latency_and_ram_reach_alpha():
    supernet = small_supernet()
    with tf.GradientTape(persistent=True) as tape:
        costs = supernet.expected_costs(supernet.decide("softmax"))
    by_latency = tape.gradient(costs.latency_ms, supernet.alphas)
    assert all(g is not None and np.isfinite(g).all() and np.abs(g).max() > 0 for g in by_latency)
    by_ram = [g for g in tape.gradient(costs.ram_bytes, supernet.alphas) if g is not None]
    assert any(np.abs(g).max() > 0 for g in by_ram)


@settings(max_examples=scaled(12), deadline=None)
@given(time=st.integers(8, 70), channels=st.integers(1, 14), classes=st.integers(2, 4))
def test_any_window_gives_probabilities(time, channels, classes):
    supernet = small_supernet(time, channels, classes)
    outputs = supernet(np.random.default_rng(0).normal(size=(2, time, channels, 1)).astype(np.float32))
    assert outputs.shape == (2, classes)
    np.testing.assert_allclose(tf.reduce_sum(outputs, -1), 1, rtol=1e-5)
    time_out, channels_out = supernet.cells[-1].in_size
    assert time_out >= 4
    assert channels_out == 1 or channels_out < channels


def test_one_hot_supernet_computes_the_derived_network():
    supernet = small_supernet()
    inputs = tf.constant(np.random.default_rng(0).normal(size=(3, 32, 6, 1)), tf.float32)
    supernet(inputs)
    choices = [
        {"kernel": 1, "filters": 0},
        {"mid_filters": 1, "filters": 0, "skip": 0, "branch3": 1, "branch5": 0},
        {"cell": 1},
        {},
    ]
    net = supernet.architecture(choices).build()
    stem, fusion, _, output = supernet.cells
    for name, layer, widths in [
        ("time_reduce_0", stem.convs[1], (1, 4)),
        ("sensor_fusion_1_skip", fusion.skip, (4, 8)),
        ("sensor_fusion_1_mid", fusion.mid, (4, 16)),
        ("sensor_fusion_1_branch5", fusion.branches[1], (16, 8)),
    ]:
        net.get_layer(name).set_weights([layer.conv.kernel.numpy()[:, :, : widths[0], : widths[1]]])
    kernel, bias = output.conv.get_weights()
    net.get_layer("classes").set_weights([kernel[:, :, :8], bias])
    expected = supernet(inputs, decisions=one_hot(supernet, choices))
    np.testing.assert_allclose(net(inputs), expected, atol=1e-5)


def test_train_step_trains_alpha_on_validation_and_w_on_training_batches():
    supernet = small_supernet()
    batch = (tf.constant(np.random.default_rng(0).normal(size=(8, 32, 6, 1)), tf.float32), tf.range(8) % 3)
    supernet(batch[0])
    supernet.compile(keras.optimizers.legacy.Adam(0.01), temperature_decay=0.5, warmup_steps=1)
    alphas = [alpha.numpy() for alpha in supernet.alphas]
    weights = [weight.numpy() for weight in supernet.network_weights]
    assert len(supernet.alphas) + len(supernet.network_weights) == len(supernet.trainable_variables)

    logs = supernet.train_step((batch, batch))
    assert all((a == alpha.numpy()).all() for a, alpha in zip(alphas, supernet.alphas, strict=True)), "warm-up"
    assert any((w != weight.numpy()).any() for w, weight in zip(weights, supernet.network_weights, strict=True))
    logs = supernet.train_step((batch, batch))
    assert all((a != alpha.numpy()).any() for a, alpha in zip(alphas, supernet.alphas, strict=True))
    assert float(supernet.temperature) == 0.25
    assert set(logs) == {"loss", "accuracy", "val_loss", "val_accuracy", "hardware_loss"}
    assert all(np.isfinite(float(value)) for value in logs.values())


def test_a_path_computes_what_the_full_supernet_does():
    supernet = small_supernet(dropout=0.0)
    inputs = tf.constant(np.random.default_rng(0).normal(size=(8, 32, 6, 1)), tf.float32)
    supernet(inputs)
    rng = np.random.default_rng(1)
    for _ in range(12):
        choices = random_choices(supernet, rng)
        expected = supernet(inputs, decisions=one_hot(supernet, choices), training=True)
        settings = tf.constant(supernet.path_settings(choices))
        assert len(settings) == supernet.path_length
        np.testing.assert_allclose(supernet.path(inputs, settings), expected, atol=1e-4)
