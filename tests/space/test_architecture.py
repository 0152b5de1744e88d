"""Architectures: JSON, the cost graph against the Keras model, and the errors."""

import dataclasses
import json

import numpy as np
import pytest
import tf_keras as keras
from dilated_nets import dilated_net
from hypothesis import given, settings
from hypothesis import strategies as st
from scale import scaled

from tsnas.errors import SettingError
from tsnas.graph.ops import Conv2D
from tsnas.space.architecture import Architecture, SensorFusion, TimeReduce

kernels = st.sampled_from([3, 5, 7])
time_reduce = st.builds(TimeReduce, kernels, st.sampled_from([4, 8]))
sensor_fusion = st.builds(
    SensorFusion,
    st.sampled_from([8, 16]),
    st.sets(kernels).map(lambda chosen: tuple(sorted(chosen))),
    st.sampled_from([8, 16]),
    st.booleans(),
    st.sampled_from([1, 2]),
).filter(lambda cell: cell.kernels or cell.skip)
architectures = st.builds(
    Architecture,
    st.integers(8, 40),
    st.integers(1, 9),
    st.integers(2, 6),
    st.lists(time_reduce | sensor_fusion, max_size=4).map(tuple),
    st.sampled_from([1, 1, 2, 3]),
)


@given(architectures)
def test_json_round_trip(architecture):
    assert Architecture.from_json(json.loads(json.dumps(architecture.to_json()))) == architecture


def test_the_former_name_of_the_channels_still_reads_and_is_what_saved_folders_hold():
    net = Architecture(32, 6, 3, ())
    assert net.sensors == net.channels == 6
    assert net.to_json() == {"time": 32, "sensors": 6, "classes": 3, "cells": []}
    with pytest.raises(dataclasses.FrozenInstanceError):
        net.sensors = 7


@settings(max_examples=scaled(15), deadline=None)
@given(architectures)
def test_graph_and_keras_model_have_the_same_operators(architecture):
    graph, model = architecture.graph(), architecture.build()
    assert model.output_shape == (None, architecture.classes)
    for node in graph.nodes:
        layer = model.get_layer(node.name)
        if isinstance(node.op, Conv2D):
            assert tuple(layer.output_shape[1:]) == node.op.out_shape
            assert layer.kernel.shape.num_elements() == node.op.weights
    assert sum(type(layer).__name__ in ("Conv2D", "Add") for layer in model.layers) == (
        len(graph.nodes) - architecture.members - 1
    )


def test_skip_runs_first_and_branches_are_added_at_once():
    net = Architecture(32, 6, 3, (SensorFusion(8, (3, 5), 8, True, 2),))
    assert [node.name.removeprefix("sensor_fusion_0_") for node in net.graph().nodes] == [
        "skip", "mid", "branch3", "add3", "branch5", "add5", "classes", "mean", "softmax",
    ]  # fmt: skip


def test_members_are_the_same_network_with_other_weights_and_their_logits_add_up():
    net = Architecture(32, 6, 3, (TimeReduce(3, 4), SensorFusion(8, (3,), 8, False, 2)), members=3)
    names = [node.name for node in net.graph().nodes]
    single = [node.name for node in net.member.graph().nodes][:-1]
    assert names == [
        *single,
        *(f"member2_{name}" for name in single), "member2_sum",
        *(f"member3_{name}" for name in single), "member3_sum",
        "softmax",
    ]  # fmt: skip
    model = net.build(seed=0)
    assert not np.array_equal(model.get_layer("classes").kernel, model.get_layer("member2_classes").kernel)
    x = np.random.default_rng(0).normal(size=(2, 32, 6, 1)).astype(np.float32)
    logits = keras.Model(model.input, [model.get_layer(f"{name}mean").output for name in ("", "member2_", "member3_")])
    sums = np.exp(np.sum([one.numpy() for one in logits(x)], axis=0))
    np.testing.assert_allclose(model(x).numpy(), sums / sums.sum(axis=1, keepdims=True), rtol=1e-5)
    assert net.describe()[-1] == "Output: 3 classes; the mean of 3 such networks answers"
    with pytest.raises(SettingError, match="members=0 must be a whole number of at least 1"):
        dataclasses.replace(net, members=0)


def test_a_member_starts_with_its_share_of_the_logits():
    net = Architecture(32, 6, 3, (TimeReduce(3, 16),), members=4)
    kernels = [dataclasses.replace(net, members=count).build(seed=0).get_layer("classes").kernel for count in (1, 4)]
    np.testing.assert_allclose(kernels[0], 4 * kernels[1], rtol=1e-5)


def test_same_seed_same_weights_and_no_two_layers_alike():
    net = Architecture(32, 6, 3, (TimeReduce(3, 4), TimeReduce(3, 4), TimeReduce(3, 4)))
    first, second, other = (net.build(seed=seed) for seed in (1, 1, 2))
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first.get_weights()[0], other.get_weights()[0])
    assert not np.array_equal(
        first.get_layer("time_reduce_1").kernel.numpy(), first.get_layer("time_reduce_2").kernel.numpy()
    )


def test_a_cell_without_a_path_is_refused():
    with pytest.raises(SettingError, match="no path"):
        Architecture(32, 6, 3, (SensorFusion(8, (), 8, False, 2),))


@settings(max_examples=scaled(10), deadline=None)
@given(
    st.integers(8, 40),
    st.integers(1, 4),
    st.lists(st.tuples(st.integers(1, 9), st.sampled_from([1, 2, 3, 4, 8, 16])), min_size=1, max_size=4),
)
def test_dilated_convolutions_are_the_same_in_graph_and_model(time, channels, convolutions):
    net = dilated_net(time, channels, *convolutions)
    graph, model = net.graph(), net.build()
    for index, (kernel, dilation) in enumerate(convolutions):
        layer = model.get_layer(f"conv{index}")
        (op,) = (node.op for node in graph.nodes if node.name == layer.name)
        # A kernel of one tap has no neighbour to keep a distance from.
        taps = dilation if kernel > 1 else 1
        assert op == Conv2D(time, channels, 8, 8, kernel, 1, dilation_h=taps)
        assert layer.dilation_rate == (taps, 1)
        assert tuple(layer.output_shape[1:]) == op.out_shape


@dataclasses.dataclass(frozen=True)
class OneConv(Architecture):
    """A single convolution with what a test gives it."""

    strides: tuple[int, int] = (1, 1)
    dilation: object = 1

    def walk(self, builder):
        x = builder.conv("conv", builder.input, 4, (3, 1), self.strides, dilation=self.dilation)
        return builder.softmax(builder.logits("", x))


@pytest.mark.parametrize("build", [OneConv.graph, OneConv.build], ids=["graph", "model"])
@pytest.mark.parametrize(
    ("strides", "dilation", "message"),
    [
        ((2, 1), 2, r"'conv' has dilation=2 and strides \(2, 1\); Keras allows only one of them to be above 1"),
        ((1, 3), 4, r"has dilation=4 and strides \(1, 3\)"),
        ((1, 1), 0, r"'conv' has dilation=0; it must be a whole number of at least 1"),
        ((1, 1), 2.0, r"has dilation=2\.0"),
        ((1, 1), (2, 1), r"has dilation=\(2, 1\)"),
    ],
)
def test_dilations_that_cannot_be_are_refused(build, strides, dilation, message):
    with pytest.raises(SettingError, match=message):
        build(OneConv(16, 3, 2, (), strides=strides, dilation=dilation))


def test_description_names_every_cell():
    net = Architecture(32, 6, 3, (TimeReduce(3, 4), SensorFusion(8, (3, 5), 16, True, 2)))
    text = "\n".join(net.describe())
    assert "4 filters of (3, 1)" in text
    assert "16 filters over the channels, then (3, 1) + (5, 1) + skip convolution to 8 filters, stride 2" in text
