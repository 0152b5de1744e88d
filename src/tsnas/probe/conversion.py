"""Converts instructions of an emulated core to cycles of a board: a straight line for each kind of operator."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.optimize import nnls

from tsnas.cost.measurements import OpMeasurement
from tsnas.errors import SettingError
from tsnas.graph.ops import Op

CONVERSIONS_FILE = pathlib.Path(__file__).parent / "conversions.json"


def fit_conversion(rows: Sequence[OpMeasurement], counts: Mapping[Op, int]) -> dict[str, Any]:
    """Fits cycles as a straight line of instructions, by non-negative least squares on the relative error.

    Args:
        rows: sequence of `OpMeasurement` of one board.
        counts: mapping of operator to its instructions.

    Returns:
        dict with `"lines"`: for each kind of operator [cycles per instruction, constant cycles].
    """
    lines = {}
    for kind in dict.fromkeys(row.op.kind for row in rows):
        mine = [row for row in rows if row.op.kind == kind]
        cycles = np.array([row.op_cycles for row in mine], float)
        features = np.array([[counts[row.op], 1.0] for row in mine]) / cycles[:, None]
        scale = features.max(axis=0)
        solution, _ = nnls(features / scale, np.ones(len(cycles)))
        lines[kind] = [round(float(value), 6) for value in solution / scale]
    return {"lines": lines}


def conversion_for(board: str, core: str, mve: bool = False) -> dict[str, Any]:
    """Returns the lines of a board, or of one with the same core and the error that they have on other boards.

    Args:
        board: str, name of the board.
        core: str, the core that the instructions were counted on.
        mve: bool, whether the board runs kernels for MVE, which no measured board has. Defaults to False.

    Returns:
        dict with `"lines"`, `"median_relative"`, `"p95_relative"`, `"mape"`, and `"of"`, the board that they are of.

    Raises:
        SettingError: no board of this core is known, or the board runs other kernels.
    """
    if mve:
        raise SettingError(
            f"Board {board!r} runs kernels for MVE, and no board with MVE was measured: instructions do not become its "
            "cycles. Measure it with the probe, or calibrate it by timings (`tsnas boards calibrate`)."
        )
    known: dict[str, dict[str, Any]] = json.loads(CONVERSIONS_FILE.read_text(encoding="utf-8"))
    same = {name: values for name, values in known.items() if values["core"] == core}
    if not same:
        cores = ", ".join(sorted({values["core"] for values in known.values()}))
        raise SettingError(
            f"No conversion from instructions to cycles is known for {core!r}; there are {cores}. Measure a board of "
            "this core with the probe; the emulator can only compare its answers (`tsnas verify`)."
        )
    if board in known:
        return known[board] | {"of": board}
    name = sorted(same)[0]
    return same[name] | same[name]["elsewhere"] | {"of": name}


def cycles_of(op: Op, instructions: float, conversion: Mapping[str, Any]) -> int:
    """Converts the instructions of an operator to cycles; kinds without a line are treated as convolutions."""
    lines = conversion["lines"]
    slope, constant = lines[op.kind if op.kind in lines else "conv2d"]
    return max(1, round(slope * instructions + constant))
