"""Compares search spaces by what random architectures of each reach at equal latency, on validation users.

    python -m benchmarks.spaces --data=../shared/data/uci_har.npz --limits=8,30

Each architecture is drawn at random among those that use most of the limit, and trained on its own for some hundred
steps. No search has a hand in it, and the test windows are never read: the figures say what a space is worth, not how
well it is searched.
"""

from __future__ import annotations

import json
import pathlib
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate
from absl import app, flags
from sklearn.metrics import f1_score

from benchmarks.record import provenance, write_json
from tsnas.contest import DROPOUT
from tsnas.cost.board import load_board
from tsnas.cost.limits import Limits
from tsnas.data import Standardizer, find_axes, split_validation
from tsnas.datasets import load_npz, shoulder
from tsnas.deploy.augment import Augment, augmentation
from tsnas.deploy.train import train_float
from tsnas.search.feasibility import smallest_costs
from tsnas.search.finalists import finalists
from tsnas.search.options import cell_options
from tsnas.search.paths import Paths
from tsnas.space.config import SpaceConfig
from tsnas.space.supernet import Supernet, build_cells

DATA = flags.DEFINE_string("data", None, "A .npz file as for `tsnas search --data`; else the shoulder set.")
BOARD = flags.DEFINE_string("board", "nucleo_f446re", "Board.")
LIMITS = flags.DEFINE_list("limits", ["8", "30"], "Limits on latency in ms.")
ARCHITECTURES = flags.DEFINE_integer("architectures", 4, "Random architectures of each space.", lower_bound=1)
STEPS = flags.DEFINE_integer("steps", 2500, "Training steps of each.", lower_bound=1)
SEED = flags.DEFINE_integer("seed", 0, "Seed of the split, the draws and the trainings.")
OUT = flags.DEFINE_string("out", None, "JSON file; benchmarks/results/spaces_DATA.json if not given.")

BATCH_SIZE = 64
VALIDATION_SHARE = 0.25
SPACES = {
    "micronas": SpaceConfig(),
    "first stride 4": SpaceConfig(first_stride=4),
    "all sensors in one step": SpaceConfig(collapse=True),
    "both (tsnas)": SpaceConfig(first_stride=4, collapse=True),
}


def judge(config: SpaceConfig, limits: Limits, data: Any, classes: int, augment: Augment) -> list[dict[str, float]]:
    """Macro-F1 on the validation windows of random architectures of one space."""
    (x, y), (x_val, y_val) = data
    board = load_board(BOARD.value)
    supernet = Supernet(build_cells(board, x.shape[1], x.shape[2], classes, config, SEED.value), board)
    results = []
    drawn = finalists(Paths(supernet, limits), [], ARCHITECTURES.value, SEED.value)
    for index, found in enumerate(drawn):
        model = found.architecture.build(DROPOUT, seed=SEED.value + index)
        started = time.monotonic()
        epochs = max(3, round(STEPS.value * BATCH_SIZE / len(x)))
        train_float(model, x, y, epochs=epochs, batch_size=BATCH_SIZE, seed=SEED.value + index, augment=augment)
        predicted = model.predict(x_val, batch_size=256, verbose=0).argmax(axis=1)
        results.append(
            {
                "macro_f1": round(float(f1_score(y_val, predicted, average="macro")), 4),
                "latency_ms": round(found.estimate.latency_ms, 3),
                "macs": sum(row.macs for row in found.estimate.rows),
                "seconds": round(time.monotonic() - started, 1),
            }
        )
    return results


def table(results: list[dict[str, Any]]) -> str:
    """A line for each space and limit."""
    lines = []
    for r in results:
        scores = [a["macro_f1"] for a in r["architectures"]]
        lines.append(
            (
                f"{r['max_latency_ms']:g} ms",
                r["space"],
                f"{r['smallest_latency_ms']:.2f}",
                len(scores),
                f"{np.mean(scores):.4f}",
                f"{np.std(scores, ddof=1):.4f}" if len(scores) > 1 else "",
                f"{max(scores):.4f}",
            )
        )
    headers = ("limit", "space", "smallest ms", "n", "mean F1", "sd", "best F1")
    return tabulate.tabulate(lines, headers, disable_numparse=True)


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    if DATA.value:
        loaded = load_npz(DATA.value)
        x, labels, groups = loaded.x_train, loaded.y_train, loaded.groups_train
    else:
        (x, labels, groups), _ = shoulder.load_data()
    classes, y = np.unique(labels, return_inverse=True)
    train, val = split_validation(y, groups, VALIDATION_SHARE, SEED.value)
    standardizer = Standardizer.fit(x[train])
    augment = augmentation(standardizer, find_axes("auto", x[train]))
    data = tuple((standardizer(x[part])[..., np.newaxis], y[part]) for part in (train, val))
    name = pathlib.Path(DATA.value).stem if DATA.value else "shoulder"
    out = pathlib.Path(OUT.value or f"benchmarks/results/spaces_{name}.json")
    results = json.loads(out.read_text())["results"] if out.exists() else []
    board = load_board(BOARD.value)
    for limit in map(float, LIMITS.value):
        for space, config in SPACES.items():
            if (limit, space) in [(r["max_latency_ms"], r["space"]) for r in results]:
                continue
            limits = Limits(max_latency_ms=limit).tightest_with(board)
            supernet = Supernet(build_cells(board, x.shape[1], x.shape[2], len(classes), config, SEED.value), board)
            results.append(
                {
                    "max_latency_ms": limit,
                    "space": space,
                    "smallest_latency_ms": smallest_latency_ms(supernet),
                    "architectures": judge(config, limits, data, len(classes), augment),
                }
            )
            record = provenance("benchmarks.spaces", ("tsnas", "tensorflow", "tf_keras", "numpy"))
            settings = {"data": name, "board": BOARD.value, "steps": STEPS.value, "seed": SEED.value}
            write_json(out, record | settings | {"results": results})
            print(table(results[-1:]), flush=True)
    print(f"\n{name} on {BOARD.value}, validation users\n{table(results)}\n\nWritten: {out}")


def smallest_latency_ms(supernet: Supernet) -> float:
    """The fastest architecture of a space."""
    options = [cell_options(cell) for cell in supernet.cells]
    return round(smallest_costs(supernet, options)["latency_ms"], 3)


if __name__ == "__main__":
    app.run(main)
