"""Models of the latency of operators that benchmarks compare, and their scores on operators that they have not seen."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import GroupKFold, LeaveOneGroupOut

from tsnas.cost.features import FEATURE_NAMES, op_features
from tsnas.cost.fit import fit_board_coefficients
from tsnas.cost.measurements import OpMeasurement
from tsnas.graph.ops import OP_KINDS, Conv2D

SEED = 0
FOLDS = 5
SPLITS = {"unseen session": "one recording session held out at a time", "unseen shape": "5 folds, grouped by shape"}
BOARD_SPLIT = "unseen session"

Rows = Sequence[OpMeasurement]
Predict = Callable[[Rows], np.ndarray]


def fit_kernel_model(rows: Rows) -> Predict:
    """The model of tsnas.cost."""
    coefficients = fit_board_coefficients(rows)

    def predict(rows: Rows) -> np.ndarray:
        cycles = []
        for row in rows:
            kernel, features = op_features(row.op)
            # A kernel that no training record ran cannot be predicted; the caller leaves such records out.
            names = FEATURE_NAMES[kernel]
            known = coefficients.get(kernel)
            cycles.append(sum(known[n] * f for n, f in zip(names, features, strict=True)) if known else np.nan)
        return np.array(cycles)

    return predict


def fit_macs_proxy(rows: Rows) -> Predict:
    """Cycles in proportion to multiply-accumulates, one factor per kind of operator, least relative error."""
    factors = {}
    for kind in {row.op.kind for row in rows}:
        cycles_per_mac = np.array([row.op_cycles / row.op.macs for row in rows if row.op.kind == kind])
        factors[kind] = 1 / np.median(1 / cycles_per_mac)
    return lambda rows: np.array([factors.get(row.op.kind, np.nan) * row.op.macs for row in rows])


def fit_forest(rows: Rows) -> Predict:
    """A random forest on raw shapes that predicts log cycles."""
    forest = RandomForestRegressor(n_estimators=100, random_state=SEED, n_jobs=1)
    forest.fit(_shapes(rows), np.log([row.op_cycles for row in rows]))
    return lambda rows: np.exp(forest.predict(_shapes(rows)))


MODELS = {"kernel model": fit_kernel_model, "MACs": fit_macs_proxy, "random forest": fit_forest}


def _shapes(rows: Rows) -> np.ndarray:
    table = []
    for row in rows:
        op = row.op
        conv = (op.kernel_h, op.kernel_w, op.stride_h, op.stride_w) if isinstance(op, Conv2D) else (0, 0, 0, 0)
        table.append((OP_KINDS.index(op.kind), *op.in_shapes[0], *op.out_shape, *conv, op.macs))
    return np.array(table, dtype=float)


def held_out_predictions(rows: Rows, fit: Callable[[Rows], Predict], split: str) -> np.ndarray:
    """Cycles predicted for each row by a model that was fitted without its session, or without its shape."""
    groups = [row.run if split == "unseen session" else str(row.op) for row in rows]
    splitter = LeaveOneGroupOut() if split == "unseen session" else GroupKFold(FOLDS, shuffle=True, random_state=SEED)
    predicted = np.full(len(rows), np.nan)
    for train, test in splitter.split(rows, groups=groups):
        predicted[test] = fit([rows[i] for i in train])([rows[i] for i in test])
    return predicted


@dataclasses.dataclass(frozen=True)
class Score:
    """How close predictions came to the measured cycles; `r2` is None where all measured cycles are the same."""

    n_ops: int
    mae_ms: float
    mape: float
    median_relative: float
    p95_relative: float
    max_relative: float
    r2: float | None


def score(predicted: np.ndarray, measured: np.ndarray, clock_hz: float) -> Score:
    """Scores the predictions that are not NaN."""
    known = np.isfinite(predicted)
    predicted, measured = predicted[known], measured[known]
    relative = np.abs(predicted / measured - 1)
    return Score(
        n_ops=int(known.sum()),
        mae_ms=float(np.abs(predicted - measured).mean() / clock_hz * 1000),
        mape=float(relative.mean()),
        median_relative=float(np.median(relative)),
        p95_relative=float(np.percentile(relative, 95)),
        max_relative=float(relative.max()),
        r2=float(1 - ((predicted - measured) ** 2).sum() / ((measured - measured.mean()) ** 2).sum())
        if measured.std() > 0
        else None,
    )
