"""Makes sure that Ctrl-C ends a job: libraries lose some KeyboardInterrupts, or turn them into other errors.

One that reaches Python while it runs a destructor, or a function that C++ has called, is forgotten, with a stack trace.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

import tf_keras as keras

_came = False


@contextlib.contextmanager
def heeded() -> Iterator[None]:
    """Remembers Ctrl-C in a block, so that `check` finds one that was lost; the block ends with KeyboardInterrupt.

    Where a library loses it, Python prints no stack trace of it. Outside the main thread, and where the caller has a
    handler of SIGINT of his own, nothing is changed.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed, whatever became of it in the block.

    Example:
        >>> with heeded():
        ...     for step in range(steps):
        ...         check()
    """
    global _came
    own = threading.current_thread() is threading.main_thread()
    if not own or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    _came = False
    print_ignored = sys.unraisablehook

    def told(ignored: Any) -> None:
        """Of a Ctrl-C that is remembered there is nothing to say, nor of the error that C++ makes of it."""
        error = ignored.exc_value
        if not (_came and any(isinstance(one, KeyboardInterrupt) for one in (error, error.__cause__))):
            print_ignored(ignored)

    sys.unraisablehook = told
    signal.signal(signal.SIGINT, _note)
    try:
        yield
        check()
    except Exception as error:
        if _came:
            raise KeyboardInterrupt from error
        raise
    finally:
        _came = False
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.unraisablehook = print_ignored


def check() -> None:
    """Raises KeyboardInterrupt if Ctrl-C was pressed in a block of `heeded` that still runs."""
    if _came and threading.current_thread() is threading.main_thread():
        raise KeyboardInterrupt


class Check(keras.callbacks.Callback):
    """Checks for a lost Ctrl-C before each step of a training."""

    # It reads no logs; those of each step would be fetched for it otherwise.
    _supports_tf_logs = True

    def on_train_batch_begin(self, batch, logs=None):
        check()


def _note(number: int, frame: FrameType | None) -> None:
    global _came
    _came = True
    signal.default_int_handler(number, frame)
