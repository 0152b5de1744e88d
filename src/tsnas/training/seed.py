"""Seeds: fixes all sources of randomness within a block, and restores the caller's generators afterwards."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import numpy as np
import tensorflow as tf
from tf_keras.src import backend


@contextlib.contextmanager
def kept_random_state() -> Iterator[None]:
    """Restores the global generators of Python and NumPy at the end; Keras draws the seeds of weights from Python's.

    After `keras.utils.set_random_seed`, Keras has a generator of its own instead, which is set aside for the block: the
    weights would depend on how often it was used before.
    """
    python_state, numpy_state = random.getstate(), np.random.get_state()
    keras_generator = getattr(backend._SEED_GENERATOR, "generator", None)
    backend._SEED_GENERATOR.generator = None
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)
        backend._SEED_GENERATOR.generator = keras_generator


@contextlib.contextmanager
def fixed_seed(seed: int) -> Iterator[None]:
    """Makes the random draws in a block repeatable, such as the initial weights of a model.

    The global generators of Python and NumPy are seeded, and restored at the end. TensorFlow's cannot be read, so it
    stays seeded.

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
