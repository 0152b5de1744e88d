"""Which operators to measure: all that a search space can contain, or the few that say most about a board."""

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
    """The operators that together say most about a board's coefficients.

    One after the other is taken that most shrinks the volume of what the coefficients can still be, if cycles are known
    to a share of themselves (a D-optimal design, found greedily).

    Args:
        ops: sequence of operators to choose from.
        count: int, how many are wanted; at least one of each kind is taken.
        board: `Board` whose coefficients say about how many cycles each takes.

    Returns:
        list of operators, the most telling first.

    Raises:
        SettingError: `count` is below 1.
    """
    if count < 1:
        raise SettingError(f"A calibration by {count} operators says nothing; measure at least 1, better 50.")
    columns = {
        key: index for index, key in enumerate((kernel, f) for kernel in FEATURE_NAMES for f in FEATURE_NAMES[kernel])
    }
    rows = np.zeros((len(ops), len(columns)))
    for row, op in zip(rows, ops, strict=True):
        kernel, features = op_features(op)
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
