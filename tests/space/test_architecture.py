"""Architectures: JSON, the cost graph against the Keras model, and the errors."""

import dataclasses
import json

import numpy as np
import pytest
import tf_keras as keras
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


def test_a_cell_without_a_path_is_refused():
    with pytest.raises(SettingError, match="no path"):
        Architecture(32, 6, 3, (SensorFusion(8, (), 8, False, 2),))


def test_description_names_every_cell():
    net = Architecture(32, 6, 3, (TimeReduce(3, 4), SensorFusion(8, (3, 5), 16, True, 2)))
    text = "\n".join(net.describe())
    assert "4 filters of (3, 1)" in text
    assert "16 filters over the channels, then (3, 1) + (5, 1) + skip convolution to 8 filters, stride 2" in text
