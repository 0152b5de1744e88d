"""Runs a model's operators on a board, one by one, and compares each with the reference interpreter."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tsnas.errors import WindowShapeError
from tsnas.graph.ops import FullyConnected, Op
from tsnas.probe import protocol
from tsnas.probe.client import ProbeClient
from tsnas.probe.dense_rounding import rounded_twice
from tsnas.probe.steps import Step, model_steps
from tsnas.system.terminal import fit_table
from tsnas.tflite.parser import parse_model
from tsnas.tflite.reference import reference_tensors
from tsnas.tflite.tensors import TYPE_NAMES, indices

DTYPES = {"INT8": np.int8, "UINT8": np.uint8, "INT16": np.int16, "INT32": np.int32, "FLOAT32": np.float32}
# Random windows of an input in float spread over so many standard deviations.
FLOAT_SPREAD = 3.0


@dataclasses.dataclass(frozen=True)
class OpCheck:
    """Comparison of one operator on the board with the reference.

    Args:
        name: str, name of the layer.
        op: its descriptor.
        differing_bytes: int, output bytes that differ from the reference interpreter's, over all windows.
        bytes: int, all output bytes that were compared.
        count: float, mean count of a run; None for an operator without a kernel on the board, which did not run.
        rounded_bytes: int, output bytes of a dense layer that are right and that only the reference rounds otherwise;
            they do not count as differing. Defaults to 0.
    """

    name: str
    op: Op
    differing_bytes: int
    bytes: int
    count: float | None
    rounded_bytes: int = 0

    @property
    def ran(self) -> bool:
        """Whether the board ran it."""
        return self.count is not None


def random_windows(tflite: bytes, count: int, seed: int = 0) -> list[list[np.ndarray]]:
    """Makes random inputs of a model, whatever their number, ranks and types.

    Args:
        tflite: bytes of the model.
        count: int, number of windows.
        seed: int. Defaults to 0.

    Returns:
        list, for each window, of an array for each input in the order of the file: integers over all of their range,
        float values of a normal distribution.
    """
    rng = np.random.default_rng(seed)
    windows = []
    for _ in range(count):
        window = []
        for shape, dtype in _inputs(tflite):
            if np.issubdtype(dtype, np.floating):
                window.append((FLOAT_SPREAD * rng.standard_normal(shape)).astype(dtype))
            else:
                limits = np.iinfo(dtype)
                window.append(rng.integers(limits.min, limits.max, shape, dtype, endpoint=True))
        windows.append(window)
    return windows


def given_windows(tflite: bytes, windows: np.ndarray) -> list[list[np.ndarray]]:
    """Gives each input of a model the same int8 windows, in the input's own shape.

    Args:
        tflite: bytes of the model.
        windows: int8 array (windows, ...).

    Returns:
        list, for each window, of an array for each input.

    Raises:
        WindowShapeError: windows of another number of values.
    """
    inputs = _inputs(tflite)
    for shape, _ in inputs:
        if windows[0].size != np.prod(shape):
            raise WindowShapeError(f"Windows have shape {windows.shape[1:]}, but the model takes {shape[1:]}.")
    return [[window.reshape(shape).astype(dtype) for shape, dtype in inputs] for window in windows]


def _inputs(tflite: bytes) -> list[tuple[tuple[int, ...], Any]]:
    """Shape and type of each input."""
    (subgraph,) = parse_model(tflite).subgraphs
    tensors = [subgraph.tensors[index] for index in indices(subgraph.inputs)]
    return [(tuple(indices(tensor.shape)), DTYPES[TYPE_NAMES[tensor.type]]) for tensor in tensors]


def verify_on_board(
    tflite: bytes,
    windows: np.ndarray | Sequence[Sequence[np.ndarray]],
    probe: ProbeClient,
    done: Callable[[], object] = lambda: None,
) -> list[OpCheck]:
    """Compares each operator of a model on a board with the reference interpreter, bit for bit.

    Each is given the inputs that the reference computes for it, so that an error is found where it occurs. Operators
    without a kernel in the probe are not run.

    Args:
        tflite: bytes of an int8 .tflite file.
        windows: int8 array (windows, ...), for each input of the model; or for each window an array for each input.
        probe: `ProbeClient`.
        done: function of no arguments, called after each operator. Defaults to one that does nothing.

    Returns:
        list of `OpCheck`, in order.

    Raises:
        ProbeError: the board cannot run an operator, or is lost.
        ModelFileError: TFLite refuses the file.
        WindowShapeError: windows of another size than the model's.
    """
    # Before the interpreter, which trusts what it is given.
    steps = model_steps(tflite)
    runs = given_windows(tflite, windows) if isinstance(windows, np.ndarray) else windows
    needed = {index for step in steps if step.words for index in (*step.inputs, step.output)}
    found = reference_tensors(tflite, runs, sorted(needed))
    tensors = [{index: array.tobytes() for index, array in run.items()} for run in found]
    checks = []
    for step in steps:
        checks.append(_check(step, tensors, probe) if step.words else OpCheck(step.name, step.op, 0, 0, None))
        done()
    return checks


def _check(step: Step, tensors: Sequence[dict[int, bytes]], probe: ProbeClient) -> OpCheck:
    """Runs one operator on all windows."""
    assert step.words is not None
    placed = probe.run(step.words, repeats=0, written=True)
    for tensor, content in step.constants.items():
        probe.write(tensor, content)
    differing, rounded, counts = 0, 0, []
    size = placed.tensor_bytes[protocol.OUTPUT]
    for values in tensors:
        for tensor, index in zip((protocol.INPUT, protocol.INPUT2), step.inputs, strict=False):
            probe.write(tensor, values[index])
        counts.append(probe.run(step.words, repeats=1, written=True, counts=20 * step.op.macs).mean)
        found = np.frombuffer(probe.read(protocol.OUTPUT, size), np.int8)
        wrong = found != np.frombuffer(values[step.output], np.int8)
        if wrong.any() and isinstance(step.op, FullyConnected):
            boards = rounded_twice(step.words, step.constants, values[step.inputs[0]])
            right = wrong & np.any([found == values for values in boards], axis=0)
            rounded += int(right.sum())
            wrong &= ~right
        differing += int(wrong.sum())
    return OpCheck(step.name, step.op, differing, size * len(tensors), float(np.mean(counts)), rounded)


def checks_table(checks: Sequence[OpCheck], counter: str, width: int | None = None) -> str:
    """Returns a table with a line for each operator, and their sum, of lines of at most `width` columns."""
    rows = [_row(check) for check in checks]
    total = ("total", "", f"{sum(c.bytes for c in checks)}", f"{sum(c.differing_bytes for c in checks)}")
    rows.append((*total, f"{sum(c.count or 0.0 for c in checks):,.0f}"))
    headers = ("layer", "operator", "bytes", "differing", counter)
    align = ("left", "left", "right", "right", "right")
    return fit_table(rows, headers, align, width, shorten={"operator": 9, "layer": 20}, drop=("bytes", "operator"))


def _row(check: OpCheck) -> tuple[str, ...]:
    if check.count is None:
        return check.name, check.op.kind, "-", "not run", "-"
    return check.name, check.op.kind, str(check.bytes), str(check.differing_bytes), f"{check.count:,.0f}"


def summary(checks: Sequence[OpCheck]) -> str:
    """Returns what the comparison of a model without a differing byte has shown, in a line or two.

    Args:
        checks: sequence of `OpCheck`.

    Returns:
        str.
    """
    compared, rounded = sum(check.bytes for check in checks), sum(check.rounded_bytes for check in checks)
    if rounded:
        text = (
            f"{rounded} of {compared} output bytes, in dense layers, are off because the reference interpreter rounds "
            "their products once, a board twice: no fault of model or board. All others equal the reference's."
        )
    else:
        text = f"All {compared} output bytes equal those of the reference interpreter."
    left = sorted({check.op.kind for check in checks if not check.ran})
    return text + (f"\nNot run, because the probe has no kernel for them: {', '.join(left)}." if left else "")
