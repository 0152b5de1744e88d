"""Fork of this process as a server of others, where nothing runs in it that a fork would break."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import warnings
from collections.abc import Sequence
from multiprocessing import util

import threadpoolctl

from tsnas.system.forks import has_computed
from tsnas.system.interrupts import WAITING_THREAD
from tsnas.system.quiet import flush

# Linux lists here what a process has.
THREADS_FOLDER, DESCRIPTORS_FOLDER = "/proc/self/task", "/proc/self/fd"

# Without a patch; the one below stands in for it.
_spawn = util.spawnv_passfds


def may_branch() -> bool:
    """Returns whether a fork of this process can do all that it can.

    TensorFlow must be imported, but not have computed yet, and there must be no threads but those of libraries of
    linear algebra, which are prepared for a fork, and the one that waits for signals.
    """
    waiting = sum(thread.name == WAITING_THREAD for thread in threading.enumerate())
    if "tensorflow" not in sys.modules or threading.active_count() > 1 + waiting or has_computed():
        return False
    idle = sum(pool["num_threads"] - 1 for pool in threadpoolctl.threadpool_info())
    return len(os.listdir(THREADS_FOLDER)) <= 1 + waiting + idle


def branch(executable: str, args: Sequence[str], descriptors: Sequence[int]) -> int:
    """Starts a server of `multiprocessing` as a fork of this process, which has all that it needs in memory.

    Args:
        executable: str, path of Python.
        args: sequence of str, its arguments; the last one is the program of the server.
        descriptors: sequence of int, file descriptors that it keeps, beside the standard ones.

    Returns:
        int, ID of the process.
    """
    flush(sys.stdout)
    flush(sys.stderr)
    try:
        with warnings.catch_warnings():
            # Python warns of any threads.
            warnings.simplefilter("ignore")
            pid = os.fork()
    except OSError:
        # There is not the memory for a second one.
        return _spawn(executable, args, descriptors)  # type: ignore[arg-type]
    if not pid:
        _serve(args[-1], descriptors)
    return pid


def _serve(program: str, descriptors: Sequence[int]) -> None:
    """Runs the program of a server in a fork, and ends it."""
    code = 1
    try:
        # A look for garbage among what is here would write to, and so copy, the memory that both processes share.
        gc.freeze()
        # As after a start of Python: what is ignored stays so, and the caller's own handlers are gone.
        for number, default in ((signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, default)
        # An open file, a lock or a port would else stay so when the other process has closed it. What still has the
        # number, such as a stream that stands for stdout, may not write to what would get the number next.
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in {*map(int, os.listdir(DESCRIPTORS_FOLDER))} - {0, 1, 2, nothing, *descriptors}:
            os.dup2(nothing, descriptor)
        exec(program, {})
    except SystemExit:
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)
