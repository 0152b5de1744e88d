"""Keeps messages of C++ libraries off the terminal: those of TensorFlow at its start, and any others."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator

SILENT = "3"


def import_tensorflow() -> None:
    """Imports TensorFlow and suppresses its start-up log, unless TF_CPP_MIN_LOG_LEVEL asks for more than silence.

    Example:
        >>> import_tensorflow()
        >>> import tensorflow as tf
    """
    # A process that was started by a silent one finds its level.
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", SILENT) != SILENT:
        importlib.import_module("tensorflow")
        return
    # The level does not affect messages that are logged before TensorFlow sets up its log, so stderr itself is
    # redirected; if the import fails, the log is printed after all.
    sys.stderr.flush()
    stderr = os.dup(2)
    try:
        with tempfile.TemporaryFile() as log:
            os.dup2(log.fileno(), 2)
            try:
                importlib.import_module("tensorflow")
            except BaseException:
                log.seek(0)
                os.write(stderr, log.read())
                raise
            finally:
                os.dup2(stderr, 2)
    finally:
        os.close(stderr)


@contextlib.contextmanager
def captured_output() -> Iterator[Callable[[], str]]:
    """Keeps what a library prints to stdout, which Python's own redirection cannot if the library is in C++.

    Yields:
        A function that returns the text, to be called after the block.

    Example:
        >>> with captured_output() as said:
        ...     os.system("echo hello")
        >>> said()
        'hello\\n'
    """
    text = ""
    sys.stdout.flush()
    stdout = os.dup(1)
    try:
        with tempfile.TemporaryFile() as log:
            os.dup2(log.fileno(), 1)
            try:
                yield lambda: text
            finally:
                os.dup2(stdout, 1)
                log.seek(0)
                text = log.read().decode(errors="replace")
    finally:
        os.close(stdout)
