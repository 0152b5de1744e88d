"""Leaves one class out of training and asks whether its windows are rejected: by distances, by probabilities.

    python -m benchmarks.rejection --steps=300
    python -m benchmarks.rejection --data=../shared/data/uci_har.npz

With steps, a small network made by hand is trained for so many on the same windows, and its int8 probabilities are
judged likewise. Test users are others than those of training and validation; the limit is of validation windows.
With `--within`, each fifth of the training users stands in for test users: ways are compared by these. Beside the
distance of the package stand that of means and spreads alone without correlations, and that without what is usual for
a class.
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
from tsnas.data.rejection import MOST_REJECTED, Rejection, features, squared_distances
from tsnas.datasets import Dataset, load_npz, shoulder

# Splits of validation users, as a job makes them for its rejection, and turns in which users are held out.
SPLITS, TURNS = 5, 5
DATA = flags.DEFINE_string("data", None, "A .npz file as for `tsnas search --data`, with users; shoulder by default.")
STEPS = flags.DEFINE_integer("steps", 0, "Steps of the network's training; 0 for none.")
WITHIN = flags.DEFINE_bool("within", False, "Judge users of the training, held out in turn, and no test user.")
OUT = flags.DEFINE_string("out", None, "Where to write; benchmarks/results/rejection_DATA.json by default.")


def judged(known: np.ndarray, left_out: np.ndarray, false: np.ndarray, found: np.ndarray) -> dict[str, float]:
    """Area under the curve of a score that is large for left-out windows, and shares beyond limits, if any."""
    classes = np.repeat([0, 1], [len(known), len(left_out)])
    row = {"auc": round(float(roc_auc_score(classes, np.concatenate([known, left_out]))), 4)}
    shares = {"false_alarms": float(np.mean(false)), "found": float(np.mean(found))}
    return row | {name: round(share, 4) for name, share in shares.items() if not np.isnan(share)}


def _beyond(scores_of_way: list[Any], side: int) -> np.ndarray:
    values, limit = scores_of_way[side], scores_of_way[2]
    return np.full(len(values), np.nan) if limit is None else (values > limit).astype(float)


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


def plain_distance(x: np.ndarray, codes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Minus twice the log-likelihood of means and spreads, without correlations, by the likeliest class."""
    every, found = (features(part)[:, : 2 * x.shape[2]] for part in (x, others))
    of_class = [every[codes == code] for code in np.unique(codes)]
    mean, variance = (np.stack([kind(own, axis=0) for own in of_class]) for kind in (np.mean, np.var))
    variance = (variance + variance.mean(axis=0)) / 2
    return (((found[:, None] - mean) ** 2 / variance).sum(axis=2) + np.log(variance).sum(axis=1)).min(axis=1)


def scores(x: Any, y: Any, groups: Any, known: Any, left_out: Any, steps: int) -> dict[str, list[Any]]:
    """For each way its distances of known windows and of those left out, and its limit (None: it learns none)."""
    codes, _ = encode_labels(y)
    rows = validation_splits(codes, groups, 0.2, SPLITS, 0)
    standardizer = Standardizer.fit(x[rows[0][0]])
    axes = find_axes("auto", x[rows[0][0]])
    x, tests = standardizer(x), [standardizer(part) for part in (known, left_out)]
    every = features(x)
    parts = [(every[train], codes[train], every[val], codes[val]) for train, val in rows]
    rejection = Rejection.learn(parts, (every, codes))
    found = {"distance": [*map(rejection.distance, tests), rejection.limit]}
    if WITHIN.value:
        typical = rejection.centres, rejection.deviations, rejection.factors
        found["not by what is usual"] = [
            *(squared_distances(typical, features(test)).min(axis=1) for test in tests),
            None,
        ]
        found["means and spreads"] = [*(plain_distance(x, codes, test) for test in tests), None]
    if steps:
        doubts = doubts_of_network(x, codes, rows[0], tests, standardizer, axes)
        limit = float(np.quantile(doubts[2], 1 - MOST_REJECTED, method="higher"))
        found["probability"] = [*doubts[:2], limit]
    return found


def run_class(data: Any, left_out: Any) -> dict[str, Any]:
    """The scores of one class that is left out."""
    x, y, groups = data.x_train, data.y_train, data.groups_train
    if not WITHIN.value:
        kept, kept_test = y != left_out, data.y_test != left_out
        tests = data.x_test[kept_test], data.x_test[~kept_test]
        turns = [scores(x[kept], y[kept], groups[kept], *tests, STEPS.value)]
    else:
        users = np.unique(groups)
        held_out = [np.isin(groups, users[turn :: min(TURNS, len(users))]) for turn in range(min(TURNS, len(users)))]
        turns = []
        for held in held_out:
            kept, inside, outside = ~held & (y != left_out), held & (y != left_out), held & (y == left_out)
            turns.append(scores(x[kept], y[kept], groups[kept], x[inside], x[outside], STEPS.value))
    row: dict[str, Any] = {"left_out": str(left_out)}
    for way in turns[0]:
        known, out = (np.concatenate([turn[way][side] for turn in turns]) for side in (0, 1))
        # Each turn has a limit of its own.
        row[way] = judged(
            known, out, *(np.concatenate([_beyond(turn[way], side) for turn in turns]) for side in (0, 1))
        )
    print(row, flush=True)
    return row


def load() -> tuple[str, Any]:
    """The name of the data, and its windows."""
    if DATA.value:
        return pathlib.Path(DATA.value).stem, load_npz(DATA.value)
    train, test = shoulder.load_data()
    return "shoulder", Dataset(*train, *test)


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    name, data = load()
    results = [run_class(data, left_out) for left_out in np.unique(data.y_train)]
    out = pathlib.Path(OUT.value or f"benchmarks/results/rejection_{'within_' * WITHIN.value}{name}.json")
    write_json(out, provenance("benchmarks.rejection", ("tsnas", "scikit-learn")) | {"results": results})
    kinds = [kind for kind in results[0] if kind != "left_out"]
    keys = ("auc", "false_alarms", "found")
    rows = [[kind, *(np.mean([row[kind].get(key, np.nan) for row in results]) for key in keys)] for kind in kinds]
    print(tabulate.tabulate(rows, ("mean", *keys), floatfmt=".3f"))
    print(f"\nWritten: {out}")


if __name__ == "__main__":
    app.run(main)
