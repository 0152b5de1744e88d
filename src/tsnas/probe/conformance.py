"""Runs a model's operators on a board, one by one, and compares each with the reference interpreter."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import tabulate
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from tsnas.graph.ops import Op
from tsnas.probe import protocol
from tsnas.probe.client import ProbeClient
from tsnas.probe.steps import model_steps


@dataclasses.dataclass(frozen=True)
class OpCheck:
    """Comparison of one operator on the board with the reference.

    Args:
        name: str, name of the layer.
        op: its descriptor.
        differing_bytes: int, output bytes that differ from the reference interpreter's, over all windows.
        bytes: int, all output bytes.
        count: float, mean count of a run.
    """

    name: str
    op: Op
    differing_bytes: int
    bytes: int
    count: float


def verify_on_board(
    tflite: bytes, windows: np.ndarray, probe: ProbeClient, done: Callable[[], object] = lambda: None
) -> list[OpCheck]:
    """Compares each operator of a model on a board with the reference interpreter, bit for bit.

    Each is given the inputs that the reference computes for it, so that an error is found where it occurs.

    Args:
        tflite: bytes of an int8 .tflite file.
        windows: int8 array (windows, time, channels, 1), for each input of the model.
        probe: `ProbeClient`.
        done: function of no arguments, called after each operator. Defaults to one that does nothing.

    Returns:
        list of `OpCheck`, in order.

    Raises:
        ProbeError: the board cannot run an operator, or is lost.
    """
    # Before the interpreter, which trusts what it is given.
    steps = model_steps(tflite)
    interpreter = Interpreter(
        model_content=tflite,
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        experimental_preserve_all_tensors=True,
    )
    interpreter.allocate_tensors()
    places = [details["index"] for details in interpreter.get_input_details()]
    tensors: list[dict[int, bytes]] = []
    needed = {index for step in steps for index in (*step.inputs, step.output)}
    for window in windows:
        for place in places:
            interpreter.set_tensor(place, window[None])
        interpreter.invoke()
        tensors.append({index: interpreter.get_tensor(index).tobytes() for index in needed})
    checks = []
    for step in steps:
        placed = probe.run(step.words, repeats=0, written=True)
        for tensor, content in step.constants.items():
            probe.write(tensor, content)
        differing, counts = 0, []
        size = placed.tensor_bytes[protocol.OUTPUT]
        for values in tensors:
            for tensor, index in zip((protocol.INPUT, protocol.INPUT2), step.inputs, strict=False):
                probe.write(tensor, values[index])
            counts.append(probe.run(step.words, repeats=1, written=True, counts=20 * step.op.macs).mean)
            found = np.frombuffer(probe.read(protocol.OUTPUT, size), np.int8)
            differing += int((found != np.frombuffer(values[step.output], np.int8)).sum())
        checks.append(OpCheck(step.name, step.op, differing, size * len(tensors), float(np.mean(counts))))
        done()
    return checks


def checks_table(checks: Sequence[OpCheck], counter: str) -> str:
    """Returns a table with a line for each operator, and their sum."""
    rows = [(c.name, c.op.kind, c.bytes, c.differing_bytes, f"{c.count:,.0f}") for c in checks]
    total = ("total", "", sum(c.bytes for c in checks), sum(c.differing_bytes for c in checks))
    rows.append((*total, f"{sum(c.count for c in checks):,.0f}"))
    headers = ("layer", "operator", "bytes", "differing", counter)
    return tabulate.tabulate(rows, headers, disable_numparse=True, colalign=("left", "left", "right", "right", "right"))
