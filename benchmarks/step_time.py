"""Times one step of the search: the supernet in full against sampled paths, side by side.

    python -m benchmarks.step_time --time=128 --sensors=9 --classes=6

Each step is one batch of 64 for the decisions and one for the weights. The two kinds take turns, step by step, so that
a noisy machine slows both; the figures are medians over the steps, without the first, which builds the graph.
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
from tsnas.search.objective import HardwareLoss
from tsnas.space.config import SPACES
from tsnas.space.supernet import Supernet, build_cells

TIME = flags.DEFINE_integer("time", 128, "Samples of a window.", lower_bound=8)
SENSORS = flags.DEFINE_integer("sensors", 9, "Channels of a window.", lower_bound=1)
CLASSES = flags.DEFINE_integer("classes", 6, "Number of classes.", lower_bound=2)
STEPS = flags.DEFINE_integer("steps", 60, "Steps that are timed.", lower_bound=2)
OUT = flags.DEFINE_string("out", "benchmarks/results/step_time.json", "Where to write the results as JSON.")

BATCH_SIZE = 64
LIMITS = Limits(max_latency_ms=30, max_ram_kb=64)


def new_step(space: str, pseudo_prob: str) -> Callable[[], Any]:
    """A compiled step of a fresh supernet on one random batch."""
    board = load_board("nucleo_f446re")
    cells = build_cells(board, TIME.value, SENSORS.value, CLASSES.value, SPACES[space])
    supernet = Supernet(cells, board, pseudo_prob=pseudo_prob)
    supernet.compile(keras.optimizers.legacy.Adam(3e-3), hardware_loss=HardwareLoss(LIMITS))
    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(size=(BATCH_SIZE, TIME.value, SENSORS.value, 1)), tf.float32)
    y = tf.constant(rng.integers(0, CLASSES.value, BATCH_SIZE), tf.int32)

    @tf.function
    @tf.autograph.experimental.do_not_convert
    def step() -> Any:
        return supernet.train_step(((x, y), (x, y)))

    return step


def seconds_of(step: Callable[[], Any]) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    results = []
    for space in SPACES:
        kinds = ("gumbel", "sampled")
        steps = [new_step(space, kind) for kind in kinds]
        first = [seconds_of(step) for step in steps]
        timed = np.array([[seconds_of(step) for step in steps] for _ in range(STEPS.value)])
        medians = np.median(timed, axis=0)
        for kind, first_s, median_s in zip(kinds, first, medians.tolist(), strict=True):
            result = {"space": space, "decisions": kind, "first_step_s": round(first_s, 2)}
            results.append(
                result | {"median_step_s": round(median_s, 4), "times_faster": round(medians[0] / median_s, 2)}
            )
    lines = [tuple(result.values()) for result in results]
    print(tabulate.tabulate(lines, ("space", "decisions", "first step s", "median step s", "times faster")))
    record = provenance("benchmarks.step_time", ("tsnas", "tensorflow", "tf_keras"))
    shape = {"time": TIME.value, "sensors": SENSORS.value, "classes": CLASSES.value, "batch_size": BATCH_SIZE}
    write_json(OUT.value, record | shape | {"steps": STEPS.value, "results": results})
    print(f"\nWritten: {OUT.value}")


if __name__ == "__main__":
    app.run(main)
