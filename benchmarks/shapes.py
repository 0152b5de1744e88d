"""Data of unusual shapes, made from real windows: few of them, one channel, many channels, short and long windows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tsnas.datasets import Dataset


@dataclasses.dataclass(frozen=True)
class Shape:
    """A case: what becomes of a data set, and the limits of its job on a board with 128 KB of RAM.

    Args:
        change: function of a `Dataset` that returns another.
        max_latency_ms: float.
        max_ram_kb: float.
    """

    change: Callable[[Dataset], Dataset]
    max_latency_ms: float
    max_ram_kb: float


def changed(data: Dataset, windows: Callable[[np.ndarray], np.ndarray]) -> Dataset:
    """The same windows after a function of (windows, time, channels)."""
    return dataclasses.replace(data, x_train=windows(data.x_train), x_test=windows(data.x_test))


def few(data: Dataset, count: int, seed: int = 0) -> Dataset:
    """So many training windows, drawn at random, each class as often as any other as far as possible."""
    rng = np.random.default_rng(seed)
    rows = [rng.permutation(np.flatnonzero(data.y_train == label)) for label in np.unique(data.y_train)]
    taken = [row[place] for place in range(len(data.y_train)) for row in rows if place < len(row)][:count]
    groups = None if data.groups_train is None else data.groups_train[taken]
    return dataclasses.replace(data, x_train=data.x_train[taken], y_train=data.y_train[taken], groups_train=groups)


def mixed(x: np.ndarray, channels: int, seed: int = 0) -> np.ndarray:
    """So many channels, each a random mixture of those of (windows, time, channels)."""
    weights = np.random.default_rng(seed).normal(size=(x.shape[2], channels)) / np.sqrt(x.shape[2])
    return (x @ weights).astype(np.float32)


def stretched(x: np.ndarray, time: int) -> np.ndarray:
    """(windows, time, channels) with that many samples, by linear interpolation."""
    at = np.linspace(0.0, x.shape[1] - 1.0, time)
    before = np.minimum(at.astype(int), x.shape[1] - 2)
    share = (at - before)[:, np.newaxis]
    return ((1 - share) * x[:, before] + share * x[:, before + 1]).astype(np.float32)


SHAPES = {
    "as it is": Shape(lambda data: data, 30.0, 64.0),
    "40 windows": Shape(lambda data: few(data, 40), 30.0, 64.0),
    "one channel": Shape(lambda data: changed(data, lambda x: x[..., :1]), 10.0, 64.0),
    "60 channels": Shape(lambda data: changed(data, lambda x: mixed(x, 60)), 60.0, 64.0),
    "24 samples": Shape(lambda data: changed(data, lambda x: x[:, :24]), 10.0, 64.0),
    # A sixth of the windows: all would take a gigabyte.
    "1,500 samples": Shape(
        lambda data: changed(few(data, len(data.y_train) // 6), lambda x: stretched(x, 1500)), 100.0, 100.0
    ),
}


def plain_macro_f1(data: Dataset) -> float:
    """Macro-F1 on the test windows of a linear model of each channel's mean, deviation, smallest and largest value."""

    def summary(x: np.ndarray) -> np.ndarray:
        return np.concatenate([x.mean(axis=1), x.std(axis=1), x.min(axis=1), x.max(axis=1)], axis=1)

    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    model.fit(summary(data.x_train), data.y_train)
    return float(f1_score(data.y_test, model.predict(summary(data.x_test)), average="macro"))
