"""Fixes every source of randomness for the length of a block, and leaves the caller's own as it was."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import numpy as np
import tensorflow as tf


@contextlib.contextmanager
def kept_random_state() -> Iterator[None]:
    """Puts NumPy's and Python's global generators back at the end; Keras draws the seeds of weights from them."""
    python_state, numpy_state = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)


@contextlib.contextmanager
def fixed_seed(seed: int) -> Iterator[None]:
    """Makes what happens in the block repeatable, such as the initial weights of a model.

    NumPy's and Python's global generators are set to `seed` and put back as they were at the end.
    TensorFlow offers no way to read its generator, so that one stays seeded.

    Args:
        seed: int, 0 or more.

    Example:
        >>> with fixed_seed(0):
        ...     model = architecture.build()
    """
    with kept_random_state():
        random.seed(seed)
        np.random.seed(seed % 2**32)
        tf.random.set_seed(seed)
        yield
