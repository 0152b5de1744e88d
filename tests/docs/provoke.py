"""Provokes the errors that docs/troubleshooting.md explains: heading of the page to a function that makes the message.

Each takes a folder for its files and returns what the user reads: what the program prints, or what an exception says.
"""

import contextlib
import io
import json
import sys

import numpy as np
import pytest
from toy_data import sines

import tsnas
import tsnas.plots
from tsnas.commands.main import run
from tsnas.errors import TsnasError

X, Y = sines(90)


def said(function):
    """What an exception of tsnas says."""
    try:
        function()
    except TsnasError as error:
        return f"{type(error).__name__}: {error}"
    raise AssertionError("nothing was raised")


def printed(*argv):
    """The errors that the program prints."""
    with contextlib.redirect_stderr(io.StringIO()) as stderr, contextlib.redirect_stdout(io.StringIO()):
        assert run(argv) != 0
    return stderr.getvalue()


def fitting(x, y=Y, **settings):
    return said(lambda: tsnas.AutoClassifier(verbose=0, **settings).fit(x, y))


def broken_windows():
    x = X.copy()
    x[3, 7, 1] = np.nan
    return x


def npz(folder, **arrays):
    np.savez(folder / "mine.npz", **arrays)


def search(folder, *flags):
    npz(folder, x_train=X, y_train=Y)
    return printed("search", "--data=mine.npz", "--out=runs/mine", *flags)


def damaged_save(folder):
    (folder / "runs/mine").mkdir(parents=True)
    return said(lambda: tsnas.load("runs/mine"))


def random_bytes(folder):
    (folder / "model.tflite").write_bytes(bytes(range(200)))
    return printed("estimate", "model.tflite", "--board=nucleo_f446re")


def float_model(folder):
    import tensorflow as tf
    import tf_keras as keras

    model = keras.Sequential([keras.layers.Dense(3, input_shape=(8,), name="dense")])
    (folder / "model.tflite").write_bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())
    return printed("estimate", "model.tflite", "--board=nucleo_f446re")


def int8_model(folder, layer):
    """A file with a layer on a sequence, made as most tutorials make one: with a batch that is left open."""
    import tensorflow as tf
    import tf_keras as keras

    model = keras.Sequential([keras.Input((8, 3), name="windows"), layer(keras.layers)], name="net")
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([X[index : index + 1, :8, :3]] for index in range(8))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    (folder / "model.tflite").write_bytes(converter.convert())
    return printed("estimate", "model.tflite", "--board=nucleo_f446re")


def without_tools(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(folder))
        return printed(*CHARACTERIZE, "--port=emulated:cortex-m4")


def without_matplotlib(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "matplotlib.figure", None)
        return said(lambda: tsnas.plots.plot_search(None))


def broken_board(folder):
    board = tsnas.load_board("nucleo_f446re").to_json() | {"clock_hz": "180 MHz"}
    (folder / "my_board.json").write_text(json.dumps(board))
    return said(lambda: tsnas.load_board("my_board.json"))


def file_in_the_way(folder):
    (folder / "runs").write_text("")
    return search(folder, "--board=nucleo_f446re")


PROVOKED = {
    "Limits that no network keeps": lambda folder: search(folder, "--board=nucleo_f446re", "--max_latency_ms=0.1"),
    "A limit that is no number above 0": lambda folder: fitting(X, max_ram_kb=0),
    "A limit on energy": lambda folder: fitting(X, max_energy_mj=1),
    "An unknown board": lambda folder: search(folder, "--board=nucleo_f446"),
    "A board file with a wrong field": broken_board,
    "Windows of another shape": lambda folder: fitting(X[0, 0]),
    "Windows of different lengths": lambda folder: fitting([[1, 2, 3], [4, 5]], [0, 1]),
    "Values that are missing": lambda folder: fitting(broken_windows()),
    "Windows that are too short": lambda folder: fitting(X[:, :1]),
    "Arrays of different lengths": lambda folder: fitting(X, Y[:-1]),
    "Labels as rows": lambda folder: fitting(X, np.eye(3)[Y]),
    "Labels that are numbers with a fraction": lambda folder: fitting(X, Y + 0.5),
    "A single class": lambda folder: fitting(X, np.zeros(len(X), int)),
    "Too few windows": lambda folder: fitting(X[:3], Y[:3]),
    "A file without the arrays": lambda folder: (npz(folder, windows=X), printed(*SEARCH))[1],
    "An output folder that cannot be made": file_in_the_way,
    "An unknown flag": lambda folder: search(folder, "--board=nucleo_f446re", "--max_latency=30"),
    "Labels that training did not have": lambda folder: said(
        lambda: tsnas.data.encode_labels(["walk", "fall"], np.array(["sit", "walk"]))
    ),
    "A folder without a classifier": damaged_save,
    "A file that is no model": random_bytes,
    "A model that is not int8": float_model,
    "A dilated convolution with an open batch": lambda folder: int8_model(
        folder, lambda layers: layers.Conv1D(4, 3, dilation_rate=2, padding="same", name="conv")
    ),
    "A model with other operators": lambda folder: int8_model(folder, lambda layers: layers.Dense(5, name="dense")),
    "No such port": lambda folder: printed(*CHARACTERIZE, "--port=/dev/ttyACM9"),
    "Compiler or emulator are missing": without_tools,
    "Pictures without matplotlib": without_matplotlib,
}
CHARACTERIZE = ("characterize", "--board=nucleo_f446re", "--shape=128x9", "--classes=6", "--out=mine.json")
SEARCH = ("search", "--data=mine.npz", "--board=nucleo_f446re", "--out=runs/mine")
