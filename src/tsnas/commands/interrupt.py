"""Ends the program soon after Ctrl-C, whatever a library is doing, and immediately after a second Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator

from tsnas.errors import DirectoryInUseError
from tsnas.system.interrupts import WAITING_THREAD

EXIT_INTERRUPTED = 130
INTERRUPTED = "\ntsnas: interrupted\n"
# A step, a trace or a conversion in C++ cannot be interrupted; all but the longest end within this time.
GRACE_S = 1.5

# The messages to print before the end; either the main thread prints them, or the one that waits for it to end.
_farewells: list[Callable[[], str]] = []
_printing = threading.Lock()


@contextlib.contextmanager
def farewell(text: Callable[[], str]) -> Iterator[None]:
    """Prints a message on stderr if the block ends early, through an error or Ctrl-C.

    Args:
        text: function that returns the message with its final newline, or an empty string; called at the end.

    Example:
        >>> with farewell(lambda: "Finished phases are kept.\\n"):
        ...     classifier.fit(x, y)
    """
    _farewells.append(text)
    try:
        yield
    except BaseException as error:
        if not isinstance(error, DirectoryInUseError):  # The work in that folder belongs to another run.
            sys.stderr.write(_collect_farewells())
        raise
    finally:
        _farewells.clear()


@contextlib.contextmanager
def watch_interrupts() -> Iterator[None]:
    """Waits for Ctrl-C in a thread, and ends the process after a second one, or `GRACE_S` after the first.

    This loses nothing: files are written completely or not at all.
    """
    # Python's own handler has to wait for C++ to return; this byte is written immediately.
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    # A duplicate, because stderr may be redirected in the meantime, such as to hide a library's log.
    stderr = os.dup(2)
    before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_wait_for_signals, args=(reader, stderr), name=WAITING_THREAD, daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        writer.close()


def leave() -> None:
    """Reports the interruption and ends the process, without the seconds that TensorFlow takes to shut down."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    _end(os.dup(2))


def _end(stderr: int) -> None:
    with contextlib.suppress(OSError):
        # Anything still to be printed, such as the end of a bar that is freed, would appear after the last message.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.write(stderr, (_collect_farewells() + INTERRUPTED).encode())
    os._exit(EXIT_INTERRUPTED)


def _wait_for_signals(reader: socket.socket, stderr: int) -> None:
    presses, deadline = 0, None
    while presses < 2:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        if not select.select([reader], [], [], left)[0]:
            break
        received = reader.recv(64)
        if not received:  # The watched block has ended.
            return
        presses += received.count(signal.SIGINT)
        if presses and deadline is None:
            deadline = time.monotonic() + GRACE_S
    _end(stderr)


def _collect_farewells() -> str:
    with _printing:
        return "".join(_farewells.pop()() for _ in range(len(_farewells)))
