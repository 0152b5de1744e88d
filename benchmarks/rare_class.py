"""What weights of classes are worth where one class has three of 457 windows.

    python -m benchmarks.rare_class --seeds=0,1,2

Of the training windows of the shoulder exercises some are drawn, of one exercise only three, each of another user; with
each seed it is another exercise. A job with its defaults is run on them without weights and with "balanced" ones. Test
windows are those of the test users, as many of each class as there are. Runs that the JSON file has already are not
done again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate
from absl import app, flags
from sklearn.metrics import f1_score

import tsnas
from benchmarks.engine import read_results
from benchmarks.record import provenance, write_json

SEEDS = flags.DEFINE_list("seeds", ["0", "1", "2"], "Seeds of the draw and of the jobs.")
MS = flags.DEFINE_float("max_latency_ms", 10.0, "Limit on latency.")
OUT = flags.DEFINE_string("out", "benchmarks/results/rare_class.json", "Where to write.")

BOARD = "nucleo_f446re"
WINDOWS, RARE = 457, 3
WEIGHTS = (None, "balanced")


def drawn(y: np.ndarray, groups: np.ndarray, rare: Any, seed: int) -> np.ndarray:
    """Rows of 457 windows, three of them of the rare class, of three users, and about as many of each other class."""
    rng = np.random.default_rng(seed)
    others = np.setdiff1d(np.unique(y), [rare])
    rows = [
        rng.choice(np.flatnonzero((y == rare) & (groups == user)), 1)
        for user in rng.choice(np.unique(groups[y == rare]), RARE, replace=False)
    ]
    for place, label in enumerate(others):
        left = WINDOWS - sum(map(len, rows))
        rows.append(rng.choice(np.flatnonzero(y == label), left // (len(others) - place), replace=False))
    return np.concatenate(rows)


def run_one(seed: int, class_weight: str | None) -> dict[str, Any]:
    """Scores of one job on test users."""
    (x, y, groups), (x_test, y_test, _) = tsnas.datasets.shoulder.load_data()
    classes = np.unique(y)
    rare = classes[seed % len(classes)]
    rows = drawn(y, groups, rare, seed)
    started = time.process_time()
    clf = tsnas.AutoClassifier(BOARD, MS.value, seed=seed, verbose=0, class_weight=class_weight)
    clf.fit(x[rows], y[rows], groups=groups[rows])
    predicted = clf.predict(x_test)
    own = dict(zip(classes, f1_score(y_test, predicted, average=None, labels=classes), strict=True))
    return {
        "seed": seed,
        "class_weight": class_weight,
        "rare": str(rare),
        "windows": len(rows),
        "macro_f1": round(float(np.mean(list(own.values()))), 4),
        "f1_of_rare": round(float(own[rare]), 4),
        "seconds": round(time.process_time() - started, 1),
    }


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Scores of each seed without weights and with them, and the mean gain."""
    by_seed: dict[int, dict[str | None, dict[str, Any]]] = {}
    for row in rows:
        by_seed.setdefault(row["seed"], {})[row["class_weight"]] = row
    whole = {seed: own for seed, own in sorted(by_seed.items()) if len(own) == len(WEIGHTS)}
    lines = [
        (seed, own[None]["rare"], *(own[weight][name] for name in ("macro_f1", "f1_of_rare") for weight in WEIGHTS))
        for seed, own in whole.items()
    ]
    gains = [own["balanced"]["macro_f1"] - own[None]["macro_f1"] for own in whole.values()]
    heads = ("seed", "rare class", "macro-F1", "balanced", "F1 of the rare class", "balanced")
    mean = f"\n\nMean gain in macro-F1: {np.mean(gains):+.3f}" if gains else ""
    return tabulate.tabulate(lines, heads, floatfmt=".3f") + mean


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    results = read_results(OUT.value)
    for seed in map(int, SEEDS.value):
        for class_weight in WEIGHTS:
            if any((row["seed"], row["class_weight"]) == (seed, class_weight) for row in results):
                continue
            results.append(run_one(seed, class_weight))
            print(results[-1], flush=True)
            write_json(OUT.value, provenance("benchmarks.rare_class", ("tsnas", "tensorflow")) | {"results": results})
    print(f"\n{table(results)}\n\nWritten: {OUT.value}")


if __name__ == "__main__":
    app.run(main)
