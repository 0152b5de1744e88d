"""Trains nets that were made by hand, as the job trains what it finds: what a search has to beat.

    python -m benchmarks.handmade --data=../shared/data/uci_har.npz --seeds=0,1,2

Thin filters on each sensor, one step that takes all sensors, wide filters over time: the design that the search space
was widened for. The test windows are used once for each finished model.
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

from benchmarks.nets import BATCH_SIZE, nets
from benchmarks.record import provenance, write_json
from tsnas.contest import DROPOUT
from tsnas.cost.estimate import estimate_tflite
from tsnas.data import Standardizer, encode_labels, find_axes
from tsnas.datasets import load_npz
from tsnas.deploy.augment import augmentation
from tsnas.deploy.convert import convert_int8
from tsnas.deploy.runner import Int8Model
from tsnas.deploy.train import train_float, train_quantised
from tsnas.settings import TRAIN_EPOCHS, TRAIN_STEPS, epochs_of
from tsnas.space.architecture import Architecture, Cell

DATA = flags.DEFINE_string("data", None, "A .npz file as for `tsnas search --data`.", required=True)
BOARD = flags.DEFINE_string("board", "nucleo_f446re", "Board.")
SEEDS = flags.DEFINE_list("seeds", ["0", "1", "2"], "Seeds.")
OUT = flags.DEFINE_string("out", "benchmarks/results/handmade.json", "Where to write the results as JSON.")


def run_net(name: str, cells: tuple[Cell, ...], data: Any, seed: int) -> dict[str, Any]:
    """One net from windows to an int8 model, and its scores on the test windows."""
    started = time.monotonic()
    codes, classes = encode_labels(data.y_train)
    test_codes = encode_labels(data.y_test, classes)[0]
    standardizer = Standardizer.fit(data.x_train)
    x, x_test = (standardizer(windows)[..., np.newaxis] for windows in (data.x_train, data.x_test))
    model = Architecture(x.shape[1], x.shape[2], len(classes), cells).build(DROPOUT, seed)
    epochs = epochs_of(TRAIN_STEPS, len(x) / BATCH_SIZE, TRAIN_EPOCHS)
    turned = augmentation(standardizer, find_axes("auto", data.x_train))
    train_float(model, x, codes, epochs=epochs, batch_size=BATCH_SIZE, seed=seed, augment=turned)
    qat_model = train_quantised(model, x, codes, epochs=max(3, epochs // 5), batch_size=BATCH_SIZE, seed=seed)
    tflite = convert_int8(qat_model)
    estimate = estimate_tflite(tflite, BOARD.value)
    predictions = {"float": model.predict(x_test, verbose=0), "int8": Int8Model(tflite).predict(x_test)}
    return {
        "board": BOARD.value,
        "net": name,
        "seed": seed,
        "latency_ms": round(estimate.latency_ms, 3),
        "ram_bytes": estimate.ram_bytes,
        "minutes": round((time.monotonic() - started) / 60, 2),
        "macro_f1": {
            kind: round(float(f1_score(test_codes, p.argmax(axis=1), average="macro")), 4)
            for kind, p in predictions.items()
        },
    }


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    data = load_npz(DATA.value)
    out = pathlib.Path(OUT.value)
    results = json.loads(out.read_text())["results"] if out.exists() else []
    for seed in map(int, SEEDS.value):
        for name, cells in nets(data.x_train.shape[2]).items():
            if (BOARD.value, name, seed) in [(r["board"], r["net"], r["seed"]) for r in results]:
                continue
            results.append(run_net(name, cells, data, seed))
            write_json(out, provenance("benchmarks.handmade", ("tsnas", "tensorflow")) | {"results": results})
    rows = [
        (
            r["net"],
            r["seed"],
            r["latency_ms"],
            r["ram_bytes"],
            r["macro_f1"]["float"],
            r["macro_f1"]["int8"],
            r["minutes"],
        )
        for r in sorted(results, key=lambda r: (r["latency_ms"], r["seed"]))
    ]
    print(tabulate.tabulate(rows, ("net", "seed", "ms", "RAM bytes", "float F1", "int8 F1", "minutes"), floatfmt=".4f"))
    print(f"\nWritten: {out}")


if __name__ == "__main__":
    app.run(main)
