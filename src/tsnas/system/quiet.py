"""Keeps messages of C++ libraries off the terminal: those of TensorFlow at its start, and any others."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import BinaryIO, TextIO

from tsnas.system.absent import absent
from tsnas.system.garbage import uncollected

SILENT = "3"


def import_tensorflow() -> None:
    """Imports TensorFlow and suppresses its start-up log, unless TF_CPP_MIN_LOG_LEVEL asks for more than silence.

    Example:
        >>> import_tensorflow()
        >>> import tensorflow as tf
    """
    # A process that was started by a silent one finds its level.
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", SILENT) != SILENT:
        _import()
        return
    # The level does not affect messages that are logged before TensorFlow sets up its log, so stderr itself is
    # redirected; if the import fails, the log is printed after all.
    text = b""
    try:
        with redirected(sys.stderr, 2) as log:
            try:
                _import()
            finally:
                log.seek(0)
                text = log.read()
    except BaseException:
        os.write(2, text)
        raise


def _import() -> None:
    # TensorFlow loads Keras 3, which nothing here uses, with Matplotlib and more: half a second of its three.
    with uncollected(), absent("keras"):
        importlib.import_module("tensorflow")


@contextlib.contextmanager
def redirected(stream: TextIO, descriptor: int) -> Iterator[BinaryIO]:
    """Redirects a file descriptor to a temporary file, which Python's own redirection cannot do for C++ libraries.

    Args:
        stream: Python's stream on it, such as `sys.stdout`.
        descriptor: int, 1 or 2.

    Yields:
        The temporary file.

    Example:
        >>> with redirected(sys.stdout, 1) as log:
        ...     os.system("echo hello")
    """
    stream.flush()
    saved = os.dup(descriptor)
    try:
        with tempfile.TemporaryFile() as log:
            os.dup2(log.fileno(), descriptor)
            try:
                yield log
            finally:
                os.dup2(saved, descriptor)
    finally:
        os.close(saved)


@contextlib.contextmanager
def captured_output() -> Iterator[Callable[[], str]]:
    """Keeps what a library prints to stdout, whatever it is written in.

    Yields:
        A function that returns the text, to be called after the block.

    Example:
        >>> with captured_output() as said:
        ...     os.system("echo hello")
        >>> said()
        'hello\\n'
    """
    text = ""
    with redirected(sys.stdout, 1) as log:
        try:
            yield lambda: text
        finally:
            log.seek(0)
            text = log.read().decode(errors="replace")
