"""Loads TensorFlow without the messages that its C++ libraries log at start-up."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile


def import_tensorflow() -> None:
    """Imports TensorFlow and suppresses its start-up log, unless TF_CPP_MIN_LOG_LEVEL is set.

    Example:
        >>> import_tensorflow()
        >>> import tensorflow as tf
    """
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        importlib.import_module("tensorflow")
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
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
