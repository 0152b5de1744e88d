"""Bayesian optimisation that tries nothing twice, and the same for a seed."""

from __future__ import annotations

import warnings
from typing import Any

import keras_tuner
import numpy as np
from sklearn.exceptions import ConvergenceWarning

from tsnas.tuning.trials import RUNNING, Repeatable

# Fraction of all trials that are random, at the start.
RANDOM_SHARE = 0.4


class Bayesian(Repeatable, keras_tuner.oracles.BayesianOptimizationOracle):
    """keras-tuner's oracle with a Gaussian process, `Repeatable`.

    If the most promising values have been tried already, values that have not been tried are drawn at random.

    Args:
        max_trials: int, number of trials; two fifths of them are random.
        **kwargs: those of the oracle and of `Repeatable`.

    Example:
        >>> space = keras_tuner.HyperParameters()
        >>> space.Choice("decimation", [1, 2, 4])
        >>> oracle = Bayesian(3, hyperparameters=space, seed=0)
    """

    def __init__(self, max_trials: int, **kwargs: Any):
        first = max(2, round(RANDOM_SHARE * max_trials))
        super().__init__(max_trials=max_trials, num_initial_points=first, **kwargs)

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Chooses the values of the next trial.

        Args:
            trial_id: str, ID of the trial.

        Returns:
            dict of `"status"` and `"values"`, as keras-tuner expects it.
        """
        # A draw depends on its place alone, not on how often the oracle has drawn before.
        self._random_state = np.random.RandomState(self.seed + len(self.trials))
        with warnings.catch_warnings():
            # Warnings about the bounds of its length scales, about which users can do nothing.
            warnings.simplefilter("ignore", ConvergenceWarning)
            found = super().populate_space(trial_id)
        if found["status"] == RUNNING and self._duplicate(found["values"]):
            return self._random_populate_space()
        return found
