"""tsnas estimate: prints what estimate_tflite returns, and refuses what it refuses."""

import json

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from tsnas.commands.main import run
from tsnas.cost.estimate import estimate_tflite


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A small network as int8 and as float .tflite file: (int8 path, float path)."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((32, 3, 1), batch_size=1)
    x = keras.layers.Conv2D(4, (5, 1), strides=(2, 1), padding="same", activation="relu")(inputs)
    x = keras.layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = keras.layers.Conv2D(3, 1)(x)
    model = keras.Model(inputs, x)
    folder = tmp_path_factory.mktemp("models")

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    (folder / "float.tflite").write_bytes(converter.convert())
    windows = np.random.default_rng(0).standard_normal((16, 1, 32, 3, 1)).astype(np.float32)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([window] for window in windows)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    (folder / "int8.tflite").write_bytes(converter.convert())
    return folder / "int8.tflite", folder / "float.tflite"


def test_table_and_totals(models, capsys):
    assert run(["estimate", str(models[0]), "--board=nucleo_f446re"]) == 0
    assert capsys.readouterr().out.strip() == estimate_tflite(models[0], "nucleo_f446re").table().strip()


def test_json_has_the_figures_and_the_flash_is_the_size_of_the_file(models, capsys):
    assert run(["estimate", "--board", "nicla_sense_me", "--json", str(models[0])]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values == json.loads(json.dumps(estimate_tflite(models[0], "nicla_sense_me").to_json()))
    assert values["flash_bytes"] == models[0].stat().st_size
    assert values["latency_ms"] == pytest.approx(sum(row["latency_ms"] for row in values["rows"]))
    assert values["latency_ms"] > 0


def error_line(argv, capsys):
    assert run(argv) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.splitlines()[0]


def test_bad_command_lines(models, capsys):
    model = str(models[0])
    assert "expected the path of one .tflite file, not 0" in error_line(["estimate", "--board=x"], capsys)
    assert "not 2 arguments" in error_line(["estimate", model, model, "--board=x"], capsys)
    assert "--board is required" in error_line(["estimate", model], capsys)
    assert "nucleo_f446re" in error_line(["estimate", model, "--board=nucleo_f446"], capsys)


def test_bad_files(models, tmp_path, capsys):
    board = "--board=nucleo_f446re"
    (tmp_path / "text.tflite").write_text("not a model at all")
    (tmp_path / "short.tflite").write_bytes(models[0].read_bytes()[:200])
    assert "none.tflite" in error_line(["estimate", str(tmp_path / "none.tflite"), board], capsys)
    assert "is not a .tflite file" in error_line(["estimate", str(tmp_path / "text.tflite"), board], capsys)
    assert "truncated or damaged" in error_line(["estimate", str(tmp_path / "short.tflite"), board], capsys)
    assert "int8" in error_line(["estimate", str(models[1]), board], capsys)
