"""The host's answers: those of the TFLite Micro interpreter bit for bit, and close to the float model's."""

import numpy as np
import pytest
from sklearn.metrics import f1_score
from tflite_micro.python.tflite_micro import runtime

from tsnas import errors
from tsnas.tflite.interpreter import BATCH, Int8Model


@pytest.fixture(scope="module")
def model(trained):
    return Int8Model(trained.tflite)


def test_bit_exact_with_tflite_micro(trained, model):
    rng = np.random.default_rng(0)
    q = np.concatenate([model.quantise(trained.x_test), rng.integers(-128, 128, (60, 32, 3, 1), dtype=np.int8)])
    micro = runtime.Interpreter.from_bytes(trained.tflite)
    expected = []
    for window in q:
        micro.set_input(window[None], 0)
        micro.invoke()
        expected.append(micro.get_output(0)[0].copy())
    np.testing.assert_array_equal(model.predict_int8(q), expected)


def test_int8_scores_as_float_does(trained, model):
    float_probabilities = trained.model.predict(trained.x_test[..., None], verbose=0)
    scores = [
        f1_score(trained.y_test, probabilities.argmax(axis=1), average="macro")
        for probabilities in (float_probabilities, model.predict(trained.x_test))
    ]
    assert scores[0] > 0.9
    assert scores[1] > scores[0] - 0.01


def test_int8_follows_the_quantisation_aware_model(trained, model):
    expected = trained.qat_model.predict(trained.x_test[..., None], verbose=0)
    assert np.abs(model.predict(trained.x_test) - expected).max() < 0.03


def test_batches_of_any_size_give_the_same(trained, model):
    x = np.concatenate([trained.x_test, trained.x])
    whole = model.predict(x)
    assert len(x) > BATCH
    assert len(x) % BATCH != 0
    some = [0, 1, BATCH - 1, BATCH, len(x) - 1]
    np.testing.assert_array_equal(np.concatenate([model.predict(x[i : i + 1]) for i in some]), whole[some])
    np.testing.assert_array_equal(model.predict(x[..., None]), whole)
    assert model.predict_int8(np.empty((0, 32, 3, 1), np.int8)).shape == (0, 3)


def test_quantise_is_the_firmwares_formula(trained, model):
    scale, zero_point = model.input_scale, model.input_zero_point
    expected = []
    for value in trained.x_test[:10].ravel():
        level = int(np.round(np.float32(value) / np.float32(scale))) + zero_point
        expected.append(max(-128, min(127, level)))
    np.testing.assert_array_equal(model.quantise(trained.x_test[:10]).ravel(), expected)
    assert model.quantise(np.full((1, 32, 3), 1e6)).max() == 127


def test_probabilities_add_up_to_one(trained, model):
    assert (model.output_scale, model.output_zero_point) == (1 / 256, -128)
    assert (model.window_shape, model.classes) == ((32, 3, 1), 3)
    probabilities = model.predict(trained.x_test)
    assert probabilities.dtype == np.float32
    # Each probability is rounded down to a multiple of 1/256, and 1 is out of reach of int8.
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=2 / 256)


@pytest.mark.parametrize(
    ("windows", "error", "message"),
    [
        (np.zeros((2, 16, 3)), errors.WindowShapeError, r"\(2, 16, 3\).*\(windows, 32, 3\)"),
        (np.zeros((32, 3)), errors.WindowShapeError, r"\(32, 3\)"),
        (np.zeros((0, 32, 3)), errors.WindowShapeError, "at least one window"),
        (np.full((1, 32, 3), np.inf), errors.NonFiniteError, "infinite"),
    ],
)
def test_windows_that_do_not_fit_are_named(model, windows, error, message):
    with pytest.raises(error, match=message):
        model.predict(windows)


def test_raw_input_must_be_int8_of_the_right_shape(model):
    with pytest.raises(errors.DtypeError, match="float32"):
        model.predict_int8(np.zeros((1, 32, 3, 1), np.float32))
    with pytest.raises(errors.WindowShapeError, match=r"\(1, 32, 3\)"):
        model.predict_int8(np.zeros((1, 32, 3), np.int8))
