"""Figure 2 of the paper: latency of whole networks by our model, and by a proxy of multiply-accumulates.

    python -m benchmarks.paper figure2 --measurements=FILE.csv

The paper measured whole networks; the records that were published are of single operators. So a network is the sum of
its operators that are among the records, which in the paper's space are most: random networks of its shapes with at
least nine tenths of their multiply-accumulates measured. The model predicts an operator by a fit that has not seen its
shape; the proxy is the straight line through these very sums that suits them best.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from benchmarks.latency_models import fit_kernel_model, held_out_predictions
from tsnas.cost.board import load_board
from tsnas.cost.measurements import read_measurements
from tsnas.graph.ops import Op
from tsnas.space.architecture import Architecture, SensorFusion, TimeReduce
from tsnas.space.spaces import SPACES

BOARD = "nucleo_l552ze_q"
# Windows (time, sensors, classes) of the paper's two data sets.
SHAPES = {"UCI-HAR": (128, 9, 6), "SkodaR": (64, 30, 10)}
NETWORKS, MEASURED_SHARE, SEED = 200, 0.9, 0
# Of figure 2 in the paper, on its own measurements of whole networks.
PAPER = {"table": {"mae_ms": 1.59, "r2": 0.9997}, "proxy": {"mae_ms": 15.57, "r2": 0.9678}}


def random_network(rng: random.Random, time: int, sensors: int, classes: int) -> Architecture:
    """Any network of the paper's space."""
    (space,) = SPACES["micronas"]
    cells: list[Any] = [
        TimeReduce(rng.choice(space.kernel_sizes), rng.choice(space.time_reduce_widths), stride)
        for stride in space.time_strides(time)
    ]
    for index, stride in enumerate(space.fusion_strides(sensors)):
        if index and stride == 1 and rng.random() < 0.3:
            continue  # the identity in place of the cell
        kernels = tuple(kernel for kernel in space.kernel_sizes if rng.random() < 0.5)
        mid_filters = rng.choice(space.fusion_widths) if kernels else 0
        skip = not kernels or rng.random() < 0.6
        cells.append(SensorFusion(rng.choice(space.fusion_widths), kernels, mid_filters, skip, stride))
    return Architecture(time, sensors, classes, tuple(cells))


def compare(measurements: str, networks: int = NETWORKS) -> dict[str, Any]:
    """Errors of model and proxy on networks of each shape, and the sums themselves in ms.

    Args:
        measurements: str, the CSV table of measured operators.
        networks: int, random networks for each shape. Defaults to 200.

    Raises:
        BoardFileError: there is no such table.
    """
    rows = [row for row in read_measurements(measurements) if row.board == BOARD]
    clock_hz = load_board(BOARD).clock_hz
    predicted = held_out_predictions(rows, fit_kernel_model, "unseen shape")
    cycles: dict[Op, list[tuple[float, float]]] = {}
    for row, one in zip(rows, predicted, strict=True):
        cycles.setdefault(row.op, []).append((row.op_cycles, one))
    # An operator that was measured in several sessions counts with its mean.
    known = {op: np.mean(pairs, axis=0) / clock_hz * 1000 for op, pairs in cycles.items()}
    results = {}
    for index, (name, shape) in enumerate(SHAPES.items()):
        rng = random.Random(SEED + index)
        sums = []
        while len(sums) < networks:
            ops = [node.op for node in random_network(rng, *shape).graph().nodes]
            measured = [op for op in ops if op in known]
            macs = sum(op.macs for op in measured)
            if macs >= MEASURED_SHARE * sum(op.macs for op in ops):
                sums.append((*np.sum([known[op] for op in measured], axis=0), macs, len(measured) / len(ops)))
        measured_ms, model_ms, macs_of, share = np.array(sums).T
        proxy_ms = np.polyval(np.polyfit(macs_of, measured_ms, 1), macs_of)
        results[name] = {
            "networks": networks,
            "measured_operators": round(float(share.mean()), 3),
            "mean_ms": round(float(measured_ms.mean()), 2),
            "model": _errors(model_ms, measured_ms),
            "proxy": _errors(proxy_ms, measured_ms),
            "sums_ms": [
                [round(float(value), 3) for value in row] for row in np.stack([measured_ms, model_ms, proxy_ms], axis=1)
            ],
        }
    return results


def _errors(predicted_ms: np.ndarray, measured_ms: np.ndarray) -> dict[str, float]:
    residual = predicted_ms - measured_ms
    return {
        "mae_ms": round(float(np.abs(residual).mean()), 4),
        "mape": round(float(np.abs(residual / measured_ms).mean()), 5),
        "r2": round(float(1 - (residual**2).sum() / ((measured_ms - measured_ms.mean()) ** 2).sum()), 6),
    }


def draw(results: dict[str, Any], picture: str) -> None:
    """Predicted against measured latency, model on the left and proxy on the right, as in the paper."""
    figure = Figure(figsize=(8.4, 4.4), layout="constrained")
    highest = max(max(row) for result in results.values() for row in result["sums_ms"]) * 1.03
    for column, (axis, kind) in enumerate(zip(figure.subplots(1, 2), ("model", "proxy"), strict=True), start=1):
        axis.plot([0, highest], [0, highest], color="0.4", linewidth=0.8)
        for (name, result), color in zip(results.items(), ("#0072B2", "#E69F00"), strict=True):
            sums = np.array(result["sums_ms"])
            label = f"{name}: MAE {result[kind]['mae_ms']:.2f} ms, R² {result[kind]['r2']:.2%}"
            axis.scatter(sums[:, 0], sums[:, column], s=9, color=color, alpha=0.5, linewidths=0, label=label)
        title = "tsnas, shapes that it has not seen" if kind == "model" else "multiply-accumulates, best line"
        axis.set(xlim=(0, highest), ylim=(0, highest), aspect="equal", title=title)
        axis.set(xlabel="measured operators, sum (ms)", ylabel="predicted (ms)")
        axis.legend(loc="upper left", fontsize=8)
    figure.savefig(picture, dpi=120)
