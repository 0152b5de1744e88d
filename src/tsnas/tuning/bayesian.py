"""Bayesian optimisation that tries nothing twice and goes on after a stop as if there had been none."""

from __future__ import annotations

import warnings
from typing import Any

import keras_tuner
import numpy as np
from sklearn.exceptions import ConvergenceWarning

from tsnas.tuning.leases import RUNNING, Leases

# Of all trials, those at the start that are random.
RANDOM_SHARE = 0.4


class Bayesian(Leases, keras_tuner.oracles.BayesianOptimizationOracle):
    """keras-tuner's oracle of a Gaussian process, with `Leases`.

    What the process expects most of may have been tried already; then values that have not been tried are drawn.

    Args:
        max_trials: int, number of trials; two fifths of them are random.
        **kwargs: those of the oracle and of `Leases`.

    Example:
        >>> space = keras_tuner.HyperParameters()
        >>> space.Choice("decimation", [1, 2, 4])
        >>> oracle = Bayesian(3, objective=keras_tuner.Objective(SCORE, "max"), hyperparameters=space, seed=0)
    """

    def __init__(self, max_trials: int, **kwargs: Any):
        first = max(2, round(RANDOM_SHARE * max_trials))
        super().__init__(max_trials=max_trials, num_initial_points=first, **kwargs)

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Values of the next trial.

        Args:
            trial_id: str, its ID.

        Returns:
            dict of `"status"` and `"values"`, as keras-tuner has it.
        """
        # An oracle that was read back would draw from the start again.
        self._random_state = np.random.RandomState(self.seed + len(self.trials))
        with warnings.catch_warnings():
            # Of the bounds of its length scales; a user can do nothing about them.
            warnings.simplefilter("ignore", ConvergenceWarning)
            found = super().populate_space(trial_id)
        if found["status"] == RUNNING and self._duplicate(found["values"]):
            return self._random_populate_space()
        return found
