"""Trials of an oracle of keras-tuner: what it draws for a seed, and the loop that tells it how well that does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras_tuner

# Name of the objective of all oracles.
SCORE = "score"
# After this many consecutive draws of values that were tried already, there are taken to be no others; keras-tuner's
# 20 are too few to find all of them.
COLLISIONS = 2000

RUNNING, COMPLETED = "RUNNING", "COMPLETED"


class Repeatable(keras_tuner.Oracle):
    """An oracle that keeps nothing on disk; to extend another oracle, list it before that one among the base classes.

    The same seed and the same scores give the same trials, even if the seed is 0. So whoever keeps the scores resumes
    by running all trials again, and taking the scores that are known.

    Args:
        *args, **kwargs: those of the oracle, except for its objective.
        seed: int, seed of its draws.

    Example:
        >>> class RepeatableRandom(Repeatable, keras_tuner.oracles.RandomSearchOracle):
        ...     pass
    """

    trials: dict[str, Any]

    def __init__(self, *args: Any, seed: int, **kwargs: Any):
        # keras-tuner treats a seed of 0 as none.
        super().__init__(*args, objective=keras_tuner.Objective(SCORE, "max"), seed=seed + 1, **kwargs)
        self._max_collisions = COLLISIONS
        self.verbose = 0  # Its own display prints tables for each trial.

    def save(self) -> None:
        """Does nothing; see `keras_tuner.Oracle`."""

    def _save_trial(self, trial: Any) -> None:
        """Does nothing; see `keras_tuner.Oracle`."""


def run_trials(oracle: Repeatable, run: Callable[[dict[str, Any]], float]) -> None:
    """Runs the trials of an oracle one after the other, until it has no more.

    keras-tuner's own loop would catch errors of a trial, and become a server where its environment variables are set.

    Args:
        oracle: `Repeatable` oracle.
        run: function of a trial's values that returns its score.
    """
    while (trial := oracle.create_trial("")).status == RUNNING:
        oracle.update_trial(trial.trial_id, {SCORE: run(dict(trial.hyperparameters.values))})
        trial.status = COMPLETED
        oracle.end_trial(trial)
