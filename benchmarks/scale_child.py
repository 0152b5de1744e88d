"""One job of `benchmarks.scale`: FILE WINDOWS STEPS N_JOBS, with labels and groups by the place of a window.

The last line of stdout is the outcome as JSON.
"""

import functools
import inspect
import json
import resource
import sys
import time

import numpy as np
import tf_keras as keras

import tsnas
from tsnas.training.loop import TrainingLoop
from tsnas.workers.pool import Workers

CLASSES, GROUPS = 6, 40
SPACE = tsnas.SpaceConfig(time_reduce_filters=8, fusion_filters=16, kernel_sizes=(3, 5), extra_fusion_cells=0)


class EndAfter(keras.callbacks.Callback):
    """Ends a training after a number of steps."""

    # It reads no logs at a step, and without this Keras would fetch them for it.
    _supports_tf_logs = True

    def __init__(self, steps: int):
        super().__init__()
        self._steps = steps

    def on_train_batch_end(self, batch, logs=None):
        if batch + 1 >= self._steps:
            self.model.stop_training = True


def bound_trainings(steps: int) -> None:
    """Makes each training of this process take so many steps at most, rounded up to those of a call."""
    run = TrainingLoop.run

    def bounded(self, *given, **named):
        arguments = inspect.signature(run).bind(self, *given, **named)
        arguments.arguments["callbacks"] = (*arguments.arguments.get("callbacks", ()), EndAfter(steps))
        return run(*arguments.args, **arguments.kwargs)

    TrainingLoop.run = bounded


def main(file: str, windows: str, steps: str, n_jobs: str) -> None:
    bound_trainings(int(steps))
    if n_jobs != "None":
        # The single process is kept for the job.
        with Workers(int(n_jobs)) as workers:
            workers.run([functools.partial(bound_trainings, int(steps))])
    x = np.load(file, mmap_mode="r")[: int(windows)]
    places = np.arange(len(x))
    clf = tsnas.AutoClassifier(
        "nucleo_f446re",
        max_latency_ms=10,
        max_ram_kb=32,
        epochs=1,
        qat_epochs=1,
        finalists=2,
        space=SPACE,
        seed=0,
        n_jobs=None if n_jobs == "None" else int(n_jobs),
        verbose=2,
    )
    before_bytes = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall_s, cpu_s = time.monotonic(), time.process_time()
    clf.fit(x, places % CLASSES, groups=places // 8 % GROUPS)
    found = {"wall_s": time.monotonic() - wall_s, "cpu_s": time.process_time() - cpu_s}
    found |= {"imports_bytes": before_bytes, "peak_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}
    print(json.dumps(found | {"latency_ms": clf.latency_ms_}))


if __name__ == "__main__":
    main(*sys.argv[1:])
