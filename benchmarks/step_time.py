"""Times one step of the search: the supernet in full against single paths that fit, side by side.

    python -m benchmarks.step_time --time=128 --sensors=9 --classes=6

A step in full is one batch of 64 for the decisions and one for the weights, as in the paper; a step of the evolution
trains one path on a batch and judges one on another. The two kinds take turns, step by step, so that a noisy machine
slows both; the figures are medians over the steps, without the first, which builds the graph.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tabulate
import tensorflow as tf
import tf_keras as keras
from absl import app, flags

from benchmarks.record import provenance, write_json
from tsnas.cost.board import load_board
from tsnas.cost.limits import Limits
from tsnas.search.evolution import EvolutionConfig, PathTrainer
from tsnas.search.objective import HardwareLoss
from tsnas.search.paths import Paths, fitting
from tsnas.space.config import SPACES
from tsnas.space.supernet import Supernet, build_cells

TIME = flags.DEFINE_integer("time", 128, "Samples of a window.", lower_bound=8)
SENSORS = flags.DEFINE_integer("sensors", 9, "Channels of a window.", lower_bound=1)
CLASSES = flags.DEFINE_integer("classes", 6, "Number of classes.", lower_bound=2)
STEPS = flags.DEFINE_integer("steps", 60, "Steps that are timed.", lower_bound=2)
OUT = flags.DEFINE_string("out", "benchmarks/results/step_time.json", "Where to write the results as JSON.")

BATCH_SIZE = 64
LIMITS = Limits(max_latency_ms=30, max_ram_kb=64)


def searched(space: str) -> Paths:
    """The paths of the part of a space that is searched at these limits, through a fresh supernet."""
    board = load_board("nucleo_f446re")
    parts = []
    for part in SPACES[space]:
        cells = build_cells(board, TIME.value, SENSORS.value, CLASSES.value, part)
        parts.append(Paths(Supernet(cells, board), LIMITS, least_room=part.least_room))
    return fitting(parts)[0]


def full_step(space: str) -> Callable[[], Any]:
    """A compiled step of the whole supernet on one random batch."""
    supernet = searched(space).supernet
    supernet.compile(keras.optimizers.legacy.Adam(3e-3), hardware_loss=HardwareLoss(LIMITS))
    x, y = (tf.constant(array) for array in random_batch())

    @tf.function
    @tf.autograph.experimental.do_not_convert
    def step() -> Any:
        return supernet.train_step(((x, y), (x, y)))

    return step


def path_step(space: str) -> Callable[[], Any]:
    """A step of the evolution: another path that fits at each step, trained on one batch and judged on one."""
    paths = searched(space)
    rng = np.random.default_rng(0)
    batch = random_batch()
    trainer = PathTrainer(paths.supernet, batch, batch, EvolutionConfig(batch_size=BATCH_SIZE), rng)
    at = paths.walk(paths.start, 300, rng, drive=10.0)

    def step() -> None:
        nonlocal at
        at = paths.walk(at, 8, rng, drive=10.0)
        settings = paths.settings(at)
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
        kinds = ("in full", "one path")
        steps = [full_step(space), path_step(space)]
        first = [seconds_of(step) for step in steps]
        timed = np.array([[seconds_of(step) for step in steps] for _ in range(STEPS.value)])
        medians = np.median(timed, axis=0)
        for kind, first_s, median_s in zip(kinds, first, medians.tolist(), strict=True):
            result = {"space": space, "computes": kind, "first_step_s": round(first_s, 2)}
            results.append(
                result | {"median_step_s": round(median_s, 4), "times_faster": round(medians[0] / median_s, 2)}
            )
    lines = [tuple(result.values()) for result in results]
    print(tabulate.tabulate(lines, ("space", "computes", "first step s", "median step s", "times faster")))
    record = provenance("benchmarks.step_time", ("tsnas", "tensorflow", "tf_keras"))
    shape = {"time": TIME.value, "sensors": SENSORS.value, "classes": CLASSES.value, "batch_size": BATCH_SIZE}
    write_json(OUT.value, record | shape | {"steps": STEPS.value, "results": results})
    print(f"\nWritten: {OUT.value}")


if __name__ == "__main__":
    app.run(main)
