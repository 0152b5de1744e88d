"""Reading .tflite files: real networks, and every kind of file that cannot be costed."""

import contextlib
import re
import struct

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from ai_edge_litert import schema_py_generated as schema
from converted_networks import conv, convert, depthwise_network, edited, pooling_network, residual_network
from hypothesis import given, settings
from hypothesis import strategies as st
from scale import scaled

from tsnas.errors import FloatModelError, ModelFileError, TsnasError, UnsupportedOpError
from tsnas.graph.ops import (
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
from tsnas.tflite.graph_reader import read_graph
from tsnas.tflite.parser import read_model_bytes

layers = keras.layers


@pytest.fixture(scope="module")
def residual():
    return convert(residual_network())


def network(head, shape=(16, 4, 4)):
    inputs = layers.Input(shape)
    return keras.Model(inputs, head(inputs))


def test_operators_shapes_and_connections_of_a_real_network(residual, tmp_path):
    graph = read_graph(residual)
    assert graph.input_shape == (32, 6, 1)
    ops = [node.op for node in graph.nodes]
    assert ops[0] == Conv2D(32, 6, 1, 4, 3, 1, 2, 1)
    assert {Conv2D(16, 6, 4, 8, 3, 1), Conv2D(16, 6, 4, 8, 7, 1)} == set(ops[1:3])
    assert ops[3] == Add(16, 6, 8)
    assert {Conv2D(16, 6, 8, 12, 1, 6, 1, 6), Conv2D(16, 6, 8, 12, 1, 1, 1, 6)} == set(ops[4:6])
    assert ops[6:8] == [Add(16, 1, 12), Conv2D(16, 1, 12, 12, 5, 1)]
    assert ops[9] == Conv2D(16, 1, 12, 5, 1, 1, activation="none")
    assert ops[10:] == [GlobalAveragePooling2D(16, 1, 5), Softmax(5)]
    written = [node.output for node in graph.nodes]
    assert len(set(written)) == len(written) == 12
    assert set(graph.nodes[3].inputs) == set(written[1:3])
    assert graph.output == written[-1]
    path = tmp_path / "model.tflite"
    path.write_bytes(residual)
    assert read_graph(path) == read_graph(str(path)) == read_graph(bytearray(residual)) == graph


def test_params_match_keras(residual):
    model = residual_network()
    assert sum(node.op.params for node in read_graph(residual).nodes) == model.count_params()


def test_names_are_those_of_the_layers(residual):
    names = [node.name for node in read_graph(residual).nodes]
    assert len(set(names)) == len(names)
    for name, start in zip(names, ("conv2d", "conv2d", "conv2d", "add"), strict=False):
        assert name.startswith(start)


def test_valid_padding_and_kept_dimensions():
    graph = read_graph(
        convert(network(lambda x: layers.GlobalAveragePooling2D(keepdims=True)(conv(x, 8, 3, padding="valid"))))
    )
    assert [node.op for node in graph.nodes] == [
        Conv2D(16, 4, 4, 8, 3, 3, padding="valid"),
        GlobalAveragePooling2D(14, 2, 8),
    ]


def test_relu6_counts_as_relu():
    graph = read_graph(convert(network(lambda x: layers.ReLU(6.0)(layers.Conv2D(8, 3, padding="same")(x)))))
    assert graph.nodes[0].op == Conv2D(16, 4, 4, 8, 3, 3)


def test_operators_without_cost_model_are_named_with_what_to_do():
    tflite = convert(network(lambda x: keras.layers.Lambda(lambda t: tf.gather(t, [0, 2], axis=1))(conv(x, 8, 1))))
    with pytest.raises(
        UnsupportedOpError,
        match=r"operator 1 \(GATHER\), which writes '.*', has no cost model; where it comes from a dense",
    ):
        read_graph(tflite)


def conv2d(x, *args, **options):
    return layers.Conv2D(8, *args, bias_initializer="random_normal", **options)(x)


def depthwise(x, *args, **options):
    return layers.DepthwiseConv2D(*args, bias_initializer="random_normal", **options)(x)


@pytest.mark.parametrize(
    ("head", "op"),
    [
        (
            lambda x: conv2d(x, 3, padding="same", dilation_rate=2),
            Conv2D(16, 4, 4, 8, 3, 3, activation="none", dilation_h=2, dilation_w=2),
        ),
        (
            lambda x: conv2d(x, (3, 1), dilation_rate=(5, 1)),
            Conv2D(16, 4, 4, 8, 3, 1, 1, 1, "valid", "none", dilation_h=5),
        ),
        (
            lambda x: depthwise(x, 3, padding="same", dilation_rate=2),
            DepthwiseConv2D(16, 4, 4, 1, 3, 3, activation="none", dilation_h=2, dilation_w=2),
        ),
        (
            lambda x: depthwise(x, (3, 1), depth_multiplier=2, dilation_rate=(4, 1)),
            DepthwiseConv2D(16, 4, 4, 2, 3, 1, 1, 1, "valid", "none", dilation_h=4),
        ),
    ],
    ids=["same", "valid", "depthwise", "multiplier"],
)
def test_dilated_convolutions_are_read(head, op):
    assert [node.op for node in read_graph(convert(network(head))).nodes] == [op]


@pytest.mark.parametrize("dilation", [(0, 1), (1, -1), (2**15 + 1, 1), (2**31 - 1, 1)])
def test_dilations_that_no_kernel_computes_with_are_named(residual, dilation):
    def dilate(model):
        options = model.subgraphs[0].operators[0].builtinOptions
        options.dilationHFactor, options.dilationWFactor = dilation

    text = re.escape(f"operator 0 (CONV_2D) has dilation {dilation} for a kernel of (3, 1); each must be at least 1")
    with pytest.raises(ModelFileError, match=text):
        read_graph(edited(residual, dilate))


def test_operators_of_a_depthwise_network():
    ops = [node.op for node in read_graph(convert(depthwise_network())).nodes]
    assert ops == [
        Conv2D(32, 6, 1, 8, 3, 1, 2, 1),
        Pad(16, 6, 8, 1, 2, 0, 1),
        DepthwiseConv2D(19, 7, 8, 1, 4, 1, 2, 1, "valid"),
        Conv2D(8, 7, 8, 12, 1, 1),
        DepthwiseConv2D(8, 7, 12, 2, 3, 3),
        Conv2D(8, 7, 24, 5, 1, 1, activation="none"),
        GlobalAveragePooling2D(8, 7, 5),
        Softmax(5),
    ]


def test_operators_of_a_pooling_network():
    ops = [node.op for node in read_graph(convert(pooling_network())).nodes]
    assert ops == [
        Conv2D(32, 6, 2, 6, 5, 1),
        MaxPool2D(32, 6, 6, 2, 1, 2, 1),
        Conv2D(16, 6, 6, 9, 3, 1),
        AveragePool2D(16, 6, 9, 2, 2, 2, 2, "same"),
        Reshape((8, 3, 9), (1, 1, 216)),
        FullyConnected(216, 16, "relu", per_channel=True),
        FullyConnected(16, 5, per_channel=True),
        Softmax(5),
    ]


@pytest.mark.parametrize("build", [depthwise_network, pooling_network])
def test_params_of_foreign_networks_match_keras(build):
    model = build()
    assert sum(node.op.params for node in read_graph(convert(model)).nodes) == model.count_params()


def test_shapes_that_do_not_broadcast_are_named(residual):
    def widen(model):
        graph = model.subgraphs[0]
        add = next(
            op
            for op in graph.operators
            if len(op.inputs) == 2 and op.builtinOptionsType == schema.BuiltinOptions.AddOptions
        )
        add.inputs = np.array([graph.inputs[0], add.inputs[1]], dtype=np.int32)

    message = r"\(ADD\) has inputs of shapes \[1, 32, 6, 1\] and \[1, 16, 6, 8\]"
    with pytest.raises(ModelFileError, match=message):
        read_graph(edited(residual, widen))


def test_other_fused_activation_is_named(residual):
    def tanh(model):
        model.subgraphs[0].operators[0].builtinOptions.fusedActivationFunction = schema.ActivationFunctionType.TANH

    with pytest.raises(UnsupportedOpError, match=r"operator 0 \(CONV_2D\) has the fused activation TANH"):
        read_graph(edited(residual, tanh))


def test_float_model_names_its_tensor():
    message = (
        r"operator 0 \(CONV_2D\) computes in float: tensor '.*' is FLOAT32, not INT8. Convert the model with full int8"
    )
    with pytest.raises(FloatModelError, match=message):
        read_graph(convert(network(lambda x: conv(x, 8, 3)), int8=False))


def test_float_weights_are_named(residual):
    def float_weights(model):
        graph = model.subgraphs[0]
        graph.tensors[graph.operators[0].inputs[1]].type = schema.TensorType.FLOAT32

    with pytest.raises(FloatModelError, match="is FLOAT32, not INT8"):
        read_graph(edited(residual, float_weights))


def test_other_batches_say_how_to_export():
    tflite = convert(network(lambda x: conv(x, 8, 3)), batch=4)
    with pytest.raises(ModelFileError, match=r"a batch that is 4. Export the model with a fixed batch of 1"):
        read_graph(tflite)


def test_a_batch_that_only_the_signature_leaves_open_is_one_of_1():
    heads = [convert(network(lambda x: conv(x, 8, 3)), batch=batch) for batch in (None, 1)]
    assert [node.op for node in read_graph(heads[0]).nodes] == [node.op for node in read_graph(heads[1]).nodes]


def test_missing_empty_and_foreign_files(tmp_path, residual):
    with pytest.raises(ModelFileError, match=r"none.tflite' cannot be read: No such file"):
        read_graph(tmp_path / "none.tflite")
    with pytest.raises(ModelFileError, match="cannot be read: Is a directory"):
        read_graph(tmp_path)
    with pytest.raises(ModelFileError, match=r"holds 0 bytes, too few for a .tflite file"):
        read_graph(b"")
    with pytest.raises(ModelFileError, match=r"is not a .tflite file: bytes 4 to 8 are b'\\x04\\x00\\x08\\x08'"):
        read_graph(b"PK\x03\x04\x04\x00\x08\x08" + bytes(100))
    with pytest.raises(ModelFileError, match="model is of type int; give the bytes"):
        read_model_bytes(7)


def test_several_subgraphs_are_refused(residual):
    def double(model):
        model.subgraphs = [model.subgraphs[0]] * 2

    with pytest.raises(ModelFileError, match="has 2 subgraphs; it must have exactly 1"):
        read_graph(edited(residual, double))


def test_no_operators_are_refused(residual):
    def strip(model):
        model.subgraphs[0].operators = []

    with pytest.raises(
        ModelFileError, match="has 0 operators, 1 inputs and 1 outputs; it must have at least one of each"
    ):
        read_graph(edited(residual, strip))


def test_operators_out_of_order_are_refused(residual):
    def reverse(model):
        model.subgraphs[0].operators.reverse()

    with pytest.raises(ModelFileError, match="before it is computed"):
        read_graph(edited(residual, reverse))


def test_operators_without_their_options_are_refused(residual):
    def strip(model):
        model.subgraphs[0].operators[0].builtinOptions = None

    with pytest.raises(ModelFileError, match=r"operator 0 \(CONV_2D\) lacks its Conv2DOptions; the file is damaged"):
        read_graph(edited(residual, strip))


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9])
def test_truncated_files_are_refused(residual, share):
    with pytest.raises(ModelFileError):
        read_graph(residual[: int(share * len(residual))])


@settings(max_examples=scaled(150), deadline=None, derandomize=True)
@given(st.data())
def test_damaged_files_never_crash(residual, data):
    content = bytearray(residual)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 4))
        struct.pack_into("<I", content, at, data.draw(st.sampled_from([0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 4096])))
    # Refused with a message of its own, or read: any other exception fails the test.
    with contextlib.suppress(TsnasError):
        read_graph(bytes(content))


@settings(max_examples=scaled(100), deadline=None, derandomize=True)
@given(st.binary(max_size=200))
def test_garbage_behind_the_identifier_is_refused(garbage):
    with pytest.raises(ModelFileError):
        read_graph(b"\x10\x00\x00\x00TFL3" + garbage)
