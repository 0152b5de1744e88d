"""Ends the program soon after Ctrl-C, whatever a library is doing, and at once after a second one."""

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

EXIT_INTERRUPTED = 130
INTERRUPTED = "\ntsnas: interrupted\n"
# A step, a trace or a conversion in C++ cannot be interrupted; all but the largest end within this time.
GRACE_S = 1.5

# What is to be said before an end, and who says it: the main thread, or the one that waits for it.
_farewells: list[Callable[[], str]] = []
_saying = threading.Lock()


@contextlib.contextmanager
def farewell(text: Callable[[], str]) -> Iterator[None]:
    """Says something on stderr if the block ends early, by an error or by Ctrl-C.

    Args:
        text: function that returns what to say, with its line end, or nothing; called at the end.

    Example:
        >>> with farewell(lambda: "Finished phases are kept.\\n"):
        ...     classifier.fit(x, y)
    """
    _farewells.append(text)
    try:
        yield
    except BaseException as error:
        if not isinstance(error, DirectoryInUseError):  # What is kept there belongs to another run.
            sys.stderr.write(_last_words())
        raise
    finally:
        _farewells.clear()


@contextlib.contextmanager
def watched() -> Iterator[None]:
    """Waits for Ctrl-C in a thread: a second one, or no end within `GRACE_S` of the first, ends the process.

    Nothing is lost by that: files are written whole or not at all.
    """
    # Python's own handler has to wait for C++ to return; this byte is written at once.
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    # Whatever else is done with stderr meanwhile, such as keeping a library's log from it.
    stderr = os.dup(2)
    before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_wait, args=(reader, stderr), daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        writer.close()


def leave() -> None:
    """Says that it was interrupted, and ends the process without the seconds that TensorFlow takes to be torn down."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    _end(os.dup(2))


def _end(stderr: int) -> None:
    with contextlib.suppress(OSError):
        # What is still to be printed, such as the end of a bar that is freed, would come after the last words.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.write(stderr, (_last_words() + INTERRUPTED).encode())
    os._exit(EXIT_INTERRUPTED)


def _wait(reader: socket.socket, stderr: int) -> None:
    presses, deadline = 0, None
    while presses < 2:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        if not select.select([reader], [], [], left)[0]:
            break
        received = reader.recv(64)
        if not received:  # The block has ended.
            return
        presses += received.count(signal.SIGINT)
        if presses and deadline is None:
            deadline = time.monotonic() + GRACE_S
    _end(stderr)


def _last_words() -> str:
    with _saying:
        return "".join(_farewells.pop()() for _ in range(len(_farewells)))
