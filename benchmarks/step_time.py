"""Times one step of the search: the plain supernet, what is left of it, and single paths that fit, side by side.

    python -m benchmarks.step_time --time=128 --sensors=9 --classes=6

A step in full is one batch of 64 for the decisions and one for the weights, as in the paper. The plain supernet holds
all parts of its space and normalises as Keras does; then the part that is searched at these limits alone, with
normalisation in rows. A step of the evolution trains one path on a batch and judges it on another; paths are near those
of a population as it is drawn, then of one that uses the limits well, for the shares of a search that have either. All
kinds take turns, step by step, so that a noisy machine slows all; the figures are means over the steps without the
tenth at either end, and without the first, which builds the graph.
"""

from __future__ import annotations

import itertools
import os
import time
import unittest.mock
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.stats
import tabulate
import tensorflow as tf
import tf_keras as keras
from absl import app, flags

from benchmarks.record import provenance, write_json
from tsnas.cost.board import load_board
from tsnas.cost.limits import Limits
from tsnas.search.evolution import NEAR_STEPS, EvolutionConfig, PathTrainer
from tsnas.search.objective import HardwareLoss
from tsnas.search.parts import build_parts, fitting
from tsnas.search.paths import WELL_USED, Part, Paths
from tsnas.space.spaces import SPACES

TIME = flags.DEFINE_integer("time", 128, "Samples of a window.", lower_bound=8)
SENSORS = flags.DEFINE_integer("sensors", 9, "Channels of a window.", lower_bound=1)
CLASSES = flags.DEFINE_integer("classes", 6, "Number of classes.", lower_bound=2)
STEPS = flags.DEFINE_integer("steps", 60, "Steps that are timed.", lower_bound=2)
OUT = flags.DEFINE_string("out", "benchmarks/results/step_time.json", "Where to write the results as JSON.")

BATCH_SIZE = 64
BOARD = load_board("nucleo_f446re")
BOUNDS = Limits(max_latency_ms=30, max_ram_kb=64).on(BOARD)


def parts_of(space: str) -> list[Part]:
    """All parts of a space, each with a fresh supernet."""
    return build_parts(SPACES[space], (TIME.value, SENSORS.value), CLASSES.value, BOARD)


def full_step(parts: Sequence[Part]) -> Callable[[], Any]:
    """A compiled step of whole supernets on one random batch."""
    supernets = [part.supernet for part in parts]
    for supernet in supernets:
        supernet.compile(keras.optimizers.legacy.Adam(3e-3), hardware_loss=HardwareLoss(BOUNDS))
    x, y = (tf.constant(array) for array in random_batch())

    @tf.function
    @tf.autograph.experimental.do_not_convert
    def step() -> Any:
        return [supernet.train_step(((x, y), (x, y))) for supernet in supernets]

    return step


def plain_step(parts: Sequence[Part]) -> Callable[[], Any]:
    """The same, with the batch normalisation of TensorFlow."""

    def fused(inputs, scale, offset, epsilon):
        return tf.compat.v1.nn.fused_batch_norm(inputs, scale, offset, epsilon=epsilon)

    step = full_step(parts)
    plain = unittest.mock.patch("tsnas.space.layers.batch_norm", fused)

    def patched() -> Any:
        with plain:  # What counts is the first step, which builds the graph.
            return step()

    return patched


def path_step(paths: Paths) -> Callable[[], Any]:
    """A step of the evolution: another path that fits at each step, trained on one batch and judged on one."""
    rng = np.random.default_rng(0)
    batch = random_batch()
    config = EvolutionConfig(batch_size=BATCH_SIZE)
    trainer = PathTrainer(paths.supernet, batch, batch, config, rng)
    drawn = [paths.draw(rng) for _ in range(config.population)]
    selected = [path for path in (paths.draw_near(rng) for _ in drawn) if paths.use(path) >= WELL_USED]
    steps = itertools.count()

    def step() -> None:
        population = drawn if next(steps) % STEPS.value < config.warmup * STEPS.value else selected
        settings = paths.settings(paths.walk(population[rng.integers(len(population))], NEAR_STEPS, rng))
        trainer.step(settings)
        trainer.judge([settings])

    return step


def random_batch() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH_SIZE, TIME.value, SENSORS.value, 1)).astype(np.float32)
    return x, rng.integers(0, CLASSES.value, BATCH_SIZE).astype(np.int32)


def seconds_of(step: Callable[[], Any]) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    results = []
    for space in SPACES:
        kinds = ("plain, all of the space", "in full, the part that is searched", "one path")
        searched = [paths.part for paths in fitting(parts_of(space), BOUNDS)]
        path = path_step(fitting(parts_of(space), BOUNDS)[0])
        steps = [plain_step(parts_of(space)), full_step(searched), path]
        first = [seconds_of(step) for step in steps]
        timed = np.array([[seconds_of(step) for step in steps] for _ in range(STEPS.value)])
        means = scipy.stats.trim_mean(timed, 0.1, axis=0)
        for kind, first_s, mean_s in zip(kinds, first, means.tolist(), strict=True):
            result = {"space": space, "computes": kind, "first_step_s": round(first_s, 2)}
            results.append(result | {"mean_step_s": round(mean_s, 4), "times_faster": round(means[0] / mean_s, 2)})
    lines = [tuple(result.values()) for result in results]
    print(tabulate.tabulate(lines, ("space", "computes", "first step s", "mean step s", "times faster")))
    record = provenance("benchmarks.step_time", ("tsnas", "tensorflow", "tf_keras"))
    shape = {"time": TIME.value, "sensors": SENSORS.value, "classes": CLASSES.value, "batch_size": BATCH_SIZE}
    shape["onednn"] = os.environ["TF_ENABLE_ONEDNN_OPTS"] != "0"
    write_json(OUT.value, record | shape | {"steps": STEPS.value, "results": results})
    print(f"\nWritten: {OUT.value}")


if __name__ == "__main__":
    app.run(main)
