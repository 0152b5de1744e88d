"""A model predicts through its file, is judged against scikit-learn's scores, and keeps its limits when it is saved."""

import dataclasses
import json
import pickle

import numpy as np
import pytest
import tf_keras as keras
from fitted import SMALL, fitted, networks, windows
from sklearn.metrics import accuracy_score, f1_score

import tsnas
from tsnas.data import Standardizer
from tsnas.errors import ExportError, LengthMismatchError, ModelFileError, SettingError, WindowShapeError
from tsnas.export import Firmware
from tsnas.model import saving
from tsnas.model.model import raw_network
from tsnas.tflite.metadata import embed_metadata


def test_labels_are_those_of_the_most_probable_class_of_the_file():
    model = fitted().model_
    x, _ = windows()
    levels = model.firmware.model.predict_int8(model.firmware.quantise(x)).astype(float)
    probabilities = (levels - model.firmware.model.output_zero_point) * model.firmware.model.output_scale
    np.testing.assert_allclose(
        model.predict_proba(x), probabilities / probabilities.sum(axis=1, keepdims=True), rtol=1e-5
    )
    np.testing.assert_array_equal(model.predict(x), model.classes[probabilities.argmax(axis=1)])


def test_scores_are_scikit_learns():
    model = fitted().model_
    x, codes = windows()
    found = model.evaluate(x, model.classes[codes])
    guesses = {"float": model.float_network(x).numpy().argmax(axis=1), "int8": model.predict_proba(x).argmax(axis=1)}
    for kind, predicted in guesses.items():
        assert found[kind]["accuracy"] == pytest.approx(accuracy_score(codes, predicted))
        assert found[kind]["macro_f1"] == pytest.approx(f1_score(codes, predicted, average="macro"))
    judged = model.judge(x, model.classes[codes])
    np.testing.assert_array_equal(judged.codes, codes)
    assert set(judged.predicted) == {"float", "int8"}


def test_bad_windows_have_messages_of_their_own():
    model = fitted().model_
    x, _ = windows()
    with pytest.raises(WindowShapeError, match=r"a single window .* \(windows, 32, 3\); give x\[np.newaxis\]"):
        model.predict(np.zeros((32, 3)))
    with pytest.raises(WindowShapeError, match=r"\(31, 3\), but the model was trained on \(32, 3\)"):
        model.predict(x[:, :31])
    with pytest.raises(LengthMismatchError, match="x_test has no labels"):
        model.judge(x, None, "x_test")
    with pytest.raises(SettingError, match="use predict"):
        model.predict_recordings([x[0]])


def test_recordings_are_cut_as_the_signal_says():
    model = fitted().model_
    signal = tsnas.Signal(window=SMALL.time, stride=8)
    cut = dataclasses.replace(model, signal=signal)
    x, _ = windows()
    long = np.concatenate(x[:3])
    (found,) = cut.predict_recordings([long])
    every = np.stack([long[start : start + SMALL.time] for start in range(0, len(long) - SMALL.time + 1, 8)])
    np.testing.assert_array_equal(found, model.predict(every))
    assert len(cut.predict_recordings([long[:30]])[0]) == 0


def test_a_file_that_does_not_say_what_it_takes_makes_no_model():
    model = fitted().model_
    with pytest.raises(ExportError, match="does not say how its input is standardised"):
        dataclasses.replace(model, firmware=Firmware(networks(SMALL)[1], model.board))


def test_the_float_network_is_loaded_by_keras_3_and_by_tf_keras(tmp_path):
    import keras
    import tf_keras

    clf = fitted()
    clf.save(tmp_path)
    x, _ = windows()
    expected = np.asarray(clf.model_.float_network(x[:8]))
    for each in (keras, tf_keras):
        network = each.saving.load_model(tmp_path / "model.keras")
        np.testing.assert_allclose(np.asarray(network(x[:8])), expected, atol=1e-5)


@pytest.mark.parametrize(("asked_ms", "kept_ms"), [(None, 250.0), (400.0, 250.0), (30.0, 30.0)])
def test_a_saved_model_is_bound_by_the_deadline_of_its_signal(tmp_path, asked_ms, kept_ms):
    clf = fitted(max_latency_ms=asked_ms)
    signal = tsnas.Signal(window=SMALL.time, stride=8, rate_hz=32)
    assert signal.deadline_ms == 250.0
    saving.save(dataclasses.replace(clf.model_, signal=signal), clf.get_params(deep=False), tmp_path)
    model, params = saving.load(tmp_path)
    assert model.limits.max_latency_ms == kept_ms
    assert params["max_latency_ms"] == asked_ms
    assert tsnas.load(tmp_path).model_.limits == model.limits


def test_a_saved_parameter_that_no_classifier_has_is_named(tmp_path):
    fitted().save(tmp_path)
    state = json.loads((tmp_path / "classifier.json").read_text())
    state["params"]["colour"] = "blue"
    (tmp_path / "classifier.json").write_text(json.dumps(state))
    with pytest.raises(ModelFileError, match="colour"):
        tsnas.load(tmp_path)


def test_the_path_of_a_board_file_is_saved_as_text(tmp_path):
    board_file = tmp_path / "board.json"
    board_file.write_text(json.dumps(tsnas.load_board("nucleo_f446re").to_json()))
    fitted(board=board_file).save(tmp_path / "saved")
    assert tsnas.load(tmp_path / "saved").board == str(board_file)


def test_limits_set_after_the_fit_are_those_of_the_next_fit_alone(tmp_path):
    clf = fitted(max_latency_ms=30.0)
    clf.set_params(max_latency_ms=-1).save(tmp_path)
    for again in (tsnas.load(tmp_path), pickle.loads(pickle.dumps(clf))):
        assert again.model_.limits == clf.model_.limits == tsnas.Limits(max_latency_ms=30.0)
        assert again.max_latency_ms == -1


def test_a_file_without_limits_has_those_of_the_parameters(tmp_path):
    clf = fitted(max_latency_ms=30.0)
    metadata = {key: value for key, value in clf.model_.firmware.metadata.items() if key != "limits"}
    firmware = Firmware(embed_metadata(clf.tflite_model_, metadata), clf.board_)
    saving.save(dataclasses.replace(clf.model_, firmware=firmware), clf.get_params(deep=False), tmp_path)
    # Versions that wrote no limits held them against the predicted values alone.
    assert tsnas.load(tmp_path).model_.limits == dataclasses.replace(clf.model_.limits, margin="expected")


class Stubborn(tsnas.AutoClassifier):
    """Says the first class, whatever it sees."""

    def predict_proba(self, x):
        return np.eye(1, len(self.classes_)).repeat(len(x), axis=0)


def test_predictions_of_a_subclass_are_those_that_are_judged(tmp_path):
    clf, (x, codes) = fitted(), windows()
    labels = clf.classes_[codes]
    stubborn = Stubborn(**clf.get_params())
    vars(stubborn).update(vars(clf))
    assert stubborn.score(x, labels) == pytest.approx(np.mean(codes == 0))
    assert stubborn.evaluate(x, labels)["int8"]["accuracy"] == pytest.approx(np.mean(codes == 0))
    stubborn.report(tmp_path, x, labels)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["test"]["int8"]["accuracy"] == pytest.approx(np.mean(codes == 0))


@pytest.mark.parametrize("unit", [1e-30, 1e-12, 1e-8, 1.0, 1e9, 1e25])
def test_a_float_network_standardises_windows_of_any_unit(unit):
    raw = (np.random.default_rng(0).normal(3.0, 2.0, (4, 8, 2)) * unit).astype(np.float32)
    standardizer = Standardizer.fit(raw)
    window = keras.Input((8, 2, 1))
    network = raw_network(keras.Model(window, keras.layers.Activation("linear")(window)), standardizer)
    np.testing.assert_allclose(network(raw).numpy()[..., 0], standardizer(raw), atol=1e-5)
    again = keras.Model.from_config(network.get_config())
    np.testing.assert_array_equal(again(raw), network(raw))


def test_scores_of_many_models_are_no_reason_to_warn_of_many_graphs(caplog):
    x, codes = windows()
    model = fitted().model_
    for _ in range(8):
        again = dataclasses.replace(model, float_network=keras.models.clone_model(model.float_network))
        again.judge(x[:2], model.classes[codes[:2]])
    assert "retracing" not in caplog.text
