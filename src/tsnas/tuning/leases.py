"""What keras-tuner's oracles lack to last: trials of lost workers run again, and no state is half written."""

from __future__ import annotations

import json
import os
import pathlib
import sys
import time
from typing import Any

import keras_tuner

from tsnas.system.files import write_file

# A worker that has not been heard of for so long is lost; it calls several times within that.
LEASE_S = 60.0
CALLS_PER_LEASE = 6
# Metric by which a worker says that it is alive: this and its own ID.
ALIVE = "alive/"
# Draws of values that were tried already, in a row, after which there are no others. keras-tuner's 20 leave some out.
COLLISIONS = 2000
# Key of the names of the workers in the file of the oracle.
WORKERS = "tsnas_workers"

RUNNING, IDLE, STOPPED, COMPLETED = "RUNNING", "IDLE", "STOPPED", "COMPLETED"


class Leases(keras_tuner.Oracle):
    """An oracle that lasts; for another kind of oracle, it stands before that kind among the bases.

    A worker holds its trial as long as it calls `update_trial` with no metric but `ALIVE` and its ID. The trial of a
    worker that falls silent goes to the next that asks; whichever of the two ends it first counts, the other is
    ignored. No worker is sent home while a trial is still out. After a restart, trials that were out stay with their
    workers, who get a new lease. A failed trial stops everything, and is run again after a restart. The same seed
    draws the same trials, 0 as well.

    Args:
        *args, **kwargs: those of the oracle.
        seed: int or None, of what it draws; None for another one each time. Defaults to None.
        lease_s: float, seconds after which a silent worker is lost. Defaults to 60.

    Example:
        >>> class LastingRandom(Leases, keras_tuner.oracles.RandomSearchOracle):
        ...     pass
    """

    trials: dict[str, Any]

    def __init__(self, *args: Any, seed: int | None = None, lease_s: float = LEASE_S, **kwargs: Any):
        # keras-tuner takes a seed of 0 for none.
        own_seed = None if seed is None else seed + 1
        # The first failure already stops everything, and says so better.
        super().__init__(*args, seed=own_seed, max_consecutive_failed_trials=sys.maxsize, **kwargs)
        self._max_collisions = COLLISIONS
        self.lease_s = lease_s
        self.failed_trial: str | None = None
        self._heard: dict[str, float] = {}
        self.verbose = 0  # Its own display prints tables for each trial.

    @keras_tuner.synchronized
    def create_trial(self, tuner_id: str) -> Any:
        self._heard[tuner_id] = time.monotonic()
        self._take_back_from_silent()
        if self.failed_trial is not None:
            self.tuner_ids.discard(tuner_id)
            return self._empty_trial(STOPPED)
        known = set(self._workers)
        trial = super().create_trial(tuner_id)
        if self._workers - known:
            self.save()
        if trial.status == STOPPED and (self.ongoing_trials or self._retry_queue):
            # One of those that are out may come back.
            self.tuner_ids.add(tuner_id)
            return self._empty_trial(IDLE)
        return trial

    @keras_tuner.synchronized
    def update_trial(self, trial_id: str, metrics: dict[str, float], step: int = 0) -> Any:
        callers = [name.removeprefix(ALIVE) for name in metrics if name.startswith(ALIVE)]
        for caller in callers:
            self._heard[caller] = time.monotonic()
        if callers or self._has_ended(trial_id):
            return self.trials[trial_id]
        return super().update_trial(trial_id, dict(metrics), step=step)

    @keras_tuner.synchronized
    def end_trial(self, trial: Any) -> None:
        if self._has_ended(trial.trial_id):
            return
        if trial.trial_id in self._retry_queue:
            self._retry_queue.remove(trial.trial_id)
        super().end_trial(trial)
        if self.trials[trial.trial_id].status != COMPLETED:
            self.failed_trial = trial.trial_id
        self.save()

    @property
    def tuner_ids(self) -> set[str]:
        """Workers that have not been sent home and are not lost; the chief stays until there are none."""
        self._take_back_from_silent()
        return self._workers

    @tuner_ids.setter
    def tuner_ids(self, workers: set[str]) -> None:
        self._workers = workers

    def save(self) -> None:
        state = self.get_state() | {WORKERS: sorted(self._workers)}
        write_file(pathlib.Path(self._get_oracle_fname()), json.dumps(state))

    def _save_trial(self, trial: Any) -> None:
        path = os.path.join(self._get_trial_dir(trial.trial_id), "trial.json")
        write_file(pathlib.Path(path), json.dumps(trial.get_state()))

    def reload(self) -> None:
        super().reload()
        # It reads them in the order of the folder; they are numbered in that of their beginning.
        self.trials = dict(sorted(self.trials.items()))
        # It has taken all that was out for lost; but a worker outlives the chief, and a trial may have ended, or begun,
        # between the two files that it is written to.
        state = json.loads(pathlib.Path(self._get_oracle_fname()).read_text())
        out = {name: self.trials[trial_id] for name, trial_id in state["ongoing_trials"].items()}
        self.ongoing_trials = {name: trial for name, trial in out.items() if trial.status == RUNNING}
        held = {trial.trial_id for trial in self.ongoing_trials.values()}
        waiting = [trial_id for trial_id, trial in self.trials.items() if trial.status != COMPLETED]
        self._retry_queue = sorted(set(waiting) - held, reverse=True)
        self.end_order = [trial_id for trial_id, trial in self.trials.items() if trial.status == COMPLETED]
        # Those without a trial are waiting for one, and have to be told when there are no more.
        self._workers = set(self.ongoing_trials) | set(state.get(WORKERS, ()))
        self._heard = dict.fromkeys(self._workers, time.monotonic())

    def done(self) -> bool:
        """Whether every trial that there will be has ended; False if only a worker's next question can tell."""
        return self._all_completed() and len(self.trials) >= (self.max_trials or sys.maxsize)

    def _all_completed(self) -> bool:
        return all(trial.status == COMPLETED for trial in self.trials.values())

    def _has_ended(self, trial_id: str) -> bool:
        # Not by its status: in one process, tuner and oracle share the trial, and the tuner sets it first.
        return trial_id in self.end_order

    def _take_back_from_silent(self) -> None:
        now = time.monotonic()
        for tuner_id in [name for name in self._workers if now - self._heard.get(name, now) > self.lease_s]:
            self._workers.discard(tuner_id)
            trial = self.ongoing_trials.pop(tuner_id, None)
            if trial is not None:
                # Metrics of a run that did not end would be mixed with those of the next.
                trial.metrics = type(trial.metrics)()
                self._retry_queue.append(trial.trial_id)

    def _empty_trial(self, status: str) -> Any:
        return keras_tuner.engine.trial.Trial(self.hyperparameters.copy(), trial_id="", status=status)
