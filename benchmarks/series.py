"""Compares networks and ways of training them on series of any kind, on folds of the training windows alone.

    python -m benchmarks.series --variants="base,no stretch" --seeds=0

Every .npz file of a folder is a data set of one channel; its test windows have no part in it. Every variant changes one
thing. A network has as many filters as a latency limit allows, by one rule for all sets. Runs that the JSON file has
already are not done again.
"""

from __future__ import annotations

import pathlib
import unittest.mock
from collections.abc import Sequence
from typing import Any

import numpy as np
from absl import app, flags

from benchmarks.series_nets import BASE, CHANGES, network, table, with_head
from benchmarks.series_sets import cases, judged_folds, read_training_windows
from benchmarks.study import Case, complete
from tsnas.cost.board import load_board
from tsnas.cost.estimate import estimate_graph
from tsnas.data import Standardizer
from tsnas.job.preparation import stretched_or_not
from tsnas.job.settings import epochs_of
from tsnas.search.rounds import DROPOUT
from tsnas.training.train import train_float

DATA = flags.DEFINE_string("data", "../shared/data/ucr", "Folder of .npz files with x_train and y_train.")
VARIANTS = flags.DEFINE_list("variants", None, "Variants to run; all by default.")
SETS = flags.DEFINE_list("sets", None, "Names of the sets; all by default.")
SEEDS = flags.DEFINE_list("seeds", ["0"], "Seeds of folds and training.")
MS = flags.DEFINE_float("max_latency_ms", 36.0, "Latency that the number of filters is chosen by.")
OUT = flags.DEFINE_string("out", "benchmarks/results/series.json", "Where to write.")

BOARD = "nucleo_f446re"
BATCH_SIZE, MOST_EPOCHS = 16, 10_000


def run_one(path: pathlib.Path, key: Case) -> list[dict[str, Any]]:
    """Fraction of the left-out training windows that are classified correctly, over the folds, in a single row."""
    variant, seed = BASE | CHANGES[key["variant"]], key["seed"]
    x, codes = read_training_windows(path)
    classes = int(codes.max()) + 1
    net = network(variant, x.shape[1], classes, load_board(BOARD), MS.value)
    right, ratios = [], []
    for train, val in judged_folds(x, codes, seed):
        windows = Standardizer.fit(x[train])(x)[..., np.newaxis]
        model = with_head(net.build(DROPOUT, seed), variant["head"], seed)
        batch_size = min(BATCH_SIZE, len(train))
        augment, ratio = variant["augment"], None
        if augment is None:
            augment, ratio = stretched_or_not(windows[train], codes[train], None, seed)
        ratios.append(ratio)
        # The heads have layers that cannot become an int8 model yet; training refuses these.
        with unittest.mock.patch("tsnas.training.train.check_core_model"):
            train_float(
                model,
                windows[train],
                codes[train],
                epochs=epochs_of(variant["steps"], len(train) // batch_size, (1, MOST_EPOCHS)),
                batch_size=batch_size,
                seed=seed,
                augment=augment,
                until_solved=variant["until_solved"],
            )
        right.append(model(windows[val], training=False).numpy().argmax(axis=1) == codes[val])
    found = np.concatenate(right)
    ms = estimate_graph(net.graph(), load_board(BOARD)).latency_ms
    row = key | {"accuracy": round(float(found.mean()), 4), "windows": len(found), "latency_ms": round(ms, 2)}
    return [row if None in ratios else row | {"stretching_loss_ratios": [round(ratio, 3) for ratio in ratios]}]


def main(argv: Sequence[str]) -> None:
    each = [
        case
        for name in VARIANTS.value or CHANGES
        for case in cases(argv, DATA.value, SETS.value, SEEDS.value, variant=name, max_latency_ms=MS.value)
    ]
    results = complete(OUT.value, "benchmarks.series", each, run_one)
    print(f"\n{table(results)}\n\nWritten: {OUT.value}")


if __name__ == "__main__":
    app.run(main)
