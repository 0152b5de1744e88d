"""An oracle of keras-tuner whose trials are jobs that depend on each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras_tuner

from tsnas.tuning.leases import IDLE, RUNNING, STOPPED, Leases

Plan = Callable[[], Sequence[str]]
SCORE = "score"


class JobsOracle(Leases):
    """An oracle that hands out named jobs, each of them once, and asks for more when all are done.

    Args:
        plan: function without arguments that returns the names of all jobs known so far, in the order in which to run
            them. It is called again once all of them are done, because later jobs may depend on their results; if it
            then names no new job, the work is finished.
        **kwargs: those of `Leases`.

    Example:
        >>> oracle = JobsOracle(lambda: ["first", "second"])
    """

    def __init__(self, plan: Plan, **kwargs: Any):
        super().__init__(objective=keras_tuner.Objective(SCORE, "max"), **kwargs)
        self.plan = plan

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Chooses the next job; see `keras_tuner.Oracle`."""
        started = {str(trial.hyperparameters.values["job"]) for trial in self.trials.values()}
        for job in self.plan():
            if job not in started:
                return {"status": RUNNING, "values": {"job": job}}
        return {"status": STOPPED if self._all_completed() else IDLE, "values": None}

    def done(self) -> bool:
        """Tells whether all jobs have ended and the plan names no new one."""
        return self._all_completed() and self.populate_space("")["status"] == STOPPED
