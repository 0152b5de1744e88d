"""Exports models of other people: without an interpreter, class names and standardisation, with a self-test."""

from __future__ import annotations

import hashlib
import os
import pathlib
from typing import Any

import numpy as np

from tsnas.cost.board import Board, load_board
from tsnas.cost.estimate import estimate_tflite
from tsnas.errors import ExportError
from tsnas.export.layouts import ARITHMETIC, KERNELS, SOURCES, Files
from tsnas.export.network import build_graph
from tsnas.export.render import render
from tsnas.export.room import check_room, refuse_npu
from tsnas.export.variables import CMSIS_NN_FILES
from tsnas.graph.ops import FullyConnected
from tsnas.probe.conformance import random_windows
from tsnas.probe.dense_rounding import rounded_twice
from tsnas.probe.steps import Step, model_steps
from tsnas.system.files import write_files
from tsnas.tflite.graph_reader import check_runnable
from tsnas.tflite.metadata import read_metadata
from tsnas.tflite.parser import parse_model
from tsnas.tflite.reference import reference_tensors
from tsnas.tflite.tensors import indices
from tsnas.version import __version__

PLAIN_FORMATS = ("tflite", "c", "arduino")
SELFTEST_WINDOWS = 4
# Random windows among which those are chosen whose dense layers are rounded alike everywhere.
TRIED_WINDOWS = 24
TEMPLATES = ("tsnas.h", "tsnas_selftest.h", "tsnas_selftest.c")


def is_plain(tflite: bytes) -> bool:
    """Returns whether a file was made by others: it does not say how its classes are named."""
    metadata = read_metadata(tflite)
    return not isinstance(metadata, dict) or "classes" not in metadata


def export_plain(
    tflite: bytes, board: str | os.PathLike[str] | Board, directory: str | os.PathLike[str], format: str = "c"
) -> list[pathlib.Path]:
    """Writes the sources of a model of one input and one output of int8.

    Args:
        tflite: bytes of a .tflite file, whoever made it.
        board: name, path or `Board`, as `load_board` takes it.
        directory: path of a folder, created if missing.
        format: str, `"tflite"`, `"c"` or `"arduino"`. Defaults to `"c"`.

    Returns:
        list of the paths written.

    Raises:
        ExportError: another format, several inputs or outputs or other types of them, an operator for which the C code
            has no kernel, or too little memory on the board.
        ModelFileError, UnsupportedOpError, FloatModelError: see `read_graph`.
        OutputDirError: the folder cannot be written to.

    Example:
        >>> export_plain(pathlib.Path("kws.tflite").read_bytes(), "nucleo_f446re", "firmware")
    """
    if format not in PLAIN_FORMATS:
        raise ExportError(
            f"format={format!r} requires a file of tsnas, which says how its input is standardised and how its classes "
            f"are named; other files are exported as {' or '.join(PLAIN_FORMATS)}."
        )
    board = load_board(board)
    check_runnable(tflite)
    files: Files = {"model.tflite": tflite}
    if format != "tflite":
        refuse_npu(board)
        facts = _collect(tflite, board, format)
        check_room(facts, board)
        files |= _lay_out(format, facts)
    return write_files(directory, files)


def _collect(tflite: bytes, board: Board, format: str) -> dict[str, Any]:
    """Variables of the templates."""
    graph = check_runnable(tflite)
    (subgraph,) = parse_model(tflite).subgraphs
    borders = [subgraph.tensors[i] for i in (*indices(subgraph.inputs), *indices(subgraph.outputs))]
    if len(borders) != 2:
        raise ExportError(
            f"The model has {len(graph.inputs())} inputs and {len(graph.outputs)} outputs; the {format!r} export takes "
            "one of each."
        )
    net = build_graph(graph, tflite, board.mve)
    windows, outputs, rounded = _selftest(tflite, int(subgraph.outputs[0]))
    scales = [(float(tensor.quantization.scale[0]), int(tensor.quantization.zeroPoint[0])) for tensor in borders]
    return {
        "version": __version__,
        "format": format,
        "in_shape": "x".join(map(str, indices(borders[0].shape))),
        "out_shape": "x".join(map(str, indices(borders[1].shape))),
        "in_bytes": windows.shape[1],
        "out_bytes": outputs.shape[1],
        "in_scale": scales[0][0],
        "in_zero_point": scales[0][1],
        "out_scale": scales[1][0],
        "out_zero_point": scales[1][1],
        "layers": net.layers,
        "arena_bytes": net.arena_bytes,
        "constant_bytes": net.constant_bytes,
        "input_offset": net.input_offset,
        "output_offset": net.output_offset,
        "mve": net.mve,
        "windows": windows,
        "outputs": outputs,
        "rounded_layers": rounded,
        "stream_bytes": 0,
        "tflite": tflite,
        "model_id": hashlib.sha256(tflite).hexdigest()[:8],
        "board": board.name,
        "estimate": estimate_tflite(tflite, board),
        "cmsis_nn_files": CMSIS_NN_FILES,
    }


def _selftest(tflite: bytes, output: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Windows, the reference's outputs, and the number of dense layers that boards round otherwise for them.

    Of many random windows those are taken for which it is least.
    """
    dense = [step for step in model_steps(tflite) if isinstance(step.op, FullyConnected)]
    windows = random_windows(tflite, TRIED_WINDOWS)
    wanted = {output} | {index for step in dense for index in (step.inputs[0], step.output)}
    found = reference_tensors(tflite, windows, sorted(wanted))
    counts = [sum(_rounds_otherwise(step, tensors) for step in dense) for tensors in found]
    best = np.argsort(counts, kind="stable")[:SELFTEST_WINDOWS].tolist()
    return (
        np.array([windows[i][0].reshape(-1) for i in best]),
        np.array([found[i][output].reshape(-1) for i in best]),
        max(counts[i] for i in best),
    )


def _rounds_otherwise(step: Step, tensors: dict[int, np.ndarray]) -> bool:
    assert step.words is not None
    boards = rounded_twice(step.words, step.constants, tensors[step.inputs[0]].tobytes())
    return any((values != tensors[step.output].reshape(-1)).any() for values in boards)


def _lay_out(format: str, facts: dict[str, Any]) -> Files:
    sources: Files = {name: (SOURCES / name).read_text() for name in KERNELS + ARITHMETIC}
    sources |= {name: render(f"plain.{name}.j2", **facts) for name in TEMPLATES}
    sources["tsnas_model.c"] = render("tsnas_model.c.j2", **facts)
    folder = "src" if format == "arduino" else "tsnas"
    files: Files = {f"{folder}/{name}": content for name, content in sources.items()}
    templates = {"README.md": "plain.README.md.j2"}
    if format == "arduino":
        templates |= {"library.properties": "plain.library.properties.j2", "examples/Run/Run.ino": "plain.Run.ino.j2"}
    else:
        templates |= {"example/main.c": "plain.main.c.j2", "CMakeLists.txt": "CMakeLists.txt.j2"}
    names = sorted(name for name in files if name.endswith(".c"))
    return files | {path: render(template, sources=names, **facts) for path, template in templates.items()}
