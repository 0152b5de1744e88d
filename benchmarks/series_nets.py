"""Networks of the study of series, its variants and its table."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import tabulate
import tf_keras as keras

from tsnas.cost.board import Board
from tsnas.cost.estimate import estimate_graph
from tsnas.space.architecture import Architecture, TimeConv, TimeReduce
from tsnas.space.config import SpaceConfig
from tsnas.training.augment import scale_and_noise, stretch_and_shift, unchanged

STEPS = 1200

BASE: dict[str, Any] = {
    "first": 9,
    "minimum_time": 64,
    "taps": ((5, 2), (5, 4), (5, 8)),
    "augment": stretch_and_shift,
    "steps": STEPS,
    "most_filters": 64,
    "long_time": 500,  # samples, beyond which the first stride is 4
    "head": "mean",
    "until_solved": False,
}
CHANGES: dict[str, dict[str, Any]] = {
    "base": {},
    "no stretch": {"augment": scale_and_noise},
    "stretch where it does no harm": {"augment": None},
    "no augmentation": {"augment": unchanged},
    "no dilation": {"taps": ((5, 1), (5, 1), (5, 1))},
    "one more cell": {"taps": ((5, 1), (5, 2), (5, 4), (5, 8))},
    "one more cell, 128 filters": {"taps": ((5, 1), (5, 2), (5, 4), (5, 8)), "most_filters": 128},
    "one more cell, twice the time": {"taps": ((5, 1), (5, 2), (5, 4), (5, 8)), "minimum_time": 128},
    "kernels of 7": {"first": 15, "taps": ((7, 1), (7, 2), (7, 4))},
    "first stride of 4": {"long_time": 0},
    "half the time": {"minimum_time": 32},
    "three times the steps": {"steps": 3 * STEPS},
    "half the steps": {"steps": STEPS // 2},
    "a quarter of the steps": {"steps": STEPS // 4},
    "half the steps until solved": {"steps": STEPS // 2, "until_solved": True},
    "mean and maximum": {"head": "mean and maximum"},
    "mean and share above a half": {"head": "mean and share"},
    "means of four parts": {"head": "parts"},
}


def network(variant: dict[str, Any], time: int, classes: int, board: Board, max_latency_ms: float) -> Architecture:
    """The largest network of a variant within a latency; all its cells grow together, in steps of 8 filters."""
    first_stride = 4 if time > variant["long_time"] else 2
    strides = SpaceConfig(minimum_time=variant["minimum_time"], first_stride=first_stride).time_strides(time)

    def of_width(width: int) -> Architecture:
        reduce = [
            TimeReduce(variant["first"] if index == 0 else 7, _by_8(width * (0.75 if index else 0.5)), stride)
            for index, stride in enumerate(strides)
        ]
        convs = [TimeConv(_by_8(width), kernel, dilation) for kernel, dilation in variant["taps"]]
        return Architecture(time, 1, classes, (*reduce, *convs))

    tried = range(8, variant["most_filters"] + 1)
    widths = [width for width in tried if estimate_graph(of_width(width).graph(), board).latency_ms <= max_latency_ms]
    return of_width(max(widths, default=8))


def with_head(model: keras.Model, head: str, seed: int) -> keras.Model:
    """Returns a network whose classifier sees more than the mean of each filter over time, with fresh weights there.

    Args:
        model: network of `Architecture.build`.
        head: `"mean"` for the same network; `"mean and maximum"`; `"mean and share"` for a soft share of the samples
            that are above 0.5; `"parts"` for the means of four parts of the window.
        seed: int, seed of the weights.

    Returns:
        A `keras.Model`.
    """
    if head == "mean":
        return model
    features = model.get_layer("classes").input
    time, mean = features.shape[1], keras.layers.GlobalAveragePooling2D()
    if head == "parts":
        edges = np.linspace(0, time, 5).round().astype(int)
        seen = [mean(features[:, start : max(end, start + 1)]) for start, end in itertools.pairwise(edges)]
    elif head == "mean and maximum":
        seen = [mean(features), keras.layers.GlobalMaxPooling2D()(features)]
    else:
        seen = [mean(features), mean(keras.activations.hard_sigmoid(10 * (features - 0.5)))]
    dense = keras.layers.Dense(
        model.output_shape[-1], "softmax", kernel_initializer=keras.initializers.GlorotUniform(seed)
    )
    return keras.Model(model.input, dense(keras.layers.Concatenate()(seen)))


def _by_8(width: float) -> int:
    return max(8, round(width / 8) * 8)


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
