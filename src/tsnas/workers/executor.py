"""Executor of the worker processes: it starts them when there is a call, keeps them for later ones, and ends them."""

from __future__ import annotations

import concurrent.futures
import contextlib
import multiprocessing
import os
import re
import signal
import sys
import unittest.mock
import weakref
from collections.abc import Callable, Iterable
from multiprocessing import util
from typing import TYPE_CHECKING, Any

import loky
import psutil

from tsnas.errors import WorkerError
from tsnas.workers import folders, process
from tsnas.workers.start import ENVIRONMENT, start

if TYPE_CHECKING:
    from tsnas.workers.server import Context

# Idle processes wait this long for the next job; those that are not forked take seconds to start.
IDLE_S = 300
# Whether processes are forked from one that has imported TensorFlow. Libraries of macOS break in a forked process, and
# Windows cannot fork: there, each imports it for itself.
FORKS = sys.platform.startswith("linux")
# Processes that have grown by so much together, each since the end of its first job, are replaced after the job:
# TensorFlow keeps a part of all that it has traced and converted. Those that import TensorFlow again take seconds.
MOST_GROWTH_BYTES = 20e6 if FORKS else 50e6

# Memory of each process at the end of its first job.
_first_bytes: dict[int, int] = {}
# Those that have started processes for this one: one for each thread that has called `submit`.
_executors: weakref.WeakSet[Any] = weakref.WeakSet()
# What ends the processes with this one, where that is needed.
_ending: util.Finalize | None = None


def submit(call: Callable[[], Any], processes: int) -> concurrent.futures.Future[Any]:
    """Runs a call in one of so many processes; the result is the ID of the process and what the call returns."""
    # A process is born with the signals that are blocked here: Ctrl-C is for this one to deal with.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    with unittest.mock.patch.dict(os.environ, PYTHONWARNINGS="ignore"):
        try:
            executor = loky.get_reusable_executor(
                processes,
                context=context(),
                timeout=IDLE_S,
                initializer=start,
                initargs=(os.getpid(), folders.prefix()),
                env=ENVIRONMENT,
            )
            _executors.add(executor)
            _end_with_this_process()
            return executor.submit(process.run_counted, call)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def context() -> Context | None:
    """Returns the context that starts processes; None is loky's own."""
    if not FORKS:
        return None
    # Windows lacks what it imports.
    from tsnas.workers.server import CONTEXT

    return CONTEXT


def check_folder() -> None:
    """Checks that processes find the working folder of this one, as they begin in it.

    Raises:
        WorkerError: it has been removed.
    """
    try:
        os.getcwd()
    except FileNotFoundError:
        raise WorkerError(
            "The working folder of this program has been removed, and its worker processes cannot begin there; go to "
            "another one first, such as os.chdir(...)."
        ) from None


def end_processes(wait: bool = False) -> None:
    """Ends the processes, whatever they are doing.

    Args:
        wait: bool, whether to wait until they have ended. Defaults to False.
    """
    loky.get_reusable_executor(reuse=True).shutdown(wait=wait, kill_workers=True)


def end_if_grown(pids: Iterable[int]) -> None:
    """Ends the processes if those that have done a job, by their IDs, have grown too much."""
    sizes = _sizes_bytes(pids)
    if sum(size - _first_bytes.setdefault(pid, size) for pid, size in sizes.items()) > MOST_GROWTH_BYTES:
        end_processes()


def exit_codes(lost: concurrent.futures.Future[Any]) -> str:
    """Returns how processes have ended, in words, from a call that was lost with them."""
    found = re.search(r"exit codes of the workers are {(.*)}", str(lost.exception()))
    return f"exit code {found.group(1)}" if found else type(lost.exception()).__name__


def _end_with_this_process() -> None:
    """Makes sure that the processes end with this one.

    A process that `multiprocessing` has started leaves out what Python does at its end, such as to end them; it would
    wait until they have been idle for long.
    """
    global _ending
    is_child = multiprocessing.parent_process() is not None
    # A fork forgets what its parent wanted done at its end.
    if is_child and (_ending is None or not _ending.still_active()):
        _ending = util.Finalize(None, end_processes, kwargs={"wait": True}, exitpriority=0)


def _forget_processes() -> None:
    """Lets go of the processes of that which this one was forked from: nothing in here hears of them."""
    for executor in _executors:
        # loky makes another one then. To shut it down would write to files that may have become others here.
        executor._flags.shutdown = True
    _executors.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_processes)


def _sizes_bytes(pids: Iterable[int]) -> dict[int, int]:
    """Returns the memory that processes use; those that have ended are left out."""
    sizes = {}
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            sizes[pid] = psutil.Process(pid).memory_info().rss
    return sizes
