"""The minutes that a job may take, shared out over its phases."""

from __future__ import annotations

import math
import time

import tf_keras as keras

# Share of the time that is left when a phase starts. What a phase does not use, the next ones have.
SHARES = {"search": 0.3, "contest": 0.3, "train": 0.6, "quantise": 0.6}


class Budget:
    """Counts down from the start of a job.

    Args:
        max_minutes: float or None, what the whole job may take; None is no bound.

    Example:
        >>> budget = Budget(5)
        >>> round(budget.seconds_for("search"))
        90
    """

    def __init__(self, max_minutes: float | None):
        self._end = math.inf if max_minutes is None else time.monotonic() + 60.0 * max_minutes

    def seconds_for(self, phase: str) -> float:
        """Seconds that `phase` may take if it starts now; infinite without a bound, and never below 0."""
        return max(0.0, SHARES[phase] * (self._end - time.monotonic()))

    def epochs_within(self, phase: str, epochs: int, seconds_per_epoch: float) -> int:
        """`epochs`, or as many of them as `phase` has time for, but at least 1."""
        seconds = self.seconds_for(phase)
        if seconds == math.inf or not seconds_per_epoch > 0:
            return epochs
        return max(1, min(epochs, math.floor(seconds / seconds_per_epoch)))

    def callbacks(self, phase: str, share: float = 1.0) -> list[keras.callbacks.Callback]:
        """What ends a training when that share of the time of `phase` is over; nothing without a bound."""
        seconds = share * self.seconds_for(phase)
        return [] if seconds == math.inf else [StopAfter(seconds)]


class StopAfter(keras.callbacks.Callback):
    """Ends a training after so many seconds, between two steps; at least one step is done.

    Args:
        seconds: float, counted from the start of the training.
    """

    def __init__(self, seconds: float):
        super().__init__()
        self.seconds = seconds
        self._start = 0.0

    def on_train_begin(self, logs=None):
        self._start = time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        if time.monotonic() - self._start >= self.seconds:
            self.model.stop_training = True
