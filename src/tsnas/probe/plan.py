"""Chooses the few operators to measure that say most about a board."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tsnas.cost.board import Board
from tsnas.cost.features import FEATURE_NAMES, op_features
from tsnas.cost.latency import op_cycles
from tsnas.errors import SettingError
from tsnas.graph.ops import Op

# What is known before the first measurement, as a share of one: no direction counts as unknown without bound.
PRIOR = 1e-3


def calibration_ops(ops: Sequence[Op], count: int, board: Board) -> list[Op]:
    """Returns the operators that together say most about a board's coefficients.

    They are taken one by one, each so that the volume of the coefficients' uncertainty shrinks most if cycles are known
    up to a relative error (a D-optimal design, found greedily).

    Args:
        ops: sequence of operators to choose from.
        count: int, number of operators to choose; each kind is chosen at least once if there is room for all kinds.
        board: `Board` whose coefficients say approximately how many cycles each takes.

    Returns:
        list of operators, the most telling first. Depthwise convolutions tell nothing about the coefficients; one is
            among them as a kind of its own.

    Raises:
        SettingError: `count` is below 1.
    """
    if count < 1:
        raise SettingError(f"A calibration with {count} operators says nothing; measure at least 1, preferably 50.")
    columns = {
        key: index for index, key in enumerate((kernel, f) for kernel in FEATURE_NAMES for f in FEATURE_NAMES[kernel])
    }
    rows = np.zeros((len(ops), len(columns)))
    for row, op in zip(rows, ops, strict=True):
        kernel, features = op_features(op)
        if kernel not in FEATURE_NAMES:
            continue  # It says nothing about coefficients of the board, which has none for it.
        cycles = op_cycles(op, board)
        for name, value in zip(FEATURE_NAMES[kernel], features, strict=True):
            row[columns[kernel, name]] = value * board.coefficients[kernel].get(name, 0.0) / cycles + 1e-3 * (value > 0)
    spread = np.eye(len(columns)) / PRIOR
    chosen: list[int] = []
    # Of each kind one in any case: a board has coefficients for every kind or none.
    first = {op.kind: index for index, op in reversed(list(enumerate(ops)))}
    for _ in range(min(count, len(ops))):
        gain = np.einsum("ij,jk,ik->i", rows, spread, rows)
        gain[chosen] = -1.0
        missing = [index for kind, index in first.items() if all(ops[taken].kind != kind for taken in chosen)]
        best = int(np.argmax(gain))
        if missing and len(chosen) + len(missing) >= count and ops[best].kind not in {ops[i].kind for i in missing}:
            best = missing[0]
        chosen.append(best)
        direction = spread @ rows[best]
        spread -= np.outer(direction, direction) / (1.0 + rows[best] @ direction)
    return [ops[index] for index in chosen]
