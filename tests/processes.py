"""Processes of tests, forked from one that has imported TensorFlow: to import it takes longer than what most are for.

What they run is a function of a test file or of a module beside it, called by its name in a process of its own.
"""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import multiprocessing.forkserver
import os
import pathlib
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable
from unittest import mock

import psutil

# Keeps a test from hanging for ever; none waits for so long unless it has failed.
PATIENCE_S = 900

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tsnas.pareto.pareto_search", "tsnas.outer.signal_search", "tsnas.commands.main"])

# Waited for, as any process is, so that the time it took counts as that of the tests.
atexit.register(multiprocessing.forkserver._forkserver._stop)


def are_running(pids: Iterable[int]) -> bool:
    """Returns whether any of some processes has not ended yet; it may end while one looks at it."""
    found = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            found.append(psutil.Process(pid).status())
    return any(status != psutil.STATUS_ZOMBIE for status in found)


class Process:
    """A process that calls a function.

    Args:
        function: of a module, which the process imports by its name.
        *arguments: what it is called with.
        **environment: variables of the environment beside those of this process.

    Attributes:
        pid: int.
    """

    def __init__(self, function: Callable[..., object], *arguments: object, **environment: str):
        handle, path = tempfile.mkstemp(prefix="said-")
        os.close(handle)
        self._said = pathlib.Path(path)
        self._process = _FORKS.Process(target=_call, args=(path, environment, function, arguments))
        with mock.patch.dict(os.environ, {"TF_CPP_MIN_LOG_LEVEL": "3"}):
            self._process.start()
        self.pid = self._process.pid

    @property
    def said(self) -> str:
        """What it has written to stderr so far."""
        return self._said.read_text(errors="replace") if self._said.exists() else ""

    def end(self) -> int:
        """Waits for its end, and returns its exit code: that of a signal is negative."""
        self._process.join(PATIENCE_S)
        assert not self._process.is_alive(), self.said
        return self._process.exitcode

    def kill(self) -> None:
        """Ends it at once, and leaves nothing of it behind."""
        self._process.kill()
        self._process.join()
        self._said.unlink(missing_ok=True)


def _call(said: str, environment: dict[str, str], function: Callable[..., object], arguments: tuple) -> None:
    descriptor = os.open(said, os.O_WRONLY | os.O_APPEND)
    os.dup2(descriptor, 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    # Whoever runs the tests in the background may ignore Ctrl-C, and processes inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.update(environment)
    function(*arguments)
    sys.stderr.flush()
