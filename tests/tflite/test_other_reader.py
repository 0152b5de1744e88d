"""Reading models that people bring: operators, ranks and types of other networks, and what is wrong with some."""

import contextlib
import struct

import numpy as np
import pytest
import tf_keras as keras
from converted_networks import edited
from foreign_models import MODELS, conv1d, convert, foreign, functional, layers, sequential
from hypothesis import given, settings
from hypothesis import strategies as st
from scale import scaled

from tsnas.cost.board import load_board
from tsnas.cost.estimate import estimate_tflite
from tsnas.errors import FloatModelError, ModelFileError, TsnasError, UnsupportedOpError
from tsnas.graph.ops import Conv2D, FullyConnected, GroupedConv2D, OtherOp
from tsnas.tflite.graph_reader import check_runnable, read_graph

LONG = pytest.mark.long
BOARD = load_board("nucleo_f446re")


def kinds(name):
    return [node.op.kind for node in read_graph(foreign(name)).nodes]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("activations", {"tanh", "leaky_relu", "logistic", "reduce_max", "expand_dims", "conv2d"}),
        ("branches", {"conv2d", "concatenation", "reshape", "fully_connected", "softmax"}),
        ("excited", {"conv2d", "global_average_pooling2d", "logistic", "mul", "shape", "strided_slice", "pack"}),
        ("pieces", {"split", "conv2d", "sub"}),
        ("moved", {"transpose", "strided_slice", "padv2", "conv2d"}),
        ("reduced", {"mean", "reduce_max", "concatenation", "reshape", "fully_connected", "softmax"}),
        ("two_outputs", {"quantize", "logistic", "softmax"}),
        ("lstm", {"unidirectional_sequence_lstm", "fully_connected", "softmax"}),
    ],
)
def test_operators_of_small_networks(name, expected):
    assert expected <= set(kinds(name))


def test_shapes_of_other_operators():
    ops = {node.op.kind: node.op for node in read_graph(foreign("pieces")).nodes}
    assert ops["split"] == OtherOp("split", ((16, 4, 4),), ((16, 4, 2),) * 2, constants=1)
    assert ops["sub"].in_shapes == ((15, 3, 4),) * 2
    assert ops["sub"].macs == 15 * 3 * 4
    reduced = {node.op.kind: node.op for node in read_graph(foreign("reduced")).nodes}
    # Sums of 16 x 4 means, an index for each of 4 dimensions, one axis; a maximum has no sums.
    assert reduced["mean"].scratch == (4 * 64, 16, 4)
    assert reduced["reduce_max"].scratch == (16, 4)


def test_weights_of_a_network_of_time_are_those_of_keras():
    net = MODELS["lstm"][0]()
    graph = read_graph(foreign("lstm"))
    assert sum(node.op.params for node in graph.nodes) == net.count_params()
    # The cells' state, 8 values of 16 bits, and the hidden one, 8 of 8 bits.
    assert sorted(graph.file.state_bytes) == [8, 16]


def test_several_inputs_and_outputs():
    graph = read_graph(foreign("two_outputs"))
    assert len(graph.outputs) == 2
    written = {name for node in graph.nodes for name in node.outputs}
    assert set(graph.outputs) <= written
    assert set(graph.inputs()) == {graph.input}


def test_dense_layers_say_whether_they_have_a_scale_per_output():
    for name, per_channel in (("dense", True), ("dense_per_tensor", False)):
        ops = [node.op for node in read_graph(foreign(name)).nodes][:2]
        assert ops == [
            FullyConnected(64, 256, "relu", per_channel),
            FullyConnected(256, 3, "none", per_channel),
        ]


@LONG
def test_rows_and_groups_are_kept():
    assert [node.op.rows for node in read_graph(foreign("rows")).nodes if node.op.kind == "fully_connected"] == [8, 8]
    grouped = read_graph(foreign("grouped")).nodes[0].op
    assert grouped == GroupedConv2D(32, 4, 8, 8, 2, 3, 1, padding="valid")
    assert grouped.weights == 3 * 4 * 8
    assert [n.op.dilation_w for n in read_graph(foreign("dilated")).nodes if isinstance(n.op, Conv2D)] == [4, 2]


def test_activations_of_16_bits_are_named():
    tflite = convert(sequential((16, 3), conv1d()), io="float32", int16=True)
    with pytest.raises(FloatModelError, match="is INT16, not INT8: activations of 16 bits with weights of 8"):
        read_graph(tflite)


def test_a_layer_that_stays_float_is_named():
    tflite = convert(sequential((16, 3), conv1d(activation="elu"), layers.Flatten(), layers.Dense(2)))
    message = (
        r"operator \d \(ELU\) computes in float: tensor '.*' is FLOAT32, not INT8. The converter left this layer in"
    )
    with pytest.raises(FloatModelError, match=message):
        read_graph(tflite)


def test_a_dilated_convolution_with_an_open_batch_is_refused():
    tflite = convert(sequential((32, 3), conv1d(dilation_rate=4, padding="same")))
    message = r"operator 0 \(SPACE_TO_BATCH_ND\) writes shape \[1, 10, 3\] by the file, but .* gives \[4, 10, 3\]"
    with pytest.raises(ModelFileError, match=message):
        read_graph(tflite)


def test_dense_layers_on_a_sequence_with_an_open_batch_say_what_to_do():
    with pytest.raises(UnsupportedOpError, match="a dense layer on a sequence that is converted with an open batch"):
        read_graph(convert(sequential((8, 6), layers.Dense(5))))


def test_windows_of_any_length_are_refused():
    net = functional((None, 3), lambda x: layers.GlobalAveragePooling1D()(conv1d()(x)))
    inputs = layers.Input((16, 3))
    tflite = convert(keras.Model(inputs, net(inputs)))

    def open_length(model):
        graph = model.subgraphs[0]
        graph.tensors[graph.inputs[0]].shapeSignature = np.array([-1, -1, 3], np.int32)

    with pytest.raises(ModelFileError, match="axes other than the batch are dynamic"):
        read_graph(edited(tflite, open_length))


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("branches", lambda op: setattr(op.builtinOptions, "axis", 7), "joins shapes .* along axis 7"),
        ("branches", lambda op: setattr(op, "builtinOptions", None), "lacks its ConcatenationOptions"),
        ("branches", lambda op: setattr(op, "inputs", op.inputs[:1]), "writes shape .*, but its inputs give"),
    ],
)
def test_operators_whose_shapes_do_not_fit_are_refused(name, damage, message):
    place = kinds(name).index("concatenation")
    with pytest.raises(ModelFileError, match=message):
        read_graph(edited(foreign(name), lambda model: damage(model.subgraphs[0].operators[place])))


@settings(max_examples=scaled(60), deadline=None, derandomize=True)
@given(st.sampled_from(["activations", "pieces", "lstm", "reduced"]), st.data())
def test_damaged_copies_give_errors_of_ours_alone(name, data):
    content = bytearray(foreign(name))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 4))
        struct.pack_into("<I", content, at, data.draw(st.sampled_from([0, 1, 4, 255, 0x7FFFFFFF, 0xFFFFFFFF])))
    # Any other exception fails the test.
    with contextlib.suppress(TsnasError):
        check_runnable(bytes(content))
        estimate_tflite(bytes(content), BOARD)
