"""When Python looks for garbage: not while modules are imported, and after a training only among what that has made."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def freed() -> Iterator[None]:
    """Context after which nothing is in memory that its block has left in reference cycles.

    A process that has imported TensorFlow holds a million objects, and `gc.collect` takes a second to look at them all.
    Here it looks at those alone that the block has made.

    Example:
        >>> with freed():
        ...     scores = train_and_judge()
    """
    # Objects that the caller's program has frozen stay frozen.
    own = not gc.get_freeze_count()
    if own:
        gc.freeze()
    try:
        yield
    finally:
        gc.collect()
        if own:
            gc.unfreeze()


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Context in which Python does not look for garbage.

    An import makes many objects and hardly any garbage, and each look takes longer the more there are: a third of the
    time that TensorFlow takes to import. The next looks would be at all of them, once as young and once as older ones:
    they count as the oldest at once.

    Example:
        >>> with uncollected():
        ...     import tensorflow as tf
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            # Those that the caller's program has frozen stay frozen.
            if not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()
            gc.enable()
