"""What TensorFlow's converter writes for layers that people use, which interpreters take it, and what tsnas says of it.

    python -m benchmarks.compatibility

Each network is converted to int8 as a beginner would, and run in TensorFlow Lite's reference interpreter and in
TensorFlow Lite Micro (the `tflite_micro` package), with the same random inputs.
"""

from __future__ import annotations

import multiprocessing
import pathlib
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
import tabulate
import tensorflow as tf
import tf_keras as keras
from absl import app, flags
from ai_edge_litert import schema_py_generated as schema

from benchmarks.record import provenance, write_json
from tsnas.cost.estimate import estimate_tflite
from tsnas.errors import TsnasError
from tsnas.probe.conformance import random_windows
from tsnas.tflite.parser import parse_model
from tsnas.tflite.reference import reference_tensors

# The converter's calls are those of the tests.
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "tests"))
from foreign_models import convert, functional, sequential

layers = keras.layers
OUT = flags.DEFINE_string("compatibility_out", "benchmarks/results/compatibility.json", "Where to write the results.")
WINDOWS = 3
PACKAGES = ("tensorflow", "tf_keras", "tensorflow-model-optimization", "ai-edge-litert", "tflite_micro")
OP_NAMES = {value: name for name, value in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
MICRO = """
import sys, numpy as np
from tflite_micro import runtime
interpreter = runtime.Interpreter.from_bytes(open(sys.argv[1], "rb").read(), arena_size=1_000_000)
given, found = np.load(sys.argv[2]), {}
for run in range(int(given["runs"])):
    for place in range(int(given["inputs"])):
        interpreter.set_input(given[f"{run}_{place}"], place)
    interpreter.invoke()
    for place in range(int(given["outputs"])):
        found[f"{run}_{place}"] = interpreter.get_output(place)
np.savez(sys.argv[3], **found)
"""


def dilated(**options: Any) -> bytes:
    return convert(sequential((64, 3), layers.Conv1D(8, 3, dilation_rate=4, padding="same")), **options)


def quantisation_aware(inputs: int) -> bytes:
    """A network with an addition of so many branches, converted after quantisation-aware training."""
    from tensorflow_model_optimization.quantization.keras import quantize_model

    x = layers.Input((16, 4, 4))
    branches = [layers.Conv2D(4, kernel, padding="same")(x) for kernel in (1, 3, 5)[:inputs]]
    model = quantize_model(keras.Model(x, layers.GlobalAveragePooling2D()(layers.Add()(branches))))
    model(np.zeros((1, 16, 4, 4), np.float32), training=True)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())


def saved_after_quantisation() -> bytes:
    """A network saved as .keras after quantisation-aware training, loaded again and converted."""
    from tensorflow_model_optimization.quantization.keras import quantize_model, quantize_scope

    x = layers.Input((16, 4, 4))
    model = quantize_model(keras.Model(x, layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(x))))
    with tempfile.TemporaryDirectory() as folder:
        model.save(f"{folder}/model.keras")
        with quantize_scope():
            keras.models.load_model(f"{folder}/model.keras")
    return quantisation_aware(2)


CASES: dict[str, Callable[[], bytes]] = {
    "Conv1D, open batch": lambda: convert(sequential((32, 3), layers.Conv1D(4, 3), layers.Flatten(), layers.Dense(2))),
    "Dense, default": lambda: convert(sequential((64,), layers.Dense(32, "relu"), layers.Dense(3, "softmax"))),
    "Dense, one scale": lambda: convert(
        sequential((64,), layers.Dense(32, "relu"), layers.Dense(3, "softmax")), per_tensor=True
    ),
    "dilated Conv1D, open batch": dilated,
    "dilated Conv1D, batch of 1": lambda: dilated(batch=1),
    "Dense on a sequence, open batch": lambda: convert(sequential((8, 6), layers.Dense(5))),
    "Dense on a sequence, batch of 1": lambda: convert(sequential((8, 6), layers.Dense(5)), batch=1),
    "Reshape, open batch": lambda: convert(sequential((48,), layers.Reshape((16, 3)), layers.Conv1D(4, 3))),
    "Conv2D with groups, batch of 1": lambda: convert(sequential((16, 4, 8), layers.Conv2D(8, 3, groups=2)), batch=1),
    "LSTM, open batch": lambda: convert(sequential((16, 3), layers.LSTM(8))),
    "LSTM, batch of 1": lambda: convert(sequential((16, 3), layers.LSTM(8)), batch=1),
    "GRU, batch of 1": lambda: convert(sequential((8, 3), layers.GRU(4)), batch=1),
    "GRU unrolled, batch of 1": lambda: convert(sequential((8, 3), layers.GRU(4, unroll=True)), batch=1),
    "ELU": lambda: convert(sequential((16, 4, 4), layers.Conv2D(4, 3, activation="elu"))),
    "GELU": lambda: convert(sequential((16, 4, 4), layers.Conv2D(4, 3, activation="gelu"))),
    "swish": lambda: convert(sequential((16, 4, 4), layers.Conv2D(4, 3, activation="swish"))),
    "LayerNormalization": lambda: convert(sequential((16, 4), layers.LayerNormalization()), batch=1),
    "Conv2DTranspose, batch of 1": lambda: convert(sequential((16, 4, 4), layers.Conv2DTranspose(4, 3)), batch=1),
    "float32 input and output": lambda: convert(sequential((32, 3), layers.Conv1D(4, 3)), io="float32"),
    "uint8 input and output": lambda: convert(sequential((32, 3), layers.Conv1D(4, 3)), io="uint8"),
    "16x8": lambda: convert(sequential((32, 3), layers.Conv1D(4, 3)), io="float32", int16=True),
    "two inputs": lambda: convert(
        functional((16, 4), lambda x: layers.Concatenate()([x, layers.Conv1D(4, 3, padding="same")(x)]))
    ),
    "addition of two, quantisation-aware": lambda: quantisation_aware(2),
    "addition of three, quantisation-aware": lambda: quantisation_aware(3),
    ".keras after quantisation-aware training": saved_after_quantisation,
}


def try_case(make: Callable[[], bytes]) -> dict[str, Any]:
    """What the converter writes, and what the interpreters and tsnas say of it."""
    try:
        tflite = make()
    except Exception as error:  # whatever Keras and the converter raise is the result
        return {"converter": f"{type(error).__name__}: {first_line(error)}"}
    (subgraph,) = parse_model(tflite).subgraphs[:1]
    codes = parse_model(tflite).operatorCodes
    found: dict[str, Any] = {
        "operators": [
            OP_NAMES[max(codes[op.opcodeIndex].builtinCode, codes[op.opcodeIndex].deprecatedBuiltinCode)]
            for op in subgraph.operators
        ],
        "interpreters": compare(tflite, [int(index) for index in subgraph.outputs]),
    }
    try:
        estimate = estimate_tflite(tflite, "nucleo_f446re")
        found["tsnas"] = "; ".join(line for line in estimate.advice[2:]) or "estimated"
    except TsnasError as error:
        found["tsnas"] = f"{type(error).__name__}: {first_line(error)}"
    return found


def in_own_process(name: str) -> dict[str, Any]:
    """The same in a process of its own, which the converter may end."""
    receiver, sender = multiprocessing.get_context("fork").Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=lambda: sender.send(try_case(CASES[name])))
    process.start()
    sender.close()
    try:
        found: dict[str, Any] = receiver.recv()
    except EOFError:
        found = {}
    process.join()
    code = process.exitcode or 0
    return found or {"converter": f"ends the whole process ({signal.Signals(-code).name if code < 0 else code})"}


def compare(tflite: bytes, outputs: list[int]) -> dict[str, str]:
    """Whether both interpreters run it, and how many bytes of their outputs differ."""
    windows = random_windows(tflite, WINDOWS)
    try:
        reference = reference_tensors(tflite, windows, outputs)
    except TsnasError as error:
        return {"litert": first_line(error)}
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        (place / "model.tflite").write_bytes(tflite)
        given: dict[str, Any] = {f"{r}_{i}": array for r, run in enumerate(windows) for i, array in enumerate(run)}
        given |= {"runs": len(windows), "inputs": len(windows[0]), "outputs": len(outputs)}
        np.savez(place / "in.npz", **given)
        command = [sys.executable, "-c", MICRO, *(str(place / name) for name in ("model.tflite", "in.npz", "out.npz"))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return {"litert": "runs", "tflm": (done.stderr.strip().splitlines() or ["ends without a word"])[0]}
        with np.load(place / "out.npz") as micro:
            pairs = [
                (run[index].reshape(-1), micro[f"{number}_{i}"].reshape(-1))
                for number, run in enumerate(reference)
                for i, index in enumerate(outputs)
            ]
    if any(a.size != b.size for a, b in pairs):
        return {"litert": "runs", "tflm": f"runs, gives {pairs[0][1].size} values instead of {pairs[0][0].size}"}
    off = sum(int((a != b).sum()) for a, b in pairs)
    return {"litert": "runs", "tflm": f"runs, {off} of {sum(a.size for a, _ in pairs)} values differ"}


def first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0][:300]


def main(argv: list[str]) -> None:
    results = {}
    for name in CASES:
        results[name] = in_own_process(name)
        print(name, results[name], flush=True)
    rows = []
    for name, found in results.items():
        written = " ".join(found.get("operators", [found.get("converter", "")]))
        rows.append((name, written[:60], *found.get("interpreters", {}).values()))
    print(tabulate.tabulate(rows, ("network", "operators", "LiteRT", "TFLM")))
    write_json(OUT.value, provenance("benchmarks.compatibility", PACKAGES) | {"cases": results})


if __name__ == "__main__":
    app.run(main)
