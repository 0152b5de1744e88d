"""Freeing what a block of code leaves in reference cycles, without a search through all that was there before."""

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
