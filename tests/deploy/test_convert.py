"""Conversion: int8 throughout, in the promised order, the same bytes each time, with harmless metadata."""

import itertools

import numpy as np
import pytest
import tensorflow_model_optimization as tfmot
import tf_keras as keras
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from converted_networks import convert
from dilated_nets import dilated_net
from small_nets import small_net
from tflite_micro.python.tflite_micro import runtime

from tsnas import errors
from tsnas.deploy.convert import convert_int8, untrained_int8
from tsnas.tflite.graph_reader import read_graph
from tsnas.tflite.interpreter import Int8Model
from tsnas.tflite.metadata import embed_metadata, read_metadata
from tsnas.tflite.parser import parse_model
from tsnas.training.core_model import operator_names

METADATA = {"mean": [0.1, -2.5, 3.0], "std": [1.0, 0.25, 2.0], "classes": ["gehen", "läuft", "走る"], "board": "any"}


def operators(tflite: bytes) -> list[str]:
    """Names of the output tensors of the operators, in the order of the file."""
    graph = parse_model(tflite).subgraphs[0]
    return [graph.tensors[operator.outputs[0]].name.decode() for operator in graph.operators]


def test_every_activation_is_int8_and_the_batch_is_one(trained):
    graph = parse_model(trained.tflite).subgraphs[0]
    types = {graph.tensors[operator.outputs[0]].type for operator in graph.operators}
    assert types == {schema.TensorType.INT8}
    assert graph.tensors[graph.inputs[0]].type == schema.TensorType.INT8
    assert list(graph.tensors[graph.inputs[0]].shape) == [1, 32, 3, 1]
    assert list(graph.tensors[graph.outputs[0]].shape) == [1, 3]


def test_untrained_file_has_the_operators_and_the_size_of_the_final_one(trained):
    before = [weight.copy() for weight in trained.model.get_weights()]
    untrained = untrained_int8(trained.model)
    assert operators(untrained) == operators(trained.tflite)
    assert len(untrained) == len(trained.tflite)
    assert untrained_int8(small_net()) == untrained
    for weight, old in zip(trained.model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)


def test_operators_run_depth_first(trained):
    assert operators(trained.tflite) == [
        *("stem", "skip0", "mid0", "branch0_3", "branch0_5", "sum0_0", "branch0_7", "sum0_1", "join0"),
        *("logits", "pool", "softmax"),
    ]


def test_order_follows_the_network_not_the_alphabet():
    model = small_net(skip_first=False, names=("a", "z", "m"))
    expected = [
        *("stem", "z0", "m0_3", "m0_5", "sum0_0", "m0_7", "sum0_1", "a0", "join0"),
        *("logits", "pool", "softmax"),
    ]
    assert operator_names(model) == expected
    assert operators(untrained_int8(model)) == expected


SOME = [(3, 16), (9, 2), (4, 3), (5, 8), (7, 4)]
ALL = list(itertools.product((3, 4, 5, 7, 9), (2, 3, 4, 8, 16)))
LONG = pytest.mark.long


# Windows that no dilation divides, and others that are shorter than what most of the kernels span.
@pytest.mark.parametrize(
    ("time", "channels", "pairs"),
    [(31, 2, SOME), (8, 1, SOME), *(pytest.param(*window, ALL, marks=LONG) for window in ((64, 1), (31, 2), (8, 1)))],
)
def test_a_dilated_convolution_becomes_one_operator(time, channels, pairs):
    """No transposition to the batch and back remains, and zeros are padded where Keras pads them."""
    net = dilated_net(time, channels, *pairs, filters=3)
    model = net.build(seed=0)
    tflite = untrained_int8(model)
    graph = read_graph(tflite)
    assert [node.op for node in graph.nodes] == [node.op for node in net.graph().nodes]
    assert graph.offsets == net.graph().offsets
    options = [
        operator.builtinOptions
        for operator in parse_model(tflite).subgraphs[0].operators
        if isinstance(operator.builtinOptions, schema.Conv2DOptionsT)
    ]
    assert [(o.dilationHFactor, o.dilationWFactor) for o in options] == [(1, 1), *((d, 1) for _, d in pairs), (1, 1)]
    assert {o.fusedActivationFunction for o in options[:-1]} == {schema.ActivationFunctionType.RELU}

    windows = np.random.default_rng(0).standard_normal((3, time, channels, 1)).astype(np.float32)
    # The interpreter of the board, built for this machine.
    micro, int8 = runtime.Interpreter.from_bytes(tflite), Int8Model(tflite)
    for q in int8.quantise(windows[..., 0]):
        micro.set_input(q[None], 0)
        micro.invoke()
        np.testing.assert_array_equal(micro.get_output(0), int8.predict_int8(q[None]))

    interpreter = Interpreter(model_content=convert(model, int8=False))
    interpreter.allocate_tensors()
    for window, expected in zip(windows, model(windows, training=False).numpy(), strict=True):
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], window[None])
        interpreter.invoke()
        found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_tensors_are_numbered_in_execution_order_and_named_after_layers(trained):
    tensors = [tensor.name.decode() for tensor in parse_model(trained.tflite).subgraphs[0].tensors]
    assert tensors[0] == "input"
    assert tensors[1:13] == operators(trained.tflite)
    assert set(tensors[13:]) >= {"stem/weights", "stem/bias", "logits/weights", "pool/axes"}


def test_weights_are_aligned_for_32_bit_reads(trained):
    model = schema.Model.GetRootAs(trained.tflite)
    start = np.frombuffer(trained.tflite, np.uint8).ctypes.data
    offsets = [model.Buffers(i).DataAsNumpy().ctypes.data - start for i in range(1, model.BuffersLength())]
    # Weights and bias of seven convolutions, the axes of the mean, and the places of the tensors.
    assert len(offsets) == 16
    assert all(0 < offset < len(trained.tflite) and offset % 16 == 0 for offset in offsets)


def test_metadata_comes_back_and_changes_no_answer(trained):
    tflite = embed_metadata(trained.tflite, METADATA)
    assert read_metadata(trained.tflite) is None
    assert read_metadata(tflite) == METADATA
    assert tflite == embed_metadata(trained.tflite, dict(reversed(METADATA.items())))
    model = Int8Model(tflite)
    q = model.quantise(trained.x_test[:20])
    np.testing.assert_array_equal(model.predict_int8(q), Int8Model(trained.tflite).predict_int8(q))
    micro = runtime.Interpreter.from_bytes(tflite)
    micro.set_input(q[:1], 0)
    micro.invoke()
    np.testing.assert_array_equal(micro.get_output(0), model.predict_int8(q[:1]))


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_quantised_model_survives_a_file(trained, tmp_path):
    trained.qat_model.save(tmp_path / "model.h5")
    with tfmot.quantization.keras.quantize_scope():
        loaded = keras.models.load_model(tmp_path / "model.h5")
    assert convert_int8(loaded) == trained.tflite


def test_metadata_is_replaced_not_added(trained):
    tflite = trained.tflite
    once = embed_metadata(tflite, {"a": 1})
    assert embed_metadata(embed_metadata(tflite, METADATA), {"a": 1}) == once
    assert len(once) - len(tflite) < 120


def test_conversion_repeats_and_is_silent(trained, capfd, recwarn):
    assert convert_int8(trained.qat_model) == trained.tflite
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
    assert not recwarn.list


@pytest.mark.parametrize("metadata", [{"value": float("nan")}, {"value": np.zeros(2)}, {"value": {1, 2}}])
def test_metadata_that_is_not_json_is_refused(trained, metadata):
    with pytest.raises(errors.ModelFileError, match="not JSON"):
        embed_metadata(trained.tflite, metadata)


@pytest.mark.parametrize(
    "tflite", [b"", b"abc", b"\0" * 100, b"\x1c\0\0\0TFL3", "model.tflite", b"\xff\xff\xff\xffTFL3" + b"\xff" * 60]
)
def test_bytes_that_are_no_model_are_refused(tflite):
    for function in (read_metadata, Int8Model):
        with pytest.raises(errors.ModelFileError):
            function(tflite)


def test_truncated_files_are_refused_at_every_length(trained):
    for length in range(0, len(trained.tflite) - 1, 97):
        with pytest.raises(errors.ModelFileError):
            Int8Model(trained.tflite[:length])


def test_float_model_cannot_be_converted_as_quantised(trained):
    with pytest.raises(errors.CoreModelError, match="train_quantised"):
        convert_int8(trained.model)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: "model", "Expected a tf_keras.Model, got builtins.str"),
        (lambda: keras.Sequential([keras.layers.Dense(2)]), "functional"),
        (lambda: keras.Model(*[keras.layers.Input((8, 2))] * 2), r"\(8, 2\)"),
        (lambda: keras.Model(*[keras.layers.Input((8, 2, 1), name="window")] * 2), "'window'; it must be a Softmax"),
    ],
)
def test_other_models_are_refused(build, message):
    with pytest.raises(errors.CoreModelError, match=message):
        untrained_int8(build())
