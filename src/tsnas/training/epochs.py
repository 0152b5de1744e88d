"""Epochs of few windows, which pass over them several times."""

from __future__ import annotations

import math

import numpy as np

from tsnas.data import Data, Windows

# An epoch has at least this many steps: after each, callbacks are heard, and a graph is called again.
LEAST_STEPS_PER_EPOCH = 16


def repeated(data: Data, batch_size: int, most_steps: int | None = None) -> Data:
    """Repeats few windows, so that an epoch has at least 16 steps.

    Args:
        data: (x, y) or (x, y, weights), the training windows.
        batch_size: int, windows per step.
        most_steps: int, steps that are enough if they are fewer than 16. Defaults to None: they are not.

    Returns:
        The same if there are enough windows; otherwise likewise, with `Windows`, of which none is copied.
    """
    x, *parts = data
    least_steps = LEAST_STEPS_PER_EPOCH if most_steps is None else min(LEAST_STEPS_PER_EPOCH, most_steps)
    times = math.ceil(least_steps * batch_size / len(x))
    if times <= 1:
        return data
    windows = x if isinstance(x, Windows) else Windows(x)
    tiled = [np.tile(part, times) for part in parts]
    return windows.select(np.tile(np.arange(len(x)), times)), *tiled  # type: ignore[return-value]
