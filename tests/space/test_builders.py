"""Builders: the same convolutions in graph and model, weights as seeds and members say, and what is refused."""

import dataclasses

import numpy as np
import pytest
from dilated_nets import dilated_net
from hypothesis import given, settings
from hypothesis import strategies as st
from scale import scaled

from tsnas.errors import SettingError
from tsnas.graph.ops import Conv2D
from tsnas.space.architecture import Architecture, TimeReduce


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
