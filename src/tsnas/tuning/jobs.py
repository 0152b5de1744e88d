"""Jobs that depend on each other, as the trials of an oracle of keras-tuner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras_tuner

from tsnas.tuning.leases import IDLE, RUNNING, STOPPED, Leases

Plan = Callable[[], Sequence[str]]
SCORE = "score"


class JobsOracle(Leases):
    """Hands out named jobs, each once, and asks for more when all are done.

    Args:
        plan: function without arguments; the names of all jobs known so far, in the order to be run. It is asked again
            once all of them are done, because what comes next may depend on their outcome; if it then names no new one,
            the work is finished.
        **kwargs: those of `Leases`.

    Example:
        >>> oracle = JobsOracle(lambda: ["first", "second"])
    """

    def __init__(self, plan: Plan, **kwargs: Any):
        super().__init__(objective=keras_tuner.Objective(SCORE, "max"), **kwargs)
        self.plan = plan

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        started = {str(trial.hyperparameters.values["job"]) for trial in self.trials.values()}
        for job in self.plan():
            if job not in started:
                return {"status": RUNNING, "values": {"job": job}}
        return {"status": STOPPED if self._all_completed() else IDLE, "values": None}

    def done(self) -> bool:
        return self._all_completed() and self.populate_space("")["status"] == STOPPED
