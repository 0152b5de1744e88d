"""Compares ways of training one network, on folds of the training users: the test users have no part in it.

    python -m benchmarks.training --data=../shared/data/uci_har.npz --variants="base,rotate 8" --seeds=0,1

The network is one of those made by hand, by default the smallest. Every variant changes one thing. Runs that the JSON
file has already are not done again.
"""

from __future__ import annotations

import functools
import json
import math
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tabulate
import tensorflow as tf
from absl import app, flags
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold

from benchmarks.nets import BATCH_SIZE, nets
from benchmarks.record import provenance, write_json
from tsnas.data import Standardizer, encode_labels
from tsnas.datasets import load_npz
from tsnas.job.settings import epochs_of
from tsnas.search.rounds import DROPOUT
from tsnas.space.architecture import Architecture
from tsnas.training.augment import scale_and_noise
from tsnas.training.train import train_float

DATA = flags.DEFINE_string("data", None, "A .npz file as for `tsnas search --data`, with users.", required=True)
VARIANTS = flags.DEFINE_list("variants", None, "Variants to run; all by default.")
SEEDS = flags.DEFINE_list("seeds", ["0", "1"], "Seeds.")
FOLDS = flags.DEFINE_integer("folds", 3, "Folds of the training users.")
NET = flags.DEFINE_integer("net", 0, "Which of the nets made by hand, the smallest first.")
OUT = flags.DEFINE_string("out", None, "Where to write; benchmarks/results/training_DATA_NET.json by default.")

# Of the base; since then the package makes fewer steps.
STEPS, EPOCHS = 5000, (10, 90)


def rotate(windows: tf.Tensor, seed: Any, standardizer: Standardizer, degrees: float, each: bool = False) -> tf.Tensor:
    """Turns all sensors of a window, which come as triples of axes, by one small rotation, or each by its own."""
    batch, time, sensors, _ = windows.shape
    count = sensors // 3 if each else 1
    angles = tf.random.stateless_normal((batch * count, 3), [seed[0] + 17, seed[1]], 0.0, math.radians(degrees))
    size = tf.maximum(tf.norm(angles, axis=1), 1e-6)[:, tf.newaxis]
    x, y, z = tf.unstack(angles / size, axis=1)
    zero = tf.zeros_like(x)
    cross = tf.reshape(tf.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1), (-1, 3, 3))
    sine, cosine = tf.sin(size)[..., tf.newaxis], tf.cos(size)[..., tf.newaxis]
    matrix = tf.eye(3) + sine * cross + (1 - cosine) * cross @ cross
    matrix = tf.broadcast_to(tf.reshape(matrix, (batch, count, 3, 3)), (batch, sensors // 3, 3, 3))
    mean, std = np.float32(standardizer.mean), np.float32(standardizer.std)
    raw = windows[..., 0] * std + mean
    turned = tf.einsum("bsij,btsj->btsi", matrix, tf.reshape(raw, (batch, time, sensors // 3, 3)))
    return ((tf.reshape(turned, (batch, time, sensors)) - mean) / std)[..., tf.newaxis]


def after(change: Callable[..., tf.Tensor], **settings: Any) -> Callable[..., tf.Tensor]:
    """The usual augmentation of the changed windows."""
    return lambda windows, seed: scale_and_noise(change(windows, seed, **settings), seed)


def variant_settings(name: str, standardizer: Standardizer, epochs: int) -> dict[str, Any]:
    """Arguments of `train_float` beyond the usual ones, and `dropout`."""
    turn = functools.partial(after, rotate, standardizer=standardizer)
    variants: dict[str, Callable[[], dict[str, Any]]] = {
        "base": dict,
        "rotate 8": lambda: {"augment": turn(degrees=8)},
        "rotate 15": lambda: {"augment": turn(degrees=15)},
        "rotate 30": lambda: {"augment": turn(degrees=30)},
        "rotate 8 each": lambda: {"augment": turn(degrees=8, each=True)},
        "rotate 8 + twice the passes": lambda: {"augment": turn(degrees=8), "epochs": 2 * epochs},
        "rotate 8 + four times the passes": lambda: {"augment": turn(degrees=8), "epochs": 4 * epochs},
        "rotate 8 + half the passes": lambda: {"augment": turn(degrees=8), "epochs": epochs // 2},
        "rotate 8 + 1250 steps": lambda: {"augment": turn(degrees=8), "epochs": epochs // 4},
        "rotate 8 + 2000 steps": lambda: {"augment": turn(degrees=8), "epochs": epochs * 2 // 5},
        "rotate 8 + 3000 steps": lambda: {"augment": turn(degrees=8), "epochs": epochs * 3 // 5},
        "rotate 8 + 2500 steps of 32": lambda: {
            "augment": turn(degrees=8),
            "epochs": epochs // 4,
            "batch_size": BATCH_SIZE // 2,
        },
        "rotate 8 + no dropout": lambda: {"augment": turn(degrees=8), "dropout": 0.0},
        "rotate 8 + no scale": lambda: {"augment": functools.partial(rotate, standardizer=standardizer, degrees=8)},
        "no augmentation": lambda: {"augment": lambda windows, seed: windows},
        "a third of the passes": lambda: {"epochs": max(3, epochs // 3)},
        "twice the passes": lambda: {"epochs": 2 * epochs},
        "four times the passes": lambda: {"epochs": 4 * epochs},
        "rate 1e-3": lambda: {"learning_rate": 1e-3},
        "batch 256": lambda: {"batch_size": 256},
        "no label smoothing": lambda: {"label_smoothing": 0.0},
        "label smoothing 0.2": lambda: {"label_smoothing": 0.2},
    }
    if name == "all":
        return dict.fromkeys(variants)
    return {"dropout": DROPOUT, "epochs": epochs} | variants[name]()


def run_one(name: str, data: Any, fold: int, seed: int) -> float:
    """Macro-F1 on the users of a fold."""
    codes, classes = encode_labels(data.y_train)
    folds = GroupKFold(FOLDS.value, shuffle=True, random_state=0)
    train, val = list(folds.split(codes, groups=data.groups_train))[fold]
    standardizer = Standardizer.fit(data.x_train[train])
    x = standardizer(data.x_train)[..., np.newaxis]
    epochs = epochs_of(STEPS, len(train) / BATCH_SIZE, EPOCHS)
    settings = {"batch_size": BATCH_SIZE} | variant_settings(name, standardizer, epochs)
    cells = list(nets(x.shape[2]).values())[NET.value]
    model = Architecture(x.shape[1], x.shape[2], len(classes), cells).build(settings.pop("dropout"), seed)
    train_float(model, x[train], codes[train], seed=seed, **settings)
    predicted = model.predict(x[val], batch_size=256, verbose=0).argmax(axis=1)
    return round(float(f1_score(codes[val], predicted, average="macro", zero_division=0)), 4)


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    data = load_npz(DATA.value)
    out = pathlib.Path(OUT.value or f"benchmarks/results/training_{pathlib.Path(DATA.value).stem}_{NET.value}.json")
    results = json.loads(out.read_text())["results"] if out.exists() else []
    names = VARIANTS.value or list(variant_settings("all", Standardizer((), ()), 0))
    for name in names:
        for fold in range(FOLDS.value):
            for seed in map(int, SEEDS.value):
                if any((name, fold, seed) == (r["variant"], r["fold"], r["seed"]) for r in results):
                    continue
                score = run_one(name, data, fold, seed)
                results.append({"variant": name, "fold": fold, "seed": seed, "macro_f1": score})
                write_json(out, provenance("benchmarks.training", ("tsnas", "tensorflow")) | {"results": results})
    base = {(r["fold"], r["seed"]): r["macro_f1"] for r in results if r["variant"] == "base"}
    rows = []
    for name in dict.fromkeys(r["variant"] for r in results):
        of_name = {(r["fold"], r["seed"]): r["macro_f1"] for r in results if r["variant"] == name}
        gains = [score - base[key] for key, score in of_name.items() if key in base] or [math.nan]
        rows.append((name, np.mean(list(of_name.values())), np.mean(gains), np.std(gains), len(of_name)))
    print(tabulate.tabulate(rows, ("variant", "macro-F1", "gain", "spread of gain", "runs"), floatfmt=".4f"))
    print(f"\nWritten: {out}")


if __name__ == "__main__":
    app.run(main)
