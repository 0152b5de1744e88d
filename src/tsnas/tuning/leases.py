"""Makes oracles of keras-tuner robust: trials of lost workers run again, and no state is written only in part."""

from __future__ import annotations

import json
import os
import pathlib
import sys
from typing import Any

import keras_tuner

from tsnas.system import clock
from tsnas.system.files import write_file

# A worker that has been silent for this long is considered lost; it normally calls several times within it.
LEASE_S = 60.0
CALLS_PER_LEASE = 6
# Prefix of the metric by which a worker reports that it is alive; its ID follows.
ALIVE = "alive/"
# After this many consecutive draws of values that were tried already, there are taken to be no others; keras-tuner's
# 20 are too few to find all of them.
COLLISIONS = 2000
# Key of the workers' names in the oracle's file.
WORKERS = "tsnas_workers"

RUNNING, IDLE, STOPPED, COMPLETED = "RUNNING", "IDLE", "STOPPED", "COMPLETED"


class Leases(keras_tuner.Oracle):
    """A robust oracle; to extend another oracle, list it before that one among the base classes.

    A worker keeps its trial as long as it calls `update_trial` with `ALIVE` and its ID as the only metric. The trial of
    a worker that falls silent goes to the next worker that asks for one; the result of whichever ends it first counts,
    and the other one is ignored. No worker is dismissed while a trial is still running. After a restart, running
    trials stay with their workers, which get a new lease. A failed trial stops everything, and is run again after a
    restart. The same seed draws the same trials, even if it is 0.

    Args:
        *args, **kwargs: those of the oracle.
        seed: int, seed of its draws. Defaults to None: a new one each time.
        lease_s: float, seconds after which a silent worker is considered lost. Defaults to 60.

    Example:
        >>> class LastingRandom(Leases, keras_tuner.oracles.RandomSearchOracle):
        ...     pass
    """

    trials: dict[str, Any]

    def __init__(self, *args: Any, seed: int | None = None, lease_s: float = LEASE_S, **kwargs: Any):
        # keras-tuner treats a seed of 0 as none.
        own_seed = None if seed is None else seed + 1
        # The first failure already stops everything, with a better message.
        super().__init__(*args, seed=own_seed, max_consecutive_failed_trials=sys.maxsize, **kwargs)
        self._max_collisions = COLLISIONS
        self.lease_s = lease_s
        self.failed_trial: str | None = None
        self._last_calls: dict[str, float] = {}
        self.verbose = 0  # Its own display prints tables for each trial.

    @keras_tuner.synchronized
    def create_trial(self, tuner_id: str) -> Any:
        """Gives a worker a trial, tells it to wait (IDLE), or dismisses it (STOPPED)."""
        self._last_calls[tuner_id] = clock.monotonic()
        self._drop_silent_workers()
        if self.failed_trial is not None:
            self.tuner_ids.discard(tuner_id)
            return self._make_empty_trial(STOPPED)
        known = set(self._workers)
        trial = super().create_trial(tuner_id)
        if self._workers - known:
            self.save()
        if trial.status == STOPPED and (self.ongoing_trials or self._retry_queue):
            # One of the running trials may have to be run again.
            self.tuner_ids.add(tuner_id)
            return self._make_empty_trial(IDLE)
        return trial

    @keras_tuner.synchronized
    def update_trial(self, trial_id: str, metrics: dict[str, float], step: int = 0) -> Any:
        """Records metrics of a trial, or that its worker is alive."""
        callers = [name.removeprefix(ALIVE) for name in metrics if name.startswith(ALIVE)]
        for caller in callers:
            self._last_calls[caller] = clock.monotonic()
        if callers or self._has_ended(trial_id):
            return self.trials[trial_id]
        return super().update_trial(trial_id, dict(metrics), step=step)

    @keras_tuner.synchronized
    def end_trial(self, trial: Any) -> None:
        """Records the end of a trial, unless it has ended already."""
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
        """The workers that are neither dismissed nor lost; the chief runs until there are none."""
        self._drop_silent_workers()
        return self._workers

    @tuner_ids.setter
    def tuner_ids(self, workers: set[str]) -> None:
        self._workers = workers

    def save(self) -> None:
        """Writes the state of the oracle to its file."""
        state = self.get_state() | {WORKERS: sorted(self._workers)}
        write_file(pathlib.Path(self._get_oracle_fname()), json.dumps(state))

    def _save_trial(self, trial: Any) -> None:
        path = os.path.join(self._get_trial_dir(trial.trial_id), "trial.json")
        write_file(pathlib.Path(path), json.dumps(trial.get_state()))

    def reload(self) -> None:
        """Reads the state of the oracle from its files."""
        super().reload()
        # keras-tuner reads trials in the order of the folder, but they are numbered in the order of their start.
        self.trials = dict(sorted(self.trials.items()))
        # keras-tuner considers all running trials lost. But a worker outlives the chief, and a trial may have ended or
        # started between the writing of its two files.
        state = json.loads(pathlib.Path(self._get_oracle_fname()).read_text())
        ongoing = {name: self.trials[trial_id] for name, trial_id in state["ongoing_trials"].items()}
        self.ongoing_trials = {name: trial for name, trial in ongoing.items() if trial.status == RUNNING}
        held = {trial.trial_id for trial in self.ongoing_trials.values()}
        waiting = [trial_id for trial_id, trial in self.trials.items() if trial.status != COMPLETED]
        self._retry_queue = sorted(set(waiting) - held, reverse=True)
        self.end_order = [trial_id for trial_id, trial in self.trials.items() if trial.status == COMPLETED]
        # Workers without a trial are waiting for one, and must be told when there are no more.
        self._workers = set(self.ongoing_trials) | set(state.get(WORKERS, ()))
        self._last_calls = dict.fromkeys(self._workers, clock.monotonic())

    def done(self) -> bool:
        """Tells whether every trial that there will be has ended; False if only a worker's next request can show it."""
        return self._all_completed() and len(self.trials) >= (self.max_trials or sys.maxsize)

    def _all_completed(self) -> bool:
        return all(trial.status == COMPLETED for trial in self.trials.values())

    def _has_ended(self, trial_id: str) -> bool:
        # Not by its status: in a single process, tuner and oracle share the trial, and the tuner sets its status first.
        return trial_id in self.end_order

    def _drop_silent_workers(self) -> None:
        now = clock.monotonic()
        for tuner_id in [name for name in self._workers if now - self._last_calls.get(name, now) > self.lease_s]:
            self._workers.discard(tuner_id)
            trial = self.ongoing_trials.pop(tuner_id, None)
            if trial is not None:
                # Otherwise, the metrics of the unfinished run would be mixed with those of the next.
                trial.metrics = type(trial.metrics)()
                self._retry_queue.append(trial.trial_id)

    def _make_empty_trial(self, status: str) -> Any:
        return keras_tuner.engine.trial.Trial(self.hyperparameters.copy(), trial_id="", status=status)
