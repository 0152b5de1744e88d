"""tsnas estimate: prints what estimate_tflite returns, and refuses what it refuses."""

import csv
import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from tsnas.commands.main import run
from tsnas.cost.board import load_board
from tsnas.cost.estimate import estimate_tflite
from tsnas.cost.latency import op_cycles
from tsnas.cost.measurements import OpMeasurement
from tsnas.cost.op_table import write_table
from tsnas.graph.ops import Add, Softmax


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


def op_rows(path, **columns):
    rows = [
        {"board": "nucleo_f446re", "op": "add", "in_h": 16, "in_w": 3, "in_c": 8, "note": "kept"},
        {"board": "nicla_sense_me", "op": "softmax", "in_h": 1, "in_w": 1, "in_c": 6, "note": ""},
    ]
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], *columns])
        writer.writeheader()
        writer.writerows([row | columns for row in rows])
    return rows


def test_operators_of_a_file_are_predicted_in_place(tmp_path, capsys):
    rows = op_rows(tmp_path / "ops.csv", op_cycles=5000)
    assert run(["estimate", f"--ops={tmp_path / 'ops.csv'}"]) == 0
    captured = capsys.readouterr()
    written = list(csv.DictReader(captured.out.splitlines()))
    assert list(written[0]) == [*rows[0], "op_cycles", "predicted_cycles", "cycles_source", "predicted_arena_bytes"]
    assert [row["note"] for row in written] == ["kept", ""]
    for row, op, name in zip(written, (Add(16, 3, 8), Softmax(6)), ("nucleo_f446re", "nicla_sense_me"), strict=True):
        assert float(row["predicted_cycles"]) == pytest.approx(op_cycles(op, load_board(name)), abs=0.06)
        assert row["cycles_source"] == "model"
    assert "2 operators; mean error of 2 with op_cycles" in captured.err


def test_one_board_for_every_row_and_a_table_that_beats_the_model(tmp_path, capsys):
    op_rows(tmp_path / "ops.csv")
    record = OpMeasurement("nucleo_f446re", "1", Softmax(6), 777, 999, 4000, 900)
    write_table(tmp_path / "table.json", [record, dataclasses.replace(record, op=Softmax(7), arena_bytes=3)])
    flags = ["--board=nucleo_f446re", f"--table={tmp_path / 'table.json'}", f"--out={tmp_path / 'out.csv'}"]
    assert run(["estimate", f"--ops={tmp_path / 'ops.csv'}", *flags]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"2 operators, written to {tmp_path / 'out.csv'}" in captured.err
    assert "is not used: impossible: an arena of 3 bytes for tensors of 14 bytes" in captured.err
    with open(tmp_path / "out.csv") as file:
        written = list(csv.DictReader(file))
    assert [(row["predicted_cycles"], row["cycles_source"]) for row in written][1] == ("777.0", "measured")
    assert float(written[0]["predicted_cycles"]) == pytest.approx(
        op_cycles(Add(16, 3, 8), load_board("nucleo_f446re")), abs=0.06
    )


def test_without_a_board_a_table_serves_every_board(tmp_path, capsys):
    op_rows(tmp_path / "ops.csv", op_cycles="800.0")
    records = [
        OpMeasurement("nicla_sense_me", "1", Softmax(6), 777, 999, 4000, 900),
        OpMeasurement("nucleo_f446re", "1", Add(16, 3, 8), 888, 999, 4000, 900),
        OpMeasurement("nucleo_l552ze_q", "1", Softmax(6), 1, 2, 4000, 900),
    ]
    write_table(tmp_path / "table.csv", records)
    assert run(["estimate", f"--ops={tmp_path / 'ops.csv'}", f"--table={tmp_path / 'table.csv'}"]) == 0
    captured = capsys.readouterr()
    written = list(csv.DictReader(captured.out.splitlines()))
    assert [row["predicted_cycles"] for row in written] == ["888.0", "777.0"]
    assert "is not used: of board 'nucleo_l552ze_q', not 'nucleo_f446re' or 'nicla_sense_me'" in captured.err
    assert "mean error of 2 with op_cycles: 6.94%" in captured.err  # (88 / 800 + 23 / 800) / 2


def test_real_measurements_are_predicted(shared_dir, tmp_path, capsys):
    path = shared_dir / "measurements" / "op_latency_open.csv"
    assert run(["estimate", f"--ops={path}", f"--out={tmp_path / 'out.csv'}"]) == 0
    with open(tmp_path / "out.csv") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4572
    assert all(row["predicted_arena_bytes"] == row["arena_bytes"] for row in rows)
    errors = [abs(float(row["predicted_cycles"]) / float(row["op_cycles"]) - 1) for row in rows]
    assert np.mean(errors) < 0.006


def test_bad_operator_files_are_named(tmp_path, capsys):
    path = tmp_path / "ops.csv"
    for text, message in [
        ("", "hold no rows"),
        ("op,in_h\nadd,3\n", "line 2: KeyError: 'in_w'"),
        ("board,op,in_h,in_w,in_c\nnucleo_f446re,lstm,1,1,1\n", "line 2: ValueError: op is 'lstm'; known are conv2d"),
        ("board,op,in_h,in_w,in_c\nnucleo,add,1,1,1\n", "No board is called 'nucleo'"),
        ("op,in_h,in_w,in_c\nadd,1,1,1\n", "has no column board"),
        ("board,op,in_h,in_w,in_c\nnicla_sense_me,add,1,1,1,1\n", "line 2: more values than columns"),
    ]:
        path.write_text(text)
        assert message in error_line(["estimate", f"--ops={path}"], capsys)
    assert "cannot be read" in error_line(["estimate", "--ops=no.csv"], capsys)
    assert "--json requires a model" in error_line(["estimate", f"--ops={path}", "--json"], capsys)
    assert "--out requires --ops" in error_line(["estimate", "m", "--board=nicla_sense_me", "--out=x"], capsys)
