"""Time budget of a job, divided among its phases."""

from __future__ import annotations

import math
from collections.abc import Iterable

import tf_keras as keras

from tsnas.system import clock

# Fraction of the remaining time that a phase may use. Time that it does not use is left for the next phases.
SHARES = {"search": 0.3, "contest": 0.3, "plain": 0.1, "train": 0.6, "quantise": 0.6}


class Budget:
    """Time budget that counts down from the start of a job.

    Args:
        max_minutes: float or None, time that the whole job may take; None is no bound.

    Example:
        >>> budget = Budget(5)
        >>> round(budget.seconds_for("search"))
        90
    """

    def __init__(self, max_minutes: float | None):
        self._end = math.inf if max_minutes is None else clock.monotonic() + 60.0 * max_minutes

    def seconds_for(self, phase: str) -> float:
        """Returns the seconds that `phase` may take if it starts now; infinite without a bound, and never below 0."""
        return max(0.0, SHARES[phase] * (self._end - clock.monotonic()))

    def epochs_within(self, phase: str, epochs: int, seconds_per_epoch: float) -> int:
        """Returns `epochs`, or as many of them as `phase` has time for, but at least 1."""
        seconds = self.seconds_for(phase)
        if seconds == math.inf or not seconds_per_epoch > 0:
            return epochs
        return max(1, min(epochs, math.floor(seconds / seconds_per_epoch)))

    def callbacks(self, phase: str, share: float = 1.0) -> list[keras.callbacks.Callback]:
        """Returns callbacks that end training after a share of the time of `phase`; none without a bound."""
        seconds = share * self.seconds_for(phase)
        return [] if seconds == math.inf else [StopAfter(seconds)]


def stopped(callbacks: Iterable[keras.callbacks.Callback]) -> bool:
    """Returns whether the budget has ended the training that these callbacks saw."""
    return any(isinstance(one, StopAfter) and one.stopped for one in callbacks)


class StopAfter(keras.callbacks.Callback):
    """Callback that ends training after some seconds, between two steps, and after at least one step.

    Args:
        seconds: float, time since the start of the training.

    Attributes:
        stopped: bool, whether it has ended the training.
    """

    def __init__(self, seconds: float):
        super().__init__()
        self.seconds = seconds
        self.stopped = False
        self._start = 0.0

    def on_train_begin(self, logs=None):
        self.stopped = False
        self._start = clock.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        if clock.monotonic() - self._start >= self.seconds:
            self.stopped = self.model.stop_training = True
