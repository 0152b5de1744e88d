"""Runs the trials of an oracle, in this process or as one of many workers of a chief."""

from __future__ import annotations

import contextlib
import io
import os
import pathlib
import threading
import time
from collections.abc import Callable
from concurrent import futures
from typing import Any

import grpc
import keras_tuner
from keras_tuner.src import protos
from keras_tuner.src.distribute import oracle_chief

from tsnas.errors import JobError, WorkerError
from tsnas.system.files import check_output_dir, write_file
from tsnas.tuning.chief_client import (
    CHIEF,
    ERROR_FILE,
    FINISHED_FILE,
    IDLE_S,
    PORT,
    TUNER_ID,
    PatientClient,
    chief_address,
)
from tsnas.tuning.jobs import SCORE, JobsOracle, Plan
from tsnas.tuning.leases import CALLS_PER_LEASE, LEASE_S

PROJECT = "tuner"


def find_role() -> str:
    """Returns `"local"`, `"chief"` or `"worker"`, according to keras-tuner's environment variables.

    Raises:
        WorkerError: some of the variables are set, but not all.
    """
    if CHIEF not in os.environ:
        return "local"
    missing = [name for name in (PORT, TUNER_ID) if not os.environ.get(name)]
    if missing:
        raise WorkerError(
            f"{CHIEF} is set, so this process should be a chief or a worker, but {' and '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not set. Set {PORT} to the chief's port and {TUNER_ID} to 'chief' "
            "or to a unique name for the worker; or unset all three to run in a single process."
        )
    return "chief" if "chief" in os.environ[TUNER_ID] else "worker"


def run_jobs(
    plan: Plan, run: Callable[[str], float], directory: str | os.PathLike[str], lease_s: float = LEASE_S
) -> None:
    """Runs named jobs until there are no more, in one process or together with others that make the same call.

    Each job is run to its end once, and the folder records the finished ones: after a stop of any kind, the same call
    resumes with the remaining jobs. The environment variables of keras-tuner (KERASTUNER_ORACLE_IP,
    KERASTUNER_ORACLE_PORT, KERASTUNER_TUNER_ID) make a process the chief, which hands out the jobs, or a worker; all
    processes must share the folder. Each of them returns when all jobs are done.

    Args:
        plan: function without arguments that names the jobs known so far; see `JobsOracle`.
        run: function of a job's name that runs the job, stores its result and returns a score.
        directory: path of a folder, created if missing, that all machines share.
        lease_s: float, seconds after which a silent worker is considered lost. Defaults to 60.

    Raises:
        JobError: a job failed in another process; a job that fails in this process raises its own error.
        WorkerError: some of the environment variables are set, but not all, or the chief cannot be reached.
        OutputDirError: the folder cannot be written to.
    """
    search(JobsOracle(plan, lease_s=lease_s), lambda values: run(str(values["job"])), directory)


def search(oracle: Any, run: Callable[[dict[str, Any]], float], directory: str | os.PathLike[str]) -> None:
    """Runs the trials of an oracle in the way in which `run_jobs` runs jobs.

    Args:
        oracle: oracle of keras-tuner with `Leases`, whose objective is `SCORE`.
        run: function of a trial's values that returns its score.
        directory: path of a folder.

    Raises:
        JobError, WorkerError, OutputDirError: as in `run_jobs`.
    """
    own_role = find_role()
    folder = check_output_dir(directory) / PROJECT
    finished = (folder / FINISHED_FILE).exists()
    if finished and own_role != "local":
        # A late worker would wait for a chief that has exited, and a late chief for workers.
        return
    if own_role != "worker":
        (folder / ERROR_FILE).unlink(missing_ok=True)
    with contextlib.redirect_stdout(io.StringIO()):  # "Reloading Tuner from ..."
        tuner = _Tuner(oracle, run, folder)
    if finished:  # The oracle has reloaded its trials.
        return
    tuner.search()
    if tuner.error is not None:
        raise tuner.error
    if (folder / ERROR_FILE).exists():
        raise JobError((folder / ERROR_FILE).read_text())
    if own_role != "worker":
        write_file(folder / FINISHED_FILE, "")


class _Tuner(keras_tuner.engine.base_tuner.BaseTuner):
    def __init__(self, oracle: Any, run: Callable[[dict[str, Any]], float], folder: pathlib.Path):
        self.error: Exception | None = None
        self._run, self._folder, self._lease_s = run, folder, oracle.lease_s
        self.oracle: Any
        super().__init__(oracle, directory=str(folder.parent), project_name=folder.name)
        if find_role() == "worker":
            self.oracle = PatientClient(self.oracle, folder, oracle.lease_s)

    def search(self) -> None:
        if find_role() == "chief":
            self.save()
            _serve(self.oracle)
        else:
            super().search()

    def _get_tuner_fname(self) -> str:
        # The same name for every process that owns the oracle: a chief can resume what a single process began, and vice
        # versa.
        return str(self._folder / f"{self.tuner_id if find_role() == 'worker' else 'oracle_owner'}.json")

    def _populate_initial_space(self) -> None:
        """Does nothing: there is no hypermodel with hyperparameters of its own."""

    def run_trial(self, trial: Any, *_: Any, **__: Any) -> dict[str, float]:
        started = time.monotonic()
        with self._heartbeat(trial.trial_id):
            try:
                score = self._run(dict(trial.hyperparameters.values))
            except Exception as error:
                self.error = error
                where = f"{os.environ[TUNER_ID]}: " if find_role() == "worker" else ""
                text = f"{where}{trial.hyperparameters.values} failed: {type(error).__name__}: {error}"
                write_file(self._folder / ERROR_FILE, text)
                raise keras_tuner.errors.FailedTrialError(text) from error
        return {SCORE: score, "seconds": time.monotonic() - started}

    @contextlib.contextmanager
    def _heartbeat(self, trial_id: str):
        if find_role() != "worker":
            yield
            return
        done = threading.Event()

        def beat() -> None:
            while not done.wait(self._lease_s / CALLS_PER_LEASE):
                with contextlib.suppress(grpc.RpcError):
                    self.oracle.report_alive(trial_id, self.tuner_id)

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()


def _serve(oracle: Any) -> None:
    """Answers the workers until all of them are dismissed; keras-tuner's own loop checks only every 20 s."""
    if oracle.done():
        # The chief was lost after the last job; waiting workers see from the folder that all work is done.
        return
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1))
    servicer = oracle_chief.OracleServicer(oracle)
    protos.get_service_grpc().add_OracleServicer_to_server(servicer, server)
    try:
        server.add_insecure_port(chief_address())
    except RuntimeError:
        raise WorkerError(
            f"The chief cannot listen at {chief_address()}. Set {CHIEF} to an address of this machine, and {PORT} to a "
            "free port."
        ) from None
    server.start()
    while not (servicer.stop_triggered and oracle_chief.exit_chief(oracle)):
        time.sleep(IDLE_S)
    # The last worker still has to receive its answer.
    server.stop(grace=IDLE_S).wait()
