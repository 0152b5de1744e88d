"""Makes sure that Ctrl-C ends a job, even where a library loses the KeyboardInterrupt or turns it into another error.

Python ignores an interrupt that arrives within a destructor or a callback from C++, and only prints its stack trace.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

# Name of a thread that waits for signals, does nothing else, and holds nothing that others wait for.
WAITING_THREAD = "tsnas waits for signals"

_interrupted = False


@contextlib.contextmanager
def deferred_interrupt() -> Iterator[None]:
    """Remembers a Ctrl-C that a library loses within a block, so that the block still ends with KeyboardInterrupt.

    `raise_if_interrupted` ends it earlier. Where a library loses the interrupt, Python prints no stack trace of it.
    Outside the main thread, and where the caller has a SIGINT handler of their own, nothing is changed.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed, whatever became of it in the block.

    Example:
        >>> with deferred_interrupt():
        ...     for step in range(steps):
        ...         raise_if_interrupted()
    """
    global _interrupted
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    _interrupted = False
    print_ignored = sys.unraisablehook

    def print_others(ignored: Any) -> None:
        """Prints an ignored error, unless it is the remembered Ctrl-C or what C++ made of it."""
        error = ignored.exc_value
        if not (_interrupted and any(isinstance(one, KeyboardInterrupt) for one in (error, error.__cause__))):
            print_ignored(ignored)

    sys.unraisablehook = print_others
    signal.signal(signal.SIGINT, _remember)
    try:
        yield
        raise_if_interrupted()
    except Exception as error:
        if _interrupted:
            raise KeyboardInterrupt from error
        raise
    finally:
        _interrupted = False
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.unraisablehook = print_ignored


def raise_if_interrupted() -> None:
    """Raises KeyboardInterrupt if Ctrl-C was pressed since the present block of `deferred_interrupt` began."""
    if _interrupted and threading.current_thread() is threading.main_thread():
        raise KeyboardInterrupt


def _remember(number: int, frame: FrameType | None) -> None:
    global _interrupted
    _interrupted = True
    signal.default_int_handler(number, frame)
