"""The Time-Convolution cell: its costs, its paths and its networks are those of the architecture that it derives."""

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
from tsnas.cost.limits import Limits
from tsnas.errors import SettingError
from tsnas.search.parts import build_parts, fitting
from tsnas.search.paths import Part, Paths
from tsnas.space.architecture import Architecture, TimeConv, TimeReduce
from tsnas.space.config import SpaceConfig
from tsnas.space.layers import dilated_conv
from tsnas.space.spaces import SPACES, distinct_spaces, space_from_json
from tsnas.space.supernet import Supernet, build_cells
from tsnas.space.time_conv import TimeConvCell

BOARD = load_board("nucleo_f446re")
SMALL = SpaceConfig(
    time_reduce_filters=8,
    time_conv_cells=2,
    time_conv_filters=16,
    time_conv_taps=((3, 1), (3, 4), (5, 2)),
    minimum_time=16,
)


AT_FULL_LENGTH = dataclasses.replace(SMALL, first_stride=1, members=2)


def small_supernet(time=40, channels=1, config=SMALL):
    return Supernet(build_cells(BOARD, time, channels, 3, config), BOARD, dropout=0.0)


@pytest.mark.parametrize("config", [SMALL, AT_FULL_LENGTH, dataclasses.replace(AT_FULL_LENGTH, members=3)])
@pytest.mark.parametrize("shape", [(40, 1), (9, 1), (33, 4)])
def test_one_hot_costs_are_those_of_the_derived_architecture(shape, config):
    supernet = small_supernet(*shape, config)
    rng = np.random.default_rng(0)
    for _ in range(15):
        choices = random_choices(supernet, rng)
        estimate = estimate_graph(supernet.architecture(choices).graph(), BOARD)
        costs = supernet.expected_costs(one_hot(supernet, choices))
        assert float(costs.latency_ms) == pytest.approx(estimate.latency_ms, rel=1e-5)
        assert float(costs.flash_bytes) == estimate.flash_bytes
        assert float(costs.ram_bytes) == estimate.ram_bytes


@pytest.mark.parametrize(("channels", "config"), [(1, SMALL), (3, SMALL), (1, AT_FULL_LENGTH)])
def test_a_path_computes_what_the_full_supernet_does(channels, config):
    supernet = small_supernet(channels=channels, config=config)
    inputs = tf.constant(np.random.default_rng(0).normal(size=(6, 40, channels, 1)), tf.float32)
    supernet(inputs)
    rng = np.random.default_rng(1)
    for _ in range(8):
        choices = random_choices(supernet, rng)
        expected = supernet(inputs, decisions=one_hot(supernet, choices), training=True)
        found = supernet.path(inputs, tf.constant(supernet.path_settings(choices)))
        np.testing.assert_allclose(found, expected, atol=1e-4)


@settings(max_examples=scaled(25), deadline=None)
@given(
    time=st.integers(1, 40),
    length=st.sampled_from([1, 3, 5, 7]),
    dilation=st.integers(2, 9),
    channels=st.integers(1, 2),
)
def test_a_dilated_convolution_is_that_of_keras(time, length, dilation, channels):
    rng = np.random.default_rng(time)
    inputs = tf.constant(rng.normal(size=(2, time, channels, 3)), tf.float32)
    kernel = tf.constant(rng.normal(size=(length, 1, 3, 4)), tf.float32)
    layer = keras.layers.Conv2D(4, (length, 1), padding="same", dilation_rate=(dilation, 1), use_bias=False)
    layer.build(inputs.shape)
    layer.set_weights([kernel])
    np.testing.assert_allclose(dilated_conv(inputs, kernel, dilation), layer(inputs), atol=1e-4)


def test_a_compiled_path_takes_any_settings():
    """The evolution compiles one function for all paths, whose widths are not known in advance."""
    supernet = small_supernet()
    inputs = tf.constant(np.random.default_rng(0).normal(size=(6, 40, 1, 1)), tf.float32)
    supernet(inputs)
    compiled = tf.function(supernet.path)
    rng = np.random.default_rng(2)
    for _ in range(5):
        chosen = tf.constant(supernet.path_settings(random_choices(supernet, rng)))
        np.testing.assert_allclose(compiled(inputs, chosen), supernet.path(inputs, chosen), atol=1e-5)
    assert compiled.experimental_get_tracing_count() == 1


def test_gradients_reach_the_dilated_kernels_of_a_path():
    supernet = small_supernet()
    inputs = tf.constant(np.random.default_rng(0).normal(size=(6, 40, 1, 1)), tf.float32)
    supernet(inputs)
    cell = supernet.cells[1]
    choices = [{"kernel": 0, "filters": 0}, {"taps": cell.taps.index((3, 4)), "filters": 1}, {"cell": 1}, {}]
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(supernet.path(inputs, tf.constant(supernet.path_settings(choices))) ** 2)
    gradient = tape.gradient(loss, [conv.conv.kernel for conv in cell.convs])
    assert [np.abs(found).max() > 0 for found in gradient] == [taps == (3, 4) for taps in cell.taps]


@pytest.mark.parametrize("channels", [1, 3])
def test_at_full_length_nothing_shortens_the_windows(channels):
    assert AT_FULL_LENGTH.time_strides(40) == ()
    assert AT_FULL_LENGTH.layout(40, channels) != SMALL.layout(40, channels)
    rng = np.random.default_rng(0)
    paths = Paths(Part.of(small_supernet(40, channels, AT_FULL_LENGTH)), Limits(max_latency_ms=20).on(BOARD))
    for _ in range(5):
        net = paths.candidate(paths.draw(rng)).architecture
        kinds = [type(cell).__name__ for cell in net.cells]
        assert "TimeReduce" not in kinds
        assert kinds.count("SensorFusion") == (channels > 1)
        assert net.build().get_layer("classes").input_shape[1] == 40


def test_only_a_cell_with_equal_widths_may_be_dropped():
    first, second = small_supernet().cells[1:3]
    assert isinstance(first, TimeConvCell)
    assert {"cell": 1} not in first.enumerate()
    assert {"cell": 1} in second.enumerate()
    assert second.derive({"cell": 1}) is None
    assert second.derive({"cell": 0, "taps": 1, "filters": 1}) == TimeConv(16, 3, 4)
    assert len(second.enumerate()) == 3 * 2 + 1


def test_a_dilated_network_sees_what_its_taps_say():
    """Against a convolution written out: each output is the sum over taps that stand `dilation` samples apart."""
    net = Architecture(21, 1, 2, (TimeReduce(1, 1, 1), TimeConv(1, 3, 4))).build()
    for layer in net.layers:
        if layer.name.endswith("_bn"):
            layer.set_weights([np.ones(1), np.zeros(1), np.zeros(1), np.ones(1) - layer.epsilon])
    net.get_layer("time_reduce_0").set_weights([np.ones((1, 1, 1, 1))])
    taps = np.array([1.0, 10.0, 100.0])
    net.get_layer("time_conv_1").set_weights([taps.reshape(3, 1, 1, 1)])
    inputs = np.random.default_rng(0).uniform(0, 1, 21)
    padded = np.pad(inputs, 4)
    expected = [sum(taps[tap] * padded[place + 4 * tap] for tap in range(3)) for place in range(21)]
    found = keras_output(net, "time_conv_1_relu", inputs.reshape(1, 21, 1, 1))
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-5)


def keras_output(net, name, inputs):
    return keras.Model(net.input, net.get_layer(name).output)(inputs).numpy()


def test_walks_within_limits_meet_every_kernel():
    supernet = small_supernet()
    paths = Paths(Part.of(supernet), Limits(max_latency_ms=6).on(BOARD))
    rng = np.random.default_rng(0)
    candidates = [paths.candidate(paths.draw(rng)) for _ in range(40)]
    cells = [cell for one in candidates for cell in one.architecture.cells if isinstance(cell, TimeConv)]
    assert {(cell.kernel, cell.dilation) for cell in cells} == set(SMALL.time_conv_taps)
    assert all(one.estimate.latency_ms <= 6 for one in candidates)


def test_kernels_that_see_nothing_but_padding_are_left_out():
    config = SpaceConfig(time_conv_cells=1, time_conv_taps=((3, 1), (3, 8), (5, 8)))
    assert config.time_conv_taps_for(100) == ((3, 1), (3, 8), (5, 8))
    assert config.time_conv_taps_for(9) == ((3, 1), (3, 8))
    assert config.time_conv_taps_for(1) == ((3, 1),)


def test_a_single_channel_has_parts_of_its_own():
    assert not any(part.time_conv_cells for part in distinct_spaces(SPACES["tsnas"], 128, 2))
    parts = build_parts(SPACES["tsnas"], (128, 1), 3, BOARD)
    # Tight limits are left to the parts for many channels, and loose ones need more filters.
    for max_latency_ms, cells, filters, members in [
        (1.0, {0}, 0, [1]),
        (40.0, {4}, 64, [1, 2, 2]),
        (120.0, {4}, 128, [3, 2]),
    ]:
        searched = fitting(parts, Limits(max_latency_ms=max_latency_ms).on(BOARD))
        assert [paths.supernet.members for paths in searched] == members
        convs = [[c for c in paths.supernet.cells if isinstance(c, TimeConvCell)] for paths in searched]
        assert {len(cells) for cells in convs} == cells
        reaches = [paths.part.reach for paths in searched]
        assert reaches == ([None] if not filters else ["dilated"] * (len(searched) - 1) + ["local"])
        assert max((cell.out_widths[-1] for cells in convs for cell in cells), default=0) == filters
    only = SpaceConfig(most_channels=2)
    assert distinct_spaces([only], 128, 9) == [only.layout(128, 9)], (
        "a space that suits nothing is searched all the same"
    )
    assert SPACES["micronas"] == (SpaceConfig(),)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"time_conv_taps": ()}, r"time_conv_taps=\(\) must be pairs"),
        ({"time_conv_taps": 5}, r"time_conv_taps=5 must be pairs"),
        ({"time_conv_taps": ((4, 1),)}, r"odd positive length"),
        ({"time_conv_taps": ((3, 0),)}, r"dilation of at least 1"),
        ({"time_conv_cells": -1}, r"time_conv_cells=-1 must be a whole number of at least 0"),
        ({"time_conv_filters": 12}, r"multiple of time_conv_granularity=8"),
        ({"least_channels": 0}, r"least_channels=0"),
        ({"least_channels": 3, "most_channels": 2}, r"most_channels=2 must be .* at least least_channels=3"),
    ],
)
def test_bad_settings_are_named(fields, words):
    with pytest.raises(SettingError, match=words):
        SpaceConfig(**fields)


def test_json_round_trips():
    config = SpaceConfig(time_conv_cells=2, time_conv_taps=[[3, 4], (5, 1)], most_channels=2)
    assert config.time_conv_taps == ((3, 4), (5, 1))
    assert space_from_json(config.to_json()) == config
    net = Architecture(64, 1, 3, (TimeReduce(9, 8), TimeConv(16, 5, 4), TimeConv(8, 3)))
    assert Architecture.from_json(net.to_json()) == net
    assert net.describe()[1:3] == [
        "Time-Convolution: 16 filters of (5, 1), dilation 4",
        "Time-Convolution: 8 filters of (3, 1)",
    ]
