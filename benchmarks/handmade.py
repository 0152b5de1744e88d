"""Trains nets that were made by hand, as the job trains what it finds: what a search has to beat."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, f1_score

from benchmarks.nets import BATCH_SIZE, nets
from tsnas.cost.estimate import estimate_tflite
from tsnas.data import Standardizer, encode_labels, find_axes
from tsnas.deploy.convert import convert_int8
from tsnas.job.settings import TRAIN_EPOCHS, TRAIN_STEPS, epochs_of
from tsnas.search.rounds import DROPOUT
from tsnas.space.architecture import Architecture
from tsnas.tflite.interpreter import Int8Model
from tsnas.training.augment import augmentation
from tsnas.training.train import train_float, train_quantised


def run_net(name: str, data: Any, board: str, seed: int, epochs: int | None = None) -> dict[str, Any]:
    """One net from windows to an int8 model, and its scores on the test windows.

    Args:
        name: str, of `benchmarks.nets.nets`: thin filters on each sensor, one step that takes all sensors, wide filters
            over time, the design that the search space was widened for.
        data: `Dataset`; its test windows are used once.
        board: str, board of the estimate.
        seed: int.
        epochs: int, of float training. Defaults to None: as many as a job trains its winner for.

    Returns:
        dict of plain JSON values.
    """
    started = time.monotonic()
    codes, classes = encode_labels(data.y_train)
    test_codes = encode_labels(data.y_test, classes)[0]
    standardizer = Standardizer.fit(data.x_train)
    x, x_test = (standardizer(windows)[..., np.newaxis] for windows in (data.x_train, data.x_test))
    model = Architecture(x.shape[1], x.shape[2], len(classes), nets(x.shape[2])[name]).build(DROPOUT, seed)
    epochs = epochs or epochs_of(TRAIN_STEPS, len(x) / BATCH_SIZE, TRAIN_EPOCHS)
    turned = augmentation(standardizer, find_axes("auto", data.x_train))
    train_float(model, x, codes, epochs=epochs, batch_size=BATCH_SIZE, seed=seed, augment=turned)
    qat_epochs = min(epochs, max(3, epochs // 5))
    qat_model = train_quantised(model, x, codes, epochs=qat_epochs, batch_size=BATCH_SIZE, seed=seed)
    tflite = convert_int8(qat_model)
    estimate = estimate_tflite(tflite, board)
    predictions = {"float": model.predict(x_test, verbose=0), "int8": Int8Model(tflite).predict(x_test)}
    return {
        "minutes": round((time.monotonic() - started) / 60, 2),
        "latency_ms": round(estimate.latency_ms, 3),
        "ram_bytes": estimate.ram_bytes,
        "flash_bytes": estimate.flash_bytes,
        "test": {
            kind: {
                "accuracy": float(accuracy_score(test_codes, p.argmax(axis=1))),
                "macro_f1": float(f1_score(test_codes, p.argmax(axis=1), average="macro")),
            }
            for kind, p in predictions.items()
        },
    }
