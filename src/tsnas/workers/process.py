"""Surroundings of a call in a worker process, here or on another machine: one thread, and nothing left behind."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import sys
from collections.abc import Callable, Hashable, Iterator
from typing import Any, TypeVar

import threadpoolctl

from tsnas.errors import WorkerError
from tsnas.workers.start import THREADS

# Known by its name alone, as it needs those who need workers.
PRELOADED = "tsnas.job.preload"

T = TypeVar("T")

# What the last call of this worker process has made, how often it was asked for, and how many calls run here now.
_kept: dict[Hashable, Any] = {}
_uses = 0
_calls = 0


def has_one_thread() -> bool:
    """Returns whether TensorFlow computes each operation of this process with one thread.

    The sums of a training depend on the number of threads in their last bits, and so do the weights.
    """
    # What was set before TensorFlow is imported can only be the variable.
    tf = sys.modules.get("tensorflow")
    chosen = 0 if tf is None else tf.config.threading.get_intra_op_parallelism_threads()
    return chosen == 1 or (not chosen and os.environ.get(THREADS) == "1")


def use_one_thread() -> None:
    """Makes TensorFlow compute with one thread in this process.

    Raises:
        WorkerError: it computes with several already.
    """
    if has_one_thread():
        return
    import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
    except RuntimeError:
        raise WorkerError(
            f"A worker process has used TensorFlow with several threads; start workers with {THREADS}=1."
        ) from None


def preload() -> None:
    """Imports all that workers need."""
    importlib.import_module(PRELOADED)


def run_call(call: Callable[[], T]) -> T:
    """Runs a call in a worker process, and returns what it returns."""
    global _calls
    use_one_thread()
    _calls += 1
    uses = _uses
    try:
        with threadpoolctl.threadpool_limits(1):
            return call()
    finally:
        _calls -= 1
        if _uses == uses:
            # It is kept from call to call, not for a call that may never come.
            _kept.clear()
        if "tf_keras" in sys.modules:
            # Keras keeps the names and graphs of what was built; nothing else lives in a worker.
            sys.modules["tf_keras"].backend.clear_session()
        gc.collect()


@contextlib.contextmanager
def kept(key: Hashable, make: Callable[[], T]) -> Iterator[T]:
    """Context with what the last call in this worker process has made for the same key, or with a new one.

    Outside of `run_call` it is always new, and nothing stays.

    Args:
        key: hashable, which says all that what is made depends on.
        make: function without arguments that makes it.

    Yields:
        What `make` returns; no other call has it meanwhile.

    Example:
        >>> with kept((architecture, seed), lambda: FloatTraining(architecture.build(seed=seed))) as training:
        ...     training.run(x, y, epochs=10, seed=0)
    """
    global _uses
    _uses += 1
    found = _kept.pop(key, None) if _calls else None
    if found is None:
        found = make()
    yield found
    if _calls:
        _kept.clear()
        _kept[key] = found


def run_placed(place: int, call: Callable[[], T]) -> tuple[int, T]:
    """Runs a call as `run_call` does; returns its place among others, and what it returns."""
    return place, run_call(call)


def run_counted(call: Callable[[], T]) -> tuple[int, T]:
    """Runs a call as `run_call` does; returns the ID of this process, and what it returns."""
    return os.getpid(), run_call(call)
