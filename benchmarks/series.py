"""Compares networks and ways of training them on series of any kind, on folds of the training windows alone.

    python -m benchmarks.series --variants="base,no stretch" --seeds=0

Every .npz file of a folder is a data set of one channel; its test windows have no part in it. Every variant changes one
thing. A network has as many filters as a latency limit allows, by one rule for all sets. Runs that the JSON file has
already are not done again.
"""

from __future__ import annotations

import json
import math
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate
from absl import app, flags
from sklearn.model_selection import StratifiedKFold

from benchmarks.record import provenance, write_json
from tsnas.cost.board import Board, load_board
from tsnas.cost.estimate import estimate_graph
from tsnas.data import Standardizer, encode_labels
from tsnas.job.settings import epochs_of
from tsnas.search.contest import DROPOUT
from tsnas.space.architecture import Architecture, TimeConv, TimeReduce
from tsnas.training.augment import scale_and_noise, stretch_and_shift, unchanged
from tsnas.training.train import train_float

DATA = flags.DEFINE_string("data", "../shared/data/ucr", "Folder of .npz files with x_train and y_train.")
VARIANTS = flags.DEFINE_list("variants", None, "Variants to run; all by default.")
SETS = flags.DEFINE_list("sets", None, "Names of the sets; all by default.")
SEEDS = flags.DEFINE_list("seeds", ["0"], "Seeds of folds and training.")
MS = flags.DEFINE_float("max_latency_ms", 36.0, "Latency that the number of filters is chosen by.")
OUT = flags.DEFINE_string("out", "benchmarks/results/series.json", "Where to write.")

BOARD = "nucleo_f446re"
STEPS, BATCH_SIZE, MOST_EPOCHS = 1200, 16, 10_000
# Sets with more windows are judged by one fold of three.
ALL_FOLDS = 150

BASE: dict[str, Any] = {
    "first": 9,
    "minimum_time": 64,
    "taps": ((5, 2), (5, 4), (5, 8)),
    "augment": stretch_and_shift,
    "steps": STEPS,
    "long_time": 500,  # samples, beyond which the first stride is 4
}
CHANGES: dict[str, dict[str, Any]] = {
    "base": {},
    "no stretch": {"augment": scale_and_noise},
    "no augmentation": {"augment": unchanged},
    "no dilation": {"taps": ((5, 1), (5, 1), (5, 1))},
    "one more cell": {"taps": ((5, 1), (5, 2), (5, 4), (5, 8))},
    "kernels of 7": {"first": 15, "taps": ((7, 1), (7, 2), (7, 4))},
    "first stride of 4": {"long_time": 0},
    "half the time": {"minimum_time": 32},
    "three times the steps": {"steps": 3 * STEPS},
}


def network(variant: dict[str, Any], time: int, classes: int, board: Board, max_latency_ms: float) -> Architecture:
    """The largest network of a variant within a latency; all its cells grow together, in steps of 8 filters."""
    halvings = max(1, math.floor(math.log2(time / variant["minimum_time"])))
    strides = [4] + [2] * (halvings - 2) if time > variant["long_time"] and halvings > 1 else [2] * halvings

    def of_width(width: int) -> Architecture:
        reduce = [
            TimeReduce(variant["first"] if index == 0 else 7, _by_8(width * (0.75 if index else 0.5)), stride)
            for index, stride in enumerate(strides)
        ]
        convs = [TimeConv(_by_8(width), kernel, dilation) for kernel, dilation in variant["taps"]]
        return Architecture(time, 1, classes, (*reduce, *convs))

    widths = [w for w in range(8, 65) if estimate_graph(of_width(w).graph(), board).latency_ms <= max_latency_ms]
    return of_width(max(widths, default=8))


def _by_8(width: float) -> int:
    return max(8, round(width / 8) * 8)


def run_one(name: str, path: pathlib.Path, seed: int) -> dict[str, Any]:
    """Fraction of the left-out training windows that are classified correctly, over the folds."""
    variant = BASE | CHANGES[name]
    with np.load(path) as content:
        x, codes = content["x_train"].astype(np.float32), encode_labels(content["y_train"])[0]
    classes = int(codes.max()) + 1
    net = network(variant, x.shape[1], classes, load_board(BOARD), MS.value)
    folds = list(
        StratifiedKFold(min(3, max(2, np.bincount(codes).min())), shuffle=True, random_state=seed).split(x, codes)
    )
    right = []
    for train, val in folds if len(x) <= ALL_FOLDS else folds[:1]:
        windows = Standardizer.fit(x[train])(x)[..., np.newaxis]
        model = net.build(DROPOUT, seed)
        batch_size = min(BATCH_SIZE, len(train))
        train_float(
            model,
            windows[train],
            codes[train],
            epochs=epochs_of(variant["steps"], len(train) // batch_size, (1, MOST_EPOCHS)),
            batch_size=batch_size,
            seed=seed,
            augment=variant["augment"],
        )
        right.append(model(windows[val], training=False).numpy().argmax(axis=1) == codes[val])
    found = np.concatenate(right)
    ms = estimate_graph(net.graph(), load_board(BOARD)).latency_ms
    return {"accuracy": round(float(found.mean()), 4), "windows": len(found), "latency_ms": round(ms, 2)}


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    paths = sorted(pathlib.Path(DATA.value).glob("*.npz"))
    paths = [path for path in paths if not SETS.value or path.stem in SETS.value]
    if not paths:
        raise app.UsageError(f"--data={DATA.value}: there is no such data set.")
    out = pathlib.Path(OUT.value)
    results = json.loads(out.read_text())["results"] if out.exists() else []
    for name in VARIANTS.value or CHANGES:
        for path in paths:
            for seed in map(int, SEEDS.value):
                key = {"variant": name, "set": path.stem, "seed": seed, "max_latency_ms": MS.value}
                if any(key.items() <= row.items() for row in results):
                    continue
                results.append(key | run_one(name, path, seed))
                print(*results[-1].values(), flush=True)
                write_json(out, provenance("benchmarks.series", ("tsnas", "tensorflow")) | {"results": results})
    print(f"\n{table(results)}\n\nWritten: {out}")


def table(results: list[dict[str, Any]]) -> str:
    """Mean accuracy of each variant, and its mean gain over the base on the same sets with the same seeds."""

    def by_run(name: str) -> dict[tuple, float]:
        return {(r["set"], r["seed"], r["max_latency_ms"]): r["accuracy"] for r in results if r["variant"] == name}

    base, rows = by_run("base"), []
    for name in dict.fromkeys(row["variant"] for row in results):
        own = by_run(name)
        gains = [score - base[key] for key, score in own.items() if key in base] or [math.nan]
        rows.append((name, np.mean(list(own.values())), np.mean(gains), np.std(gains) / len(gains) ** 0.5, len(own)))
    return tabulate.tabulate(rows, ("variant", "accuracy", "gain", "its error", "runs"), floatfmt=".4f")


if __name__ == "__main__":
    app.run(main)
