"""Seeds: fixes all sources of randomness within a block, and restores the caller's generators afterwards."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import numpy as np
import tensorflow as tf


@contextlib.contextmanager
def kept_random_state() -> Iterator[None]:
    """Restores NumPy's and Python's global generators at the end; Keras draws the seeds of weights from them."""
    python_state, numpy_state = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)


@contextlib.contextmanager
def fixed_seed(seed: int) -> Iterator[None]:
    """Makes the random draws in a block repeatable, such as the initial weights of a model.

    NumPy's and Python's global generators are seeded, and restored at the end. TensorFlow's cannot be read, so it stays
    seeded.

    Args:
        seed: int, at least 0.

    Example:
        >>> with fixed_seed(0):
        ...     model = architecture.build()
    """
    with kept_random_state():
        random.seed(seed)
        np.random.seed(seed % 2**32)
        tf.random.set_seed(seed)
        yield
