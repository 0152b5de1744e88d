"""Fits the latency coefficients of a board to measured operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tsnas.cost.features import FEATURE_NAMES, INVOKE, op_features
from tsnas.errors import SettingError


def fit_board_coefficients(rows: Sequence[Any]) -> dict[str, dict[str, float]]:
    """Fits cycles per step of each kernel by non-negative least squares on the relative error.

    The error is relative, so that a small operator counts as much as a large one. Coefficients are non-negative, so
    that no operator is ever predicted to take negative time, nor a larger one less time than a smaller one.

    Args:
        rows: sequence of records of one board with the attributes `op`, `op_cycles` and `invoke_cycles`, such as
            `OpMeasurement`. Kernels without a record get no coefficients. Depthwise convolutions are passed over:
            boards have no coefficients for them, only records in a table.

    Returns:
        dict of `{kernel: {feature name: cycles}}`, and under `"invoke"` the cycles that the interpreter adds to each
        kind of operator (the median of `invoke_cycles - op_cycles`).

    Raises:
        SettingError: there are no rows, or a row has no positive number of cycles.

    Example:
        >>> rows = [r for r in read_measurements("op_latency.csv") if r.board == "nucleo_f446re"]
        >>> fit_board_coefficients(rows)["softmax"]
        {'call': 0.0, 'elements': 842.5}
    """
    if not rows:
        raise SettingError("There are 0 measured operators to fit; give at least one.")
    samples: dict[str, list[tuple[tuple[float, ...], float]]] = {}
    invoke: dict[str, list[float]] = {}
    for row in rows:
        if not row.op_cycles > 0:
            raise SettingError(f"{row.op} was measured at {row.op_cycles} cycles; cycles must be positive.")
        kernel, features = op_features(row.op)
        if kernel not in FEATURE_NAMES:
            continue
        samples.setdefault(kernel, []).append((features, float(row.op_cycles)))
        invoke.setdefault(row.op.kind, []).append(float(row.invoke_cycles - row.op_cycles))
    coefficients = {kernel: _fit_kernel(kernel, samples[kernel]) for kernel in FEATURE_NAMES if kernel in samples}
    coefficients[INVOKE] = {kind: max(float(np.median(cycles)), 0.0) for kind, cycles in invoke.items()}
    return coefficients


def _fit_kernel(kernel: str, samples: list[tuple[tuple[float, ...], float]]) -> dict[str, float]:
    features = np.array([sample[0] for sample in samples], dtype=float)
    cycles = np.array([sample[1] for sample in samples])
    if len(np.unique(features, axis=0)) < features.shape[1]:
        # Too few shapes to tell a call's fixed cost from its work: leave it all to the work, which scales.
        features[:, FEATURE_NAMES[kernel].index("call")] = 0.0
    solution = fit_steps(features, cycles)
    return {name: round(float(value), 6) for name, value in zip(FEATURE_NAMES[kernel], solution, strict=True)}


def fit_steps(counts: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Fits what each step of a kernel takes, by non-negative least squares on the relative error.

    Args:
        counts: array (operators, steps), how often each operator does each step.
        totals: array (operators,), cycles or instructions of each, all positive.

    Returns:
        Array (steps,), cycles or instructions per step, all >= 0.
    """
    from scipy.optimize import nnls  # Slow to import, and boards are listed and estimated for without it.

    relative = counts / totals[:, None]
    # Columns differ by orders of magnitude; scaled to 1, the solver's tolerance means the same for each.
    scale = relative.max(axis=0)
    scale[scale == 0] = 1.0
    solution, _ = nnls(relative / scale, np.ones(len(totals)))
    return np.asarray(solution / scale)
