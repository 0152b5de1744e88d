"""Times the start and the later steps of a training: as shipped, and without each of two choices that make it quick.

    python -m benchmarks.training_step

**Loop**: sixteen steps are one call of a graph, where `keras.Model.fit` makes a call for each step, and reads batches
from a `tf.data.Dataset`. **Rows**: batch normalisation in wide rows instead of the fused operation. The networks
are the largest that was made by hand, on windows of nine sensors, and one of 36 ms for a single channel. Kinds take
turns, and what is counted is the time of the CPU, which other work on the machine hardly changes; the figures are
medians over the turns.
"""

from __future__ import annotations

import contextlib
import time
import unittest.mock
from collections.abc import Sequence

import numpy as np
import tabulate
import tensorflow as tf
import tf_keras as keras
from absl import app, flags

from benchmarks.nets import nets
from benchmarks.record import provenance, write_json
from benchmarks.series_nets import BASE, network
from tsnas.cost.board import load_board
from tsnas.space.architecture import Architecture
from tsnas.training import train
from tsnas.training.augment import scale_and_noise
from tsnas.training.loop import for_training

TURNS = flags.DEFINE_integer("turns", 9, "Trainings of each kind.", lower_bound=2)
STEPS = flags.DEFINE_integer("steps", 64, "Later steps of each training.", lower_bound=16)
OUT = flags.DEFINE_string("out", "benchmarks/results/training_step.json", "Where to write the results as JSON.")

START_STEPS, CLASSES = 16, 6
KINDS = ("as shipped", "keras fit", "fused normalisation")


def networks() -> dict[str, tuple[Architecture, int]]:
    """A network and its batch size for windows of nine sensors and of one channel."""
    one = network(BASE, 150, CLASSES, load_board("nucleo_f446re"), 36.0)
    nine = Architecture(128, 9, CLASSES, list(nets(9).values())[-1])
    return {"nine sensors": (nine, 64), "one channel": (one, 16)}


def train_by_fit(model: keras.Model, x: np.ndarray, y: np.ndarray, batch_size: int) -> None:
    """Trains by `keras.Model.fit` what `train_float` would."""
    order = tf.data.Dataset.from_tensor_slices(tf.range(len(x))).shuffle(len(x), seed=0).batch(batch_size)
    windows, labels = tf.constant(x), tf.one_hot(y, CLASSES)

    def drawn(step: tf.Tensor, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        rows = tf.ensure_shape(rows, (batch_size,))
        return scale_and_noise(tf.gather(windows, rows), [0, tf.cast(step, tf.int32)]), tf.gather(labels, rows)

    trained = for_training(model)
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
    trained.compile(keras.optimizers.legacy.Adam(3e-3), loss, [keras.metrics.CategoricalAccuracy("accuracy")])
    trained.fit(tf.data.Dataset.zip((tf.data.Dataset.counter(), order)).map(drawn).prefetch(4), verbose=0)


def seconds_of(kind: str, architecture: Architecture, batch_size: int, steps: int) -> float:
    """CPU time of one training, in seconds."""
    rng = np.random.default_rng(0)
    shape = (steps * batch_size, architecture.time, architecture.channels, 1)
    x, y = rng.normal(size=shape).astype(np.float32), rng.integers(0, CLASSES, steps * batch_size)
    started = time.process_time()
    model = architecture.build(0.0, seed=0)
    with contextlib.ExitStack() as context:
        if kind == "fused normalisation":
            context.enter_context(unittest.mock.patch.object(train, "for_training", lambda model: model))
        if kind == "keras fit":
            train_by_fit(model, x, y, batch_size)
        else:
            train.train_float(model, x, y, epochs=1, batch_size=batch_size, seed=0)
    seconds = time.process_time() - started
    keras.backend.clear_session()
    return seconds


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    results = []
    for name, (architecture, batch_size) in networks().items():
        seconds_of(KINDS[0], architecture, batch_size, START_STEPS)  # What TensorFlow does once in a process.
        lengths = (START_STEPS, START_STEPS + STEPS.value)
        timed = np.array(
            [
                [[seconds_of(kind, architecture, batch_size, steps) for steps in lengths] for kind in KINDS]
                for _ in range(TURNS.value)
            ]
        )
        for kind, (start, whole) in zip(KINDS, np.median(timed, axis=0), strict=True):
            step_ms = round(float(whole - start) / STEPS.value * 1e3, 2)
            results.append({"network": name, "kind": kind, "start_s": round(float(start), 2), "later_step_ms": step_ms})
    headers = ("network", "kind", f"first {START_STEPS} steps s", "later step ms")
    print(tabulate.tabulate([tuple(row.values()) for row in results], headers))
    record = provenance("benchmarks.training_step", ("tsnas", "tensorflow", "tf_keras"))
    write_json(OUT.value, record | {"turns": TURNS.value, "steps": STEPS.value, "results": results})
    print(f"\nWritten: {OUT.value}")


if __name__ == "__main__":
    app.run(main)
