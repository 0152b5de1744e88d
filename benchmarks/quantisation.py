"""Compares ways of quantisation-aware training: what int8 loses against float, on folds of the training users.

    python -m benchmarks.quantisation --data=../shared/data/uci_har.npz --net=1

Each float network is trained once and quantised in each way. The test users have no part in it.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate
import tf_keras as keras
from absl import app, flags
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold

from benchmarks.nets import BATCH_SIZE, nets
from benchmarks.record import provenance, write_json
from tsnas.data import Standardizer, encode_labels, find_axes
from tsnas.datasets import load_npz
from tsnas.deploy.convert import convert_int8
from tsnas.job.settings import TRAIN_EPOCHS, TRAIN_STEPS, epochs_of
from tsnas.search.rounds import DROPOUT
from tsnas.space.architecture import Architecture
from tsnas.tflite.interpreter import Int8Model
from tsnas.training.augment import augmentation, scale_and_noise
from tsnas.training.train import train_float, train_quantised

DATA = flags.DEFINE_string("data", None, "A .npz file as for `tsnas search --data`, with users.", required=True)
NET = flags.DEFINE_integer("net", 0, "Which of the nets made by hand, the smallest first.")
SEEDS = flags.DEFINE_list("seeds", ["0"], "Seeds.")
FOLDS = flags.DEFINE_integer("folds", 3, "Folds of the training users.")
VARIANTS = flags.DEFINE_list("variants", None, "Ways of quantisation; all by default.")
OUT = flags.DEFINE_string("out", None, "Where to write; benchmarks/results/quantisation_DATA_NET.json by default.")


def variants(turned: Any, epochs: int) -> dict[str, dict[str, Any]]:
    """Arguments of `train_quantised` beside the usual ones."""
    passes = max(3, epochs // 5)
    usual = {"epochs": passes}
    turned_too = usual | {"augment": turned}
    labels = usual | {"follow": False}
    return {
        "labels": labels,
        "labels, as in float": labels | {"augment": turned, "dropout": DROPOUT},
        "plain": usual,
        "nearest": usual | {"rounding": "nearest"},
        "plain 1e-3": usual | {"learning_rate": 1e-3},
        "noisy": usual | {"augment": scale_and_noise},
        "turned": turned_too,
        "turned 1e-4": turned_too | {"learning_rate": 1e-4},
        "turned 1e-3": turned_too | {"learning_rate": 1e-3},
        "one pass at 1e-5": turned_too | {"epochs": 1, "learning_rate": 1e-5},
    }


def divergence(expected: np.ndarray, given: np.ndarray) -> float:
    """Kullback-Leibler divergence of what int8 answers from what float does, in nats, the mean over windows."""
    floor = 1 / 512  # half a step of int8 probabilities: a 0 stands for less than that
    return float(np.mean(np.sum(expected * np.log(np.maximum(expected, floor) / np.maximum(given, floor)), axis=1)))


def run_fold(data: Any, fold: int, seed: int) -> list[dict[str, Any]]:
    """The float network of a fold, quantised in each way."""
    codes, classes = encode_labels(data.y_train)
    folds = GroupKFold(FOLDS.value, shuffle=True, random_state=0)
    train, val = list(folds.split(codes, groups=data.groups_train))[fold]
    standardizer = Standardizer.fit(data.x_train[train])
    x = standardizer(data.x_train)[..., np.newaxis]
    epochs = epochs_of(TRAIN_STEPS, len(train) / BATCH_SIZE, TRAIN_EPOCHS)
    turned = augmentation(standardizer, find_axes("auto", data.x_train[train]))
    cells = list(nets(x.shape[2]).values())[NET.value]
    architecture = Architecture(x.shape[1], x.shape[2], len(classes), cells)

    def score(probabilities: np.ndarray) -> float:
        return round(float(f1_score(codes[val], probabilities.argmax(axis=1), average="macro", zero_division=0)), 4)

    model = architecture.build(DROPOUT, seed)
    train_float(model, x[train], codes[train], epochs=epochs, batch_size=BATCH_SIZE, seed=seed, augment=turned)
    probabilities = model.predict(x[val], batch_size=256, verbose=0)
    floats, decided = score(probabilities), probabilities.argmax(axis=1)
    rows = []
    for name, settings in variants(turned, epochs).items():
        if VARIANTS.value and name not in VARIANTS.value:
            continue
        qat = train_quantised(model, x[train], codes[train], batch_size=BATCH_SIZE, seed=seed, **settings)
        row = {"variant": name, "fold": fold, "seed": seed, "float": floats}
        row["quantised_keras"] = score(qat.predict(x[val], batch_size=256, verbose=0))
        quantised = Int8Model(convert_int8(qat)).predict(x[val])
        row["int8"] = score(quantised)
        row["changed"] = round(float(np.mean(quantised.argmax(axis=1) != decided)), 4)
        row["divergence"] = round(divergence(probabilities, quantised), 5)
        rows.append(row)
        print(row, flush=True)
        keras.backend.clear_session()
    return rows


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    data = load_npz(DATA.value)
    name = f"quantisation_{pathlib.Path(DATA.value).stem}_{NET.value}.json"
    out = pathlib.Path(OUT.value or f"benchmarks/results/{name}")
    results = json.loads(out.read_text())["results"] if out.exists() else []
    for seed in map(int, SEEDS.value):
        for fold in range(FOLDS.value):
            if not any((fold, seed) == (r["fold"], r["seed"]) for r in results):
                results += run_fold(data, fold, seed)
                write_json(out, provenance("benchmarks.quantisation", ("tsnas", "tensorflow")) | {"results": results})
    rows = []
    for variant in dict.fromkeys(r["variant"] for r in results):
        mine = [r for r in results if r["variant"] == variant]
        losses = [r["float"] - r["int8"] for r in mine]
        means = [np.mean([r[kind] for r in mine]) for kind in ("float", "quantised_keras", "int8")]
        strayed = [np.mean([r.get(kind, np.nan) for r in mine]) for kind in ("changed", "divergence")]
        rows.append((variant, *means, np.mean(losses), np.max(losses), *strayed, len(mine)))
    headers = (
        "variant",
        "float",
        "quantised in Keras",
        "int8",
        "mean loss",
        "largest",
        "changed",
        "divergence",
        "runs",
    )
    print(tabulate.tabulate(rows, headers, floatfmt=".4f"))
    print(f"\nWritten: {out}")


if __name__ == "__main__":
    app.run(main)
