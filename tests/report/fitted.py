"""Classifiers that look fitted, within seconds: real networks with random weights, and made-up histories."""

import dataclasses
import functools

import numpy as np

import tsnas
from tsnas.cost.estimate import estimate_tflite
from tsnas.data import Standardizer, validation_splits
from tsnas.deploy.convert import untrained_int8
from tsnas.export import Firmware
from tsnas.job.settings import check_settings
from tsnas.model.data_summary import summarise, versions
from tsnas.model.model import Model, raw_network
from tsnas.space.architecture import Architecture, SensorFusion, TimeReduce
from tsnas.tflite.metadata import embed_metadata

SMALL = Architecture(32, 3, 3, (TimeReduce(3, 8), SensorFusion(16, (3, 5), 8, True, stride=3)))
TINY = Architecture(16, 1, 2, (TimeReduce(3, 4), SensorFusion(8, (), 0, True, stride=1)))
LARGE = Architecture(
    256,
    60,
    30,
    (
        *(TimeReduce(7, 16) for _ in range(4)),
        *(SensorFusion(64, (3, 5, 7), 64, True, stride=2 if i in (0, 3) else 1) for i in range(4)),
    ),
)

SUPERNET = {
    "loss": [2.0, 1.0, 0.5],
    "accuracy": [0.3, 0.6, 0.9],
    "val_loss": [2.0, 1.5, 1.0],
    "val_accuracy": [0.2, float("nan"), 0.8],
    "expected_latency_ms": [5.0, 3.0, 1.9],
    "expected_ram_bytes": [20480.0, 10240.0, 8192.0],
    "expected_flash_bytes": [40480.0, 30240.0, 20192.0],
    "temperature": [1.0, 1.0, 1.0],
    "entropy": [1.0, 0.5, 0.1],
    "settled": [0.0, 0.2, 0.9],
}
TRAINING = {"loss": [1.0, 0.5], "accuracy": [0.5, 0.9]}


@functools.cache
def networks(architecture):
    """The float network and the .tflite file of an architecture."""
    model = architecture.build(seed=0)
    return model, untrained_int8(model)


PLAIN = {
    "model": {"accuracy": 0.8, "macro_f1": 0.79},
    "forest": {"accuracy": 0.7, "macro_f1": 0.68, "ahead": -0.11, "spread": 0.09},
    "ridge": {"accuracy": 0.92, "macro_f1": 0.91, "ahead": 0.12, "spread": 0.08},
    "windows": 60,
    "groups": 2,
    "judged": "contest",
}

SECOND = ("second_round", "second_macro_f1")


def fitted(
    architecture=SMALL, labels=None, strategy="evolution", contest=True, seed=7, plain=PLAIN, channels=None, **params
):
    """A classifier as `fit` would leave it, but for the weights, which are random."""
    network, tflite = networks(architecture)
    clf = tsnas.AutoClassifier(**({"max_latency_ms": 30.0, "strategy": strategy, "seed": seed} | params))
    settings = check_settings(clf)
    count = architecture.classes
    classes = np.array(list("abcdefghijklmnopqrstuvwxyzABCD")[:count] if labels is None else labels)
    rng = np.random.default_rng(0)
    mean, std = rng.normal(size=architecture.channels), rng.uniform(0.1, 2000, size=architecture.channels)
    standardizer = Standardizer(tuple(mean.tolist()), tuple(std.tolist()))
    metadata = {"classes": [str(label) for label in classes], "standardization": standardizer.to_json()}
    metadata["limits"] = dataclasses.asdict(settings.limits)
    metadata |= {} if channels is None else {"channels": channels.to_json()}
    tflite = embed_metadata(tflite, metadata)
    estimate = estimate_tflite(tflite, settings.board)
    history = {
        "architectures": {"before": [1.07e11], "after": [8912.0]},
        "contest": {name: [] for name in ("latency_ms", "use", "macro_f1", *SECOND, "left_out", "winner")},
        "train": TRAINING,
        "quantise": TRAINING,
    }
    if strategy != "random":
        history["search"] = SUPERNET
    if contest:
        history["contest"] = {
            "latency_ms": [2.5, estimate.latency_ms, 1.25],
            "use": [0.95, 0.98, 0.5],
            "macro_f1": [0.9, 0.8, 0.85],
            "second_round": [1.0, 0.0],
            "second_macro_f1": [0.95, 0.7],
            "left_out": [2.0],
            "winner": [1.0],
        }
    x, codes = windows(architecture)
    groups = codes * 0 + np.arange(len(x)) % 5
    rows = validation_splits(codes, groups, 0.2, seed=seed)
    model = Model(
        firmware=Firmware(tflite, settings.board),
        float_network=raw_network(network, standardizer),
        limits=settings.limits,
        estimate=estimate,
        architecture=architecture,
        standardizer=standardizer,
        classes=classes,
        axes=(),
        signal=None,
        seed=seed,
        history=history,
        data_summary=summarise(x, codes, classes, groups, rows, fraction=0.2),
        versions=versions(),
        plain_scores=plain,
    )
    clf._set_model(model)
    return clf


def windows(architecture=SMALL, per_class=10, seed=0):
    """Random windows for a network, and class codes."""
    codes = np.arange(per_class * architecture.classes) % architecture.classes
    shape = (len(codes), architecture.time, architecture.channels)
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32), codes
