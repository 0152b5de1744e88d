"""What makes an architecture good at equal latency: many random ones, trained alone and judged by validation users.

    python -m benchmarks.design --data=uci_har.npz --limit=20 --architectures=60 --processes=2

Architectures that use most of a limit are drawn from the space with all sensors in one step, half of them with a first
stride of 2, half with 4. Each is trained for some hundred steps on some splits of the training users; its mean macro-F1
on the users left out is then explained by what it looks like, by least squares. Nets made by hand stand beside them.
No search has a hand in it, and the test windows are never read.

Source: Radosavovic et al., Designing Network Design Spaces (2020).
"""

from __future__ import annotations

import concurrent.futures
import itertools
import multiprocessing
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate
from absl import app, flags

from benchmarks.nets import BATCH_SIZE, nets
from benchmarks.record import provenance, write_json
from tsnas.space.architecture import Architecture, SensorFusion, TimeReduce

DATA = flags.DEFINE_string("data", None, "A .npz file as for `tsnas search --data`.", required=True)
LIMIT = flags.DEFINE_float("limit", 20.0, "Limit on latency in ms; between four fifths of it and all of it is used.")
ARCHITECTURES = flags.DEFINE_integer("architectures", 60, "Random architectures.", lower_bound=4)
STEPS = flags.DEFINE_integer("steps", 600, "Training steps of each.", lower_bound=1)
SPLITS = flags.DEFINE_integer("splits", 2, "Splits of the training users.", lower_bound=1)
SEED = flags.DEFINE_integer("seed", 0, "Seed of the splits, the draws and the trainings.")
PROCESSES = flags.DEFINE_integer("processes", 1, "Trainings at once.", lower_bound=1)
OUT = flags.DEFINE_string("out", None, "JSON file; benchmarks/results/design_DATA_LIMIT.json if not given.")

BOARD = "nucleo_f446re"
LEAST_USE = 0.8
VALIDATION_SHARE = 0.25


def drawn(time: int, sensors: int, classes: int, limit_ms: float, count: int, seed: int) -> list[Architecture]:
    """Random architectures between four fifths of a limit and all of it, in turns with a first stride of 2 and of 4."""
    from tsnas.cost.board import load_board
    from tsnas.cost.limits import Limits
    from tsnas.search.paths import Paths
    from tsnas.space.config import SpaceConfig
    from tsnas.space.supernet import Supernet, build_cells

    board, rng = load_board(BOARD), np.random.default_rng(seed)
    found: list[list[Architecture]] = []
    for first_stride in (2, 4):
        config = SpaceConfig(first_stride=first_stride, collapse=True)
        supernet = Supernet(build_cells(board, time, sensors, classes, config, seed), board)
        paths = Paths(supernet, Limits(max_latency_ms=limit_ms).tightest_with(board))
        own: list[Architecture] = []
        while len(own) < (count + 1) // 2:
            derived = paths.derived(paths.drawn(rng))
            if derived and derived.estimate.latency_ms >= LEAST_USE * limit_ms and derived.architecture not in own:
                own.append(derived.architecture)
        found.append(own)
    return [one for turn in zip(*found, strict=True) for one in turn][:count]


def features(architecture: Architecture) -> dict[str, float]:
    """What an architecture looks like, in numbers."""
    from tsnas.cost.estimate import estimate_graph

    time = [cell for cell in architecture.cells if isinstance(cell, TimeReduce)]
    fusion = [cell for cell in architecture.cells if isinstance(cell, SensorFusion)]
    filters = [cell.filters for cell in fusion]
    branched = [cell for cell in fusion if cell.kernels]
    drops = [max(1.0, before / after) for before, after in itertools.pairwise(filters)]
    necks = [max(1.0, cell.filters / cell.mid_filters) for cell in branched]
    estimate = estimate_graph(architecture.graph(), BOARD)
    early = sum(row.latency_ms for row in estimate.rows[: len(time)])
    return {
        "log2 of latency": float(np.log2(estimate.latency_ms)),
        "share of latency before all sensors meet": early / estimate.latency_ms,
        "first stride of 4": float(time[0].stride == 4),
        "mean kernel over time, each sensor alone": float(np.mean([cell.kernel for cell in time])),
        "cells after that": float(len(fusion)),
        "share of them with a skip": float(np.mean([cell.skip for cell in fusion])),
        "branches of each": float(np.mean([len(cell.kernels) for cell in fusion])),
        "mean kernel of the branches": float(np.mean([kernel for cell in branched for kernel in cell.kernels] or [5])),
        "log2 of the largest drop of filters": float(np.log2(max(drops, default=1.0))),
        "log2 of the narrowest middle": float(np.log2(max(necks, default=1.0))),
        "log2 of the last filters": float(np.log2(filters[-1])),
    }


def judged(architecture: Architecture, data: str, splits: int, steps: int, seed: int) -> list[float]:
    """Macro-F1 on the users left out, for each split."""
    from tsnas.contest import short_score
    from tsnas.data import Standardizer, encode_labels, find_axes, split_validation
    from tsnas.datasets import load_npz
    from tsnas.deploy.augment import augmentation

    loaded = load_npz(data)
    y, _ = encode_labels(loaded.y_train)
    scores = []
    for split in range(splits):
        train, val = split_validation(y, loaded.groups_train, VALIDATION_SHARE, seed + split)
        standardizer = Standardizer.fit(loaded.x_train[train])
        augment = augmentation(standardizer, find_axes("auto", loaded.x_train[train]))
        parts = [(standardizer(loaded.x_train[rows])[..., np.newaxis], y[rows]) for rows in (train, val)]
        scores.append(short_score(architecture, (parts[0], parts[1]), steps, BATCH_SIZE, seed, augment)[0])
    return scores


def explained(rows: Sequence[dict[str, Any]]) -> list[tuple[str, float, float, float]]:
    """(feature, its standard deviation, change of the score with that much more of it, standard error of that)."""
    names = [*rows[0]["features"]]
    values = np.array([[row["features"][name] for name in names] for row in rows])
    spreads = values.std(axis=0)
    known = spreads > 0
    causes = np.column_stack([(values - values.mean(axis=0))[:, known] / spreads[known], np.ones(len(rows))])
    scores = np.array([np.mean(row["macro_f1"]) for row in rows])
    coefficients = np.linalg.lstsq(causes, scores, rcond=None)[0]
    left = scores - causes @ coefficients
    variance = left @ left / max(1, len(rows) - causes.shape[1])
    errors = np.sqrt(np.diag(variance * np.linalg.pinv(causes.T @ causes)))
    shown = [name for name, kept in zip(names, known, strict=True) if kept]
    return [
        (name, round(float(spread), 3), round(float(value), 4), round(float(error), 4))
        for name, spread, value, error in zip(shown, spreads[known], coefficients[:-1], errors[:-1], strict=True)
    ]


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    from tsnas.datasets import load_npz

    loaded = load_npz(DATA.value)
    (_, time, sensors), classes = loaded.x_train.shape, len(np.unique(loaded.y_train))
    random = drawn(time, sensors, classes, LIMIT.value, ARCHITECTURES.value, SEED.value)
    by_hand = {name: Architecture(time, sensors, classes, cells) for name, cells in nets(sensors).items()}
    name = os.path.splitext(os.path.basename(DATA.value))[0]
    out = OUT.value or f"benchmarks/results/design_{name}_{LIMIT.value:g}.json"
    if PROCESSES.value > 1:
        # Read by TensorFlow when a process starts.
        os.environ["TF_NUM_INTRAOP_THREADS"] = "1"
    rows: list[dict[str, Any]] = []
    with concurrent.futures.ProcessPoolExecutor(PROCESSES.value, multiprocessing.get_context("spawn")) as pool:
        waiting = [(net, net) for net in by_hand] + [("random", index) for index in range(len(random))]
        futures = {}
        for kind, which in waiting:
            one = by_hand[which] if kind != "random" else random[which]
            futures[pool.submit(judged, one, DATA.value, SPLITS.value, STEPS.value, SEED.value)] = kind, one
        for future in concurrent.futures.as_completed(futures):
            kind, one = futures[future]
            scores = [round(score, 4) for score in future.result()]
            rows.append({"kind": kind, "features": features(one), "macro_f1": scores, "architecture": one.to_json()})
            print(f"{len(rows)}/{len(futures)} {kind}: {scores}", flush=True)
            record = provenance("benchmarks.design", ("tsnas", "tensorflow", "tf_keras", "numpy"))
            write_json(out, record | {"rows": rows})
    of_random = [row for row in rows if row["kind"] == "random"]
    causes = explained(of_random)
    scores = [float(np.mean(row["macro_f1"])) for row in of_random]
    print(f"\n{len(of_random)} random architectures: {np.mean(scores):.4f} ± {np.std(scores, ddof=1):.4f}")
    hand = [(row["kind"], 2 ** row["features"]["log2 of latency"], np.mean(row["macro_f1"])) for row in rows]
    print(tabulate.tabulate([row for row in hand if row[0] != "random"], ("by hand", "ms", "macro-F1"), floatfmt=".4g"))
    print(tabulate.tabulate(causes, ("feature", "one sd", "gain of one sd more", "standard error")))
    write_json(out, record | {"rows": rows, "explained": causes})
    print(f"\nWritten: {out}")


if __name__ == "__main__":
    app.run(main)
