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
        # There may be no such file.
        with contextlib.suppress(OSError):
            os.write(2, text)
        raise


def _import() -> None:
    # TensorFlow loads Keras 3, which nothing here uses, with Matplotlib and more: half a second of its three.
    with uncollected(), absent("keras"):
        importlib.import_module("tensorflow")


def open_standard_files() -> None:
    """Opens the standard files that this process was started without: another file would get the number of one."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            # It gets the lowest number that is free.
            os.open(os.devnull, os.O_RDWR)


def open_standard_streams() -> None:
    """Opens those of stdout and stderr that Python has left out, since libraries write to them without a look."""
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115


@contextlib.contextmanager
def redirected(stream: TextIO | None, descriptor: int) -> Iterator[BinaryIO]:
    """Redirects a file descriptor to a temporary file, which Python's own redirection cannot do for C++ libraries.

    Where it is closed, as in a process that was started without one, nothing is redirected.

    Args:
        stream: Python's stream on it, such as `sys.stdout`, which may be closed, or None.
        descriptor: int, 1 or 2.

    Yields:
        The temporary file.

    Example:
        >>> with redirected(sys.stdout, 1) as log:
        ...     os.system("echo hello")
    """
    flush(stream)
    try:
        saved = os.dup(descriptor)
    except OSError:
        with tempfile.TemporaryFile() as log:
            yield log
        return
    try:
        with tempfile.TemporaryFile() as log:
            os.dup2(log.fileno(), descriptor)
            try:
                yield log
            finally:
                os.dup2(saved, descriptor)
    finally:
        os.close(saved)


def flush(stream: TextIO | None) -> None:
    """Flushes a stream, unless it is closed or, in a process that was started without one, None."""
    with contextlib.suppress(AttributeError, ValueError):
        stream.flush()  # type: ignore[union-attr]


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
