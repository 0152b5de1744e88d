"""Loads TensorFlow without the messages that its C++ libraries log at start-up."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile

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
