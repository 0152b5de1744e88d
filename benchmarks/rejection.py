"""Leaves one class out of training and asks whether its windows are rejected: by means and spreads, by probabilities.

    python -m benchmarks.rejection --steps=300
    python -m benchmarks.rejection --data=../shared/data/uci_har.npz

With steps, a small network made by hand is trained for so many on the same windows, and its int8 probabilities are
judged likewise. Test users are others than those of training and validation; the limit is of validation windows.
"""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate
from absl import app, flags
from sklearn.metrics import roc_auc_score

from benchmarks.record import provenance, write_json
from tsnas.data import Standardizer, encode_labels, find_axes, validation_splits
from tsnas.data.rejection import MOST_REJECTED, Rejection, features
from tsnas.datasets import load_npz, shoulder

DATA = flags.DEFINE_string("data", None, "A .npz file as for `tsnas search --data`, with users; shoulder by default.")
STEPS = flags.DEFINE_integer("steps", 0, "Steps of the network's training; 0 for none.")
OUT = flags.DEFINE_string("out", None, "Where to write; benchmarks/results/rejection_DATA.json by default.")


def judged(known: np.ndarray, left_out: np.ndarray, limit: float) -> dict[str, float]:
    """Area under the curve of known against left-out windows by a score that is large for the latter, and shares."""
    classes = np.repeat([0, 1], [len(known), len(left_out)])
    return {
        "auc": round(float(roc_auc_score(classes, np.concatenate([known, left_out]))), 4),
        "false_alarms": round(float(np.mean(known > limit)), 4),
        "found": round(float(np.mean(left_out > limit)), 4),
    }


def doubts_of_network(x: Any, codes: Any, rows: Any, tests: Any, standardizer: Any, axes: Any) -> list[np.ndarray]:
    """One minus the largest int8 probability of the test windows, known and left out, and of validation windows."""
    # Imported here because TensorFlow takes longer to import than all else takes without a network.
    from benchmarks.nets import BATCH_SIZE, nets
    from tsnas.deploy.convert import convert_int8
    from tsnas.search.rounds import DROPOUT
    from tsnas.space.architecture import Architecture
    from tsnas.tflite.interpreter import Int8Model
    from tsnas.training.augment import augmentation
    from tsnas.training.train import train_float, train_quantised

    train, val = rows
    cells = list(nets(x.shape[2]).values())[1]
    model = Architecture(x.shape[1], x.shape[2], int(codes.max()) + 1, cells).build(DROPOUT, 0)
    epochs = max(1, round(STEPS.value * BATCH_SIZE / len(train)))
    turned = augmentation(standardizer, axes)
    train_float(model, x[train], codes[train], epochs=epochs, seed=0, augment=turned)
    quantised = train_quantised(model, x[train], codes[train], epochs=max(1, epochs // 5), seed=0)
    int8 = Int8Model(convert_int8(quantised))
    return [1 - int8.predict(part).max(axis=1) for part in (*tests, x[val])]


def run_class(data: Any, left_out: Any) -> dict[str, Any]:
    """The scores of one class that is left out."""
    kept, kept_test = data.y_train != left_out, data.y_test != left_out
    codes, _ = encode_labels(data.y_train[kept])
    x, groups = data.x_train[kept], data.groups_train[kept]
    rows = validation_splits(codes, groups, 0.2, 2, 0)
    standardizer = Standardizer.fit(x[rows[0][0]])
    x, tests = standardizer(x), [standardizer(data.x_test[part]) for part in (kept_test, ~kept_test)]
    every = features(x)
    parts = [(every[train], codes[train], every[val], codes[val]) for train, val in rows]
    rejection = Rejection.learn(parts, (every, codes))
    far = [rejection.distance(test) for test in tests]
    row = {"left_out": str(left_out), "means and spreads": judged(*far, rejection.limit)}
    if STEPS.value:
        axes = find_axes("auto", data.x_train[kept][rows[0][0]])
        doubts = doubts_of_network(x, codes, rows[0], tests, standardizer, axes)
        row["probability"] = judged(*doubts[:2], float(np.quantile(doubts[2], 1 - MOST_REJECTED, method="higher")))
    print(row, flush=True)
    return row


def load() -> tuple[str, Any]:
    """The name of the data, and its windows."""
    if DATA.value:
        return pathlib.Path(DATA.value).stem, load_npz(DATA.value)
    from tsnas.datasets import Dataset

    train, test = shoulder.load_data()
    return "shoulder", Dataset(*train, *test)


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    name, data = load()
    results = [run_class(data, left_out) for left_out in np.unique(data.y_train)]
    out = pathlib.Path(OUT.value or f"benchmarks/results/rejection_{name}.json")
    write_json(out, provenance("benchmarks.rejection", ("tsnas", "scikit-learn")) | {"results": results})
    kinds = [kind for kind in results[0] if kind != "left_out"]
    keys = ("auc", "false_alarms", "found")
    rows = [[kind, *(np.mean([row[kind][key] for row in results]) for key in keys)] for kind in kinds]
    print(tabulate.tabulate(rows, ("mean", *keys), floatfmt=".3f"))
    print(f"\nWritten: {out}")


if __name__ == "__main__":
    app.run(main)
