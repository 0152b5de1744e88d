"""Times the first and the later steps of a training: as shipped, and without each of two choices that make it quick.

    python -m benchmarks.training_step

**Rows**: batch normalisation in wide rows instead of TensorFlow's fused operation. **Optimizer**: Adam as one operation
for each weight, with its memory made before the first step, instead of Keras's newer class. The network is the largest
that was made by hand, the windows are noise of the shape of UCI-HAR. Kinds take turns, and what is counted is the time
of the CPU, which other work on the machine hardly changes; the figures are medians over the turns.
"""

from __future__ import annotations

import contextlib
import time
import unittest.mock
from collections.abc import Sequence

import numpy as np
import tabulate
import tf_keras as keras
from absl import app, flags

from benchmarks.nets import BATCH_SIZE, nets
from benchmarks.record import provenance, write_json
from tsnas.space.architecture import Architecture
from tsnas.training import train

TURNS = flags.DEFINE_integer("turns", 9, "Trainings of each kind.", lower_bound=2)
STEPS = flags.DEFINE_integer("steps", 60, "Steps of each training.", lower_bound=4)
OUT = flags.DEFINE_string("out", "benchmarks/results/training_step.json", "Where to write the results as JSON.")

TIME, SENSORS, CLASSES = 128, 9, 6
KINDS = ("as shipped", "fused normalisation", "newer optimizer")


class Clock(keras.callbacks.Callback):
    """The CPU time at which each step of a training ended."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[float] = []

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        self.ends.append(time.process_time())


def without(kind: str) -> contextlib.ExitStack:
    """A context in which networks are trained as a kind says."""
    context = contextlib.ExitStack()
    if kind == "fused normalisation":
        context.enter_context(unittest.mock.patch.object(train, "in_rows", lambda model: model))
    if kind == "newer optimizer":
        context.enter_context(unittest.mock.patch.object(keras.optimizers.legacy, "Adam", keras.optimizers.Adam))
        context.enter_context(unittest.mock.patch.object(train, "make_slots"))
    return context


def seconds_of(kind: str, steps: int) -> tuple[float, float]:
    """(up to the end of the second step, median of a later one), in seconds of CPU time, of one training."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(steps * BATCH_SIZE, TIME, SENSORS, 1)).astype(np.float32)
    y = rng.integers(0, CLASSES, len(x))
    model = Architecture(TIME, SENSORS, CLASSES, list(nets(SENSORS).values())[-1]).build(0.0, seed=0)
    clock = Clock()
    with without(kind):
        started = time.process_time()
        train.train_float(model, x, y, epochs=1, batch_size=BATCH_SIZE, seed=0, callbacks=[clock])
    keras.backend.clear_session()
    return clock.ends[1] - started, float(np.median(np.diff(clock.ends[2:])))


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    seconds_of(KINDS[0], 4)  # What TensorFlow does once in a process.
    timed = np.array([[seconds_of(kind, STEPS.value) for kind in KINDS] for _ in range(TURNS.value)])
    results = [
        {"kind": kind, "first_two_steps_s": round(float(first), 2), "later_step_ms": round(float(later) * 1e3, 1)}
        for kind, (first, later) in zip(KINDS, np.median(timed, axis=0), strict=True)
    ]
    print(tabulate.tabulate([tuple(row.values()) for row in results], ("kind", "first two steps s", "later step ms")))
    record = provenance("benchmarks.training_step", ("tsnas", "tensorflow", "tf_keras"))
    write_json(OUT.value, record | {"turns": TURNS.value, "steps": STEPS.value, "results": results})
    print(f"\nWritten: {OUT.value}")


if __name__ == "__main__":
    app.run(main)
