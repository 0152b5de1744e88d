"""Runs any int8 .tflite file in TFLite's reference interpreter, and returns the values of all of its tensors.

The interpreter trusts a file, and with some it ends its whole process. So it runs in a process of its own.
"""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np

from tsnas.errors import ModelFileError
from tsnas.tflite.parser import parse_model
from tsnas.tflite.tensors import indices
from tsnas.tflite.writer import pack_model

TIMEOUT_S = 600
# What the process prints, and its exit code, where the interpreter refuses a file.
REFUSED = 3
# A tensor's values in the file of results.
KEY = "{run}_{tensor}"


def reference_tensors(
    tflite: bytes, inputs: Sequence[Sequence[np.ndarray]], tensors: Sequence[int]
) -> list[dict[int, np.ndarray]]:
    """Runs a model in the reference interpreter, and returns tensors of every run.

    Args:
        tflite: bytes of a .tflite file.
        inputs: for each run, an array for each input of the model, in the order of the file.
        tensors: sequence of int, indices in the file of the tensors that are wanted.

    Returns:
        list of dict of the index of a tensor to its array, one for each run.

    Raises:
        ModelFileError: TFLite refuses the file, or ends over it.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        (place / "model.tflite").write_bytes(_loadable(tflite))
        arrays: dict[str, Any] = {
            KEY.format(run=i, tensor=j): array for i, run in enumerate(inputs) for j, array in enumerate(run)
        }
        arrays |= {"wanted": np.array(sorted(set(tensors)), int), "runs": np.array(len(inputs))}
        _save(place / "inputs.npz", arrays)
        done = subprocess.run(
            [sys.executable, __file__, folder],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
            check=False,
        )
        if done.returncode:
            raise ModelFileError(f"TFLite cannot run this file of {len(tflite)} bytes: {_why(done)} Convert it again.")
        with np.load(place / "outputs.npz") as found:
            return [{t: found[KEY.format(run=i, tensor=t)] for t in set(tensors)} for i in range(len(inputs))]


def _loadable(tflite: bytes) -> bytes:
    """The file, with axes of scales that TFLite refuses, though no kernel reads them, made valid.

    Older converters gave the bias of a depthwise convolution the axis of its weights, 3, though it has one axis alone.
    """
    model = parse_model(tflite)
    repaired = False
    for tensor in (tensor for graph in model.subgraphs for tensor in graph.tensors or []):
        shape, quantization = indices(tensor.shape), tensor.quantization
        if len(shape) == 1 and quantization is not None and quantization.quantizedDimension > 0:
            quantization.quantizedDimension, repaired = 0, True
    return pack_model(model) if repaired else tflite


def _why(done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode == REFUSED:
        return f"{done.stdout.strip().rstrip('.')}."
    if done.returncode < 0:
        return f"its interpreter ended by {signal.Signals(-done.returncode).name}."
    return f"{(done.stderr.strip().splitlines() or ['it ended without a word'])[-1]}."


def _save(path: pathlib.Path, arrays: dict[str, Any]) -> None:
    np.savez(path, **arrays)


def _run(folder: pathlib.Path) -> None:
    """What the process does."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    given = np.load(folder / "inputs.npz")
    found: dict[str, np.ndarray] = {}
    try:
        interpreter = Interpreter(
            model_path=str(folder / "model.tflite"),
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
            experimental_preserve_all_tensors=True,
            num_threads=1,
        )
        interpreter.allocate_tensors()
        places = [details["index"] for details in interpreter.get_input_details()]
        for run in range(int(given["runs"])):
            interpreter.reset_all_variables()
            for number, place in enumerate(places):
                interpreter.set_tensor(place, given[KEY.format(run=run, tensor=number)])
            interpreter.invoke()
            for tensor in given["wanted"].tolist():
                found[KEY.format(run=run, tensor=tensor)] = interpreter.get_tensor(tensor)
    except (ValueError, RuntimeError) as error:
        print(" ".join(str(error).split()))
        raise SystemExit(REFUSED) from None
    _save(folder / "outputs.npz", found)


if __name__ == "__main__":
    _run(pathlib.Path(sys.argv[1]))
