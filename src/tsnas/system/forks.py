"""Tells whether TensorFlow can compute in a process that was forked from another one."""

from __future__ import annotations

import os
import sys

from tsnas.errors import WorkerError

_forked_too_late = False


def has_computed() -> bool:
    """Returns whether TensorFlow has computed anything in this process, after which its threads are there."""
    tf = sys.modules.get("tensorflow")
    if not hasattr(tf, "config"):  # It is not imported, or only half.
        return False
    threads = tf.config.threading.get_inter_op_parallelism_threads()  # type: ignore[union-attr]
    try:
        # Only another value is refused.
        tf.config.threading.set_inter_op_parallelism_threads(threads + 1)  # type: ignore[union-attr]
        tf.config.threading.set_inter_op_parallelism_threads(threads)  # type: ignore[union-attr]
    except RuntimeError:
        return True
    return False


def can_compute() -> bool:
    """Returns whether TensorFlow can compute here; in a fork of a process in which it has, it would wait for ever."""
    return not _forked_too_late


def check_can_compute() -> None:
    """Checks that TensorFlow can compute in this process.

    Raises:
        WorkerError: this process was forked from one in which TensorFlow had computed.
    """
    if not can_compute():
        raise WorkerError(
            "TensorFlow cannot compute in this process, for it was forked from one in which TensorFlow had computed, "
            "and a fork has none of its threads. Start processes in another way, such as those of "
            "multiprocessing.get_context('spawn'), or before the first fit."
        )


def _look() -> None:
    global _forked_too_late
    _forked_too_late = has_computed()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_look)
