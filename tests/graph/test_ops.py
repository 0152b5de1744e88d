"""Descriptors of operators: shapes, weights and multiply-accumulates are those of Keras layers."""

import dataclasses
import math

import numpy as np
import pytest
import tf_keras as keras
from hypothesis import given, settings
from hypothesis import strategies as st
from scale import scaled

from tsnas.graph.ops import (
    OP_KINDS,
    Add,
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    GlobalAveragePooling2D,
    MaxPool2D,
    Pad,
    Reshape,
    Softmax,
)

layers = keras.layers
shapes = st.tuples(st.integers(7, 20), st.integers(7, 12), st.integers(1, 9))
windows = st.tuples(st.integers(1, 7), st.integers(1, 7), st.integers(1, 3), st.integers(1, 3))
paddings = st.sampled_from(["same", "valid"])


@settings(max_examples=scaled(40), deadline=None, derandomize=True)
@given(shapes, windows, paddings, st.integers(1, 3))
def test_windows_move_as_those_of_keras(shape, window, padding, width):
    kernel, strides = window[:2], window[2:]
    pairs = [
        (Conv2D(*shape, width, *window, padding), layers.Conv2D(width, kernel, strides, padding)),
        (DepthwiseConv2D(*shape, width, *window, padding), layers.DepthwiseConv2D(kernel, strides, padding, width)),
        (MaxPool2D(*shape, *window, padding), layers.MaxPooling2D(kernel, strides, padding)),
        (AveragePool2D(*shape, *window, padding), layers.AveragePooling2D(kernel, strides, padding)),
    ]
    for op, layer in pairs:
        layer.build((1, *shape))
        assert op.out_shape == tuple(layer.compute_output_shape((1, *shape))[1:])
        assert op.in_shapes == (shape,)
        assert op.params == layer.count_params()


dilations = st.tuples(st.integers(1, 3), st.integers(1, 2))


@settings(max_examples=scaled(40), deadline=None, derandomize=True)
@given(st.tuples(st.integers(1, 40), st.integers(1, 12), st.integers(1, 9)), windows, paddings, dilations)
def test_dilated_windows_move_as_those_of_keras(shape, window, padding, dilation):
    kernel, strides = window[:2], window[2:]
    spans = [(taps - 1) * step + 1 for taps, step in zip(kernel, dilation, strict=True)]
    if padding == "valid" and (spans[0] > shape[0] or spans[1] > shape[1]):
        padding = "same"
    # Keras refuses strides beside a dilation; the interpreter does not.
    keras_strides = (1, 1) if dilation != (1, 1) else strides
    options = dict(zip(("dilation_h", "dilation_w"), dilation, strict=True))
    pairs = [
        (
            Conv2D(*shape, 5, *kernel, *keras_strides, padding, **options),
            layers.Conv2D(5, kernel, keras_strides, padding, dilation_rate=dilation),
        ),
        (
            DepthwiseConv2D(*shape, 2, *kernel, *keras_strides, padding, **options),
            layers.DepthwiseConv2D(kernel, keras_strides, padding, 2, dilation_rate=dilation),
        ),
    ]
    for op, layer in pairs:
        layer.build((1, *shape))
        assert op.out_shape == tuple(layer.compute_output_shape((1, *shape))[1:])
        assert op.params == layer.count_params()
        undilated = dataclasses.replace(op, padding="same", dilation_h=1, dilation_w=1)
        assert (op.weights, op.macs) == (undilated.weights, math.prod(op.out_shape[:2]) * op.weights)


@settings(max_examples=scaled(20), deadline=None, derandomize=True)
@given(shapes, windows, paddings)
def test_depthwise_convolution_does_one_mac_per_tap_and_output(shape, window, padding):
    op = DepthwiseConv2D(*shape, 2, *window, padding)
    assert op.macs == math.prod(op.out_shape) * window[0] * window[1]


@given(shapes, st.tuples(*[st.integers(0, 4)] * 4))
def test_padding_adds_what_it_says(shape, amounts):
    top, bottom, left, right = amounts
    padded = np.pad(np.zeros(shape), ((top, bottom), (left, right), (0, 0)))
    assert Pad(*shape, *amounts).out_shape == padded.shape


def test_vectors():
    assert (FullyConnected(216, 16).params, FullyConnected(216, 16).macs) == (216 * 16 + 16, 216 * 16)
    assert (FullyConnected(216, 16).in_shapes, FullyConnected(216, 16).out_shape) == (((1, 1, 216),), (1, 1, 16))
    assert Reshape((8, 3, 9), (1, 1, 216)).in_shapes == ((8, 3, 9),)
    assert (Reshape((8, 3, 9), (1, 1, 216)).params, Reshape((8, 3, 9), (1, 1, 216)).macs) == (0, 0)


def test_operators_without_dilation_have_the_text_and_the_places_that_they_always_had():
    conv, depthwise = Conv2D(8, 2, 4, 6, 3, 1, 2, 1, "valid", "none"), DepthwiseConv2D(8, 2, 4, 1, 3, 1)
    text = "Conv2D(in_h=8, in_w=2, in_c=4, out_c=6, kernel_h=3, kernel_w=1, stride_h=2, stride_w=1, "
    assert repr(conv) == f"{text}padding='valid', activation='none')"
    assert repr(depthwise) == (
        "DepthwiseConv2D(in_h=8, in_w=2, in_c=4, depth_multiplier=1, kernel_h=3, kernel_w=1, stride_h=1, stride_w=1, "
        "padding='same', activation='relu')"
    )
    for op in (conv, depthwise):
        dilated = dataclasses.replace(op, dilation_h=2)
        assert repr(dilated) == f"{repr(op)[:-1]}, dilation_h=2)"
        assert eval(repr(dilated)) == dilated != op


def test_every_kind_has_its_own_name():
    kinds = [op.kind for op in (Conv2D, Add, GlobalAveragePooling2D, Softmax, DepthwiseConv2D, FullyConnected)]
    assert sorted([*kinds, MaxPool2D.kind, AveragePool2D.kind, Reshape.kind, Pad.kind]) == sorted(OP_KINDS)
    assert len(set(OP_KINDS)) == len(OP_KINDS)


def test_equal_descriptors_are_one_key():
    assert len({MaxPool2D(8, 2, 4, 2, 1), MaxPool2D(8, 2, 4, 2, 1), AveragePool2D(8, 2, 4, 2, 1)}) == 2
    with pytest.raises(AttributeError):
        Pad(4, 4, 4).top = 1
