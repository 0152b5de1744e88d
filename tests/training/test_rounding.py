"""Training that rounds as the board does: every value of every convolution as TFLite's reference kernels have it."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from dilated_nets import dilated_net
from trained_net import Trained, sine_windows

from tsnas import errors
from tsnas.deploy.convert import convert_int8
from tsnas.tflite.interpreter import Int8Model
from tsnas.training.core_model import origin, unwrapped
from tsnas.training.ranges import range_variables
from tsnas.training.rounding import BoardRounding, rounding_as_on_board
from tsnas.training.train import train_float, train_quantised


@pytest.fixture(scope="module")
def windows(trained):
    """Recorded windows, and still ones, in which a single wrong rounding moves all of a window."""
    levels = np.random.default_rng(0).uniform(trained.x.min(), trained.x.max(), (200, 1, 3))
    return np.concatenate([trained.x_test, np.repeat(levels, 32, axis=1).astype(np.float32)])


def on_board(tflite: bytes, q: np.ndarray) -> list[np.ndarray]:
    """The int8 outputs of each convolution for windows in int8."""
    interpreter = Interpreter(
        model_content=tflite,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
    )
    interpreter.allocate_tensors()
    convolutions = [op["outputs"][0] for op in interpreter._get_ops_details() if op["op_name"] == "CONV_2D"]
    rows = []
    for window in q:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], window[None])
        interpreter.invoke()
        rows.append([interpreter.get_tensor(index)[0] for index in convolutions])
    return [np.stack(outputs) for outputs in zip(*rows, strict=True)]


def activations(model: keras.Model, x: np.ndarray) -> list[np.ndarray]:
    """What the ReLUs of a quantisation-aware model give, in int8."""
    relus, tensors, seen = [], [model.outputs[0]], set()
    for tensor in tensors:
        layer, sources = origin(tensor)
        if is_relu(layer) and layer.name not in seen:
            seen.add(layer.name)
            relus.append((range_variables(layer)[1], tensor))
        tensors += sources
    outputs = keras.Model(model.input, [tensor for _, tensor in relus])(x[..., None], training=False)
    steps = [float(highest) / 255 for highest, _ in relus]
    return [np.rint(values.numpy() / step).astype(int) - 128 for step, values in zip(steps, outputs, strict=True)]


def is_relu(layer) -> bool:
    return isinstance(unwrapped(layer), keras.layers.ReLU)


def unlike(model, trained, windows) -> float:
    """The largest share of a convolution's values that a quantisation-aware model has other than the board."""
    int8 = Int8Model(trained.tflite)
    expected = on_board(trained.tflite, int8.quantise(windows))
    shares = []
    for values in activations(model, windows):
        # Names of operators are not in the file: each is held against the one of its shape that is nearest to it.
        shares.append(min(np.mean(values != other) for other in expected if other.shape == values.shape))
    return max(shares)


def test_every_value_is_the_boards(trained, windows):
    board = rounding_as_on_board(trained.qat_model)
    assert sum(isinstance(layer, BoardRounding) for layer in board.layers) == 6
    # A sum that is at a half to the last bit of float may go either way, and what follows with it.
    assert unlike(board, trained, windows) < 5e-4
    assert unlike(trained.qat_model, trained, windows) > 5e-3


def test_answers_are_the_boards(trained, windows):
    board = rounding_as_on_board(trained.qat_model)
    expected = Int8Model(trained.tflite).predict(windows)
    off = [np.abs(m.predict(windows[..., None], verbose=0) - expected) for m in (board, trained.qat_model)]
    assert off[0].mean() < off[1].mean()
    assert off[0].max() < 0.02


@pytest.fixture(scope="module")
def dilated():
    """A network with dilated convolutions, whose kernels reach beyond the window: trained shortly, and converted."""
    (x, y), (x_test, y_test) = sine_windows(96, seed=0), sine_windows(60, seed=1)
    model = dilated_net(32, 3, (3, 3), (9, 8)).build(seed=0)
    train_float(model, x, y, epochs=1, batch_size=16, seed=0)
    qat_model = train_quantised(model, x, y, epochs=1, batch_size=16, seed=0)
    return Trained(model, qat_model, convert_int8(qat_model), x, y, x_test, y_test)


def test_every_value_of_dilated_convolutions_is_the_boards(dilated):
    board = rounding_as_on_board(dilated.qat_model)
    assert sum(isinstance(layer, BoardRounding) for layer in board.layers) == 3
    assert unlike(board, dilated, dilated.x_test) < 5e-4
    expected = Int8Model(dilated.tflite).predict(dilated.x_test)
    np.testing.assert_allclose(board.predict(dilated.x_test[..., None], verbose=0), expected, atol=0.02)


def test_weights_are_shared(trained):
    board = rounding_as_on_board(trained.qat_model)
    assert {id(w) for w in board.trainable_weights} == {id(w) for w in trained.qat_model.trainable_weights}
    assert [layer.name for layer in trained.qat_model.layers if isinstance(layer, BoardRounding)] == []


def test_gradients_pass(trained):
    board = rounding_as_on_board(trained.qat_model)
    (first, *_) = (layer for layer in board.layers if isinstance(layer, BoardRounding))
    x = tf.constant(np.random.default_rng(0).uniform(-1, 4, (2, 16, 3, 4)).astype(np.float32))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = first(x)
    np.testing.assert_array_equal(tape.gradient(y, x), np.ones_like(x))
    assert 0 < np.abs(y - x).max() < 0.1


def test_unknown_rounding(trained):
    with pytest.raises(errors.SettingError, match=r"rounding='up' must be one of 'board', 'nearest'"):
        train_quantised(trained.model, trained.x, trained.y, epochs=1, seed=0, rounding="up")
