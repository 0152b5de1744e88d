"""Judges a bank of given kernels as large as a latency allows on a board, on folds of the training windows alone.

    python -m benchmarks.given_kernels

A bank in the manner of MiniRocket needs no training but a linear classifier. Each of its features is a convolution of
one channel, of which a board computes so many outputs in the given time: the fewer outputs a feature takes its
proportion of, the more features there are. Beside it stands the bank of a desktop, without a limit. Every .npz file of
a folder is a data set of one channel; its test windows have no part in it.
"""

from __future__ import annotations

import math
import unittest.mock
from collections.abc import Sequence

import numpy as np
import tabulate
from absl import app, flags
from sklearn.linear_model import RidgeClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.record import provenance, write_json
from benchmarks.series_sets import find_sets, judged_folds, read_training_windows
from tsnas.cost.estimate import estimate_graph
from tsnas.data import Standardizer
from tsnas.graph.graph import GraphBuilder
from tsnas.graph.ops import Conv2D, GlobalAveragePooling2D
from tsnas.plain import kernel_bank
from tsnas.plain.kernel_bank import KERNELS, TAPS, KernelBank, affordable_features
from tsnas.plain.rivals import ALPHAS

DATA = flags.DEFINE_string("data", "../shared/data/ucr", "Folder of .npz files with x_train and y_train.")
SETS = flags.DEFINE_list("sets", None, "Names of the sets; all by default.")
SEED = flags.DEFINE_integer("seed", 0, "Seed of folds and banks.")
MS = flags.DEFINE_float("max_latency_ms", 36.0, "Latency that the number of features is chosen by.")
OUT = flags.DEFINE_string("out", "benchmarks/results/given_kernels.json", "Where to write.")

BOARD = "nucleo_f446re"
# Outputs of a convolution that a feature is the proportion of.
OUTPUTS = (128, 64, 32, 16)


def features_within(max_latency_ms: float, time: int, stride: int) -> int:
    """Number of features, a multiple of the number of kernels, whose convolutions and means keep a latency."""
    builder, conv = GraphBuilder((time, 1, 1)), Conv2D(time, 1, 1, len(KERNELS), TAPS, 1, stride, 1)
    outputs = builder.add("kernels", conv, builder.input)
    features = builder.add("features", GlobalAveragePooling2D(*conv.out_shape), outputs)
    ms = estimate_graph(builder.build(features), BOARD).latency_ms
    return max(1, int(max_latency_ms / ms)) * len(KERNELS)


def accuracy(x: np.ndarray, codes: np.ndarray, features: int | None, stride: int) -> tuple[float, int]:
    """Fraction of left-out windows that are classified correctly, and how many there are."""
    shares = kernel_bank._shares_above
    right = []
    for train, val in judged_folds(x, codes, SEED.value):
        windows = Standardizer.fit(x[train])(x)
        bank = KernelBank(features or affordable_features(len(train), x.shape[1]), seed=SEED.value)
        model = make_pipeline(bank, StandardScaler(), RidgeClassifierCV(ALPHAS))
        with unittest.mock.patch.object(
            kernel_bank, "_shares_above", lambda output, biases: shares(np.ascontiguousarray(output[::stride]), biases)
        ):
            right.append(model.fit(windows[train], codes[train]).predict(windows[val]) == codes[val])
    found = np.concatenate(right)
    return float(found.mean()), len(found)


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    results = []
    for path in find_sets(DATA.value, SETS.value):
        x, codes = read_training_windows(path)
        x = x.reshape(len(x), -1, 1)
        for outputs in (None, *OUTPUTS):
            stride = 1 if outputs is None else max(1, math.ceil(x.shape[1] / outputs))
            features = None if outputs is None else features_within(MS.value, x.shape[1], stride)
            score, windows = accuracy(x, codes, features, stride)
            row = {"set": path.stem, "outputs": outputs, "features": features}
            results.append(row | {"accuracy": round(score, 4), "windows": windows})
            print(*results[-1].values(), flush=True)
    rows = []
    for outputs in (None, *OUTPUTS):
        own = [row for row in results if row["outputs"] == outputs]
        counts = [row["features"] for row in own if row["features"]]
        right = sum(round(row["accuracy"] * row["windows"]) for row in own)
        rows.append((outputs, np.median(counts) if counts else None, np.mean([r["accuracy"] for r in own]), right))
    print(tabulate.tabulate(rows, ("outputs", "median features", "mean accuracy", "right"), floatfmt=".4g"))
    write_json(OUT.value, provenance("benchmarks.given_kernels", ("tsnas", "numpy")) | {"results": results})
    print(f"\nWritten: {OUT.value}")


if __name__ == "__main__":
    app.run(main)
