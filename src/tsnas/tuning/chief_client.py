"""A worker's connection to the chief, which survives a chief's absence and ends when all work is done."""

from __future__ import annotations

import contextlib
import functools
import os
import pathlib
import time
from collections.abc import Callable
from typing import Any

import grpc
import keras_tuner
from keras_tuner.src import protos

from tsnas.errors import JobError, WorkerError
from tsnas.tuning.leases import ALIVE, IDLE, STOPPED

CHIEF, PORT, TUNER_ID = "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT", "KERASTUNER_TUNER_ID"
# Workers wait this long for a chief that is started again.
PATIENCE_S = 3600.0
IDLE_S = 1.0
ERROR_FILE, FINISHED_FILE = "error.txt", "finished"
# A call that the chief does not answer is repeated; gRPC itself would try to reach it less and less often.
CALL_S, BACKOFF_MS = 10.0, 1000


def chief_address() -> str:
    """Returns the address on which the chief listens."""
    return f"{os.environ[CHIEF]}:{os.environ[PORT]}"


class PatientClient:
    """keras-tuner's client of the chief, which repeats calls while the chief is away.

    Args:
        client: the client of keras-tuner.
        folder: path of the folder in which `FINISHED_FILE` means that all work is done, so that there is no chief to
            wait for, and `ERROR_FILE` that a job has failed, so that the chief may have exited.
        lease_s: float, seconds to wait for a chief to start again after a failed job.
    """

    def __init__(self, client: Any, folder: pathlib.Path, lease_s: float):
        options = [("grpc.initial_reconnect_backoff_ms", BACKOFF_MS), ("grpc.max_reconnect_backoff_ms", BACKOFF_MS)]
        channel = grpc.intercept_channel(grpc.insecure_channel(chief_address(), options), _ShortCalls())
        client.stub = protos.get_service_grpc().OracleStub(channel)
        self._client, self._folder, self._lease_s = client, folder, lease_s

    def create_trial(self, tuner_id: str) -> Any:
        """Waits for a trial for this worker; its status is STOPPED once all work is done."""
        while True:
            try:
                trial = self._retry(self._client.create_trial, tuner_id)
            except _FinishedError:
                hyperparameters = keras_tuner.HyperParameters()
                return keras_tuner.engine.trial.Trial(hyperparameters, trial_id="", status=STOPPED)
            if trial.status != IDLE:
                return trial
            time.sleep(IDLE_S)

    def update_trial(self, *args: Any, **kwargs: Any) -> Any:
        """Reports metrics of a trial to the chief."""
        # If all work is finished, another worker has run the trial in the meantime.
        with contextlib.suppress(_FinishedError):
            return self._retry(self._client.update_trial, *args, **kwargs)

    def end_trial(self, trial: Any) -> None:
        """Reports the end of a trial to the chief."""
        with contextlib.suppress(_FinishedError):
            self._retry(self._client.end_trial, trial)

    def report_alive(self, trial_id: str, tuner_id: str) -> None:
        """Tells the chief, if it can be reached, that the worker is still working."""
        self._client.update_trial(trial_id, {f"{ALIVE}{tuner_id}": 1.0})

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._client, name)
        return functools.partial(self._retry, value) if callable(value) else value

    def _retry(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        started = time.monotonic()
        while True:
            try:
                return call(*args, **kwargs)
            except grpc.RpcError as error:
                waited_s = time.monotonic() - started
                if (self._folder / FINISHED_FILE).exists():
                    raise _FinishedError from None
                if waited_s > self._lease_s and (self._folder / ERROR_FILE).exists():
                    raise JobError((self._folder / ERROR_FILE).read_text()) from None
                if waited_s > PATIENCE_S:
                    raise WorkerError(
                        f"The chief at {chief_address()} has not answered for {PATIENCE_S / 60:.0f} minutes "
                        f"({error.code().name}). Start it again with the same command; finished jobs are kept."
                    ) from None
                time.sleep(IDLE_S)


class _FinishedError(Exception):
    """The error that there is no chief any more, because all work is done."""


class _ShortCalls(grpc.UnaryUnaryClientInterceptor):
    """An interceptor that ends unanswered calls; keras-tuner would wait an hour for a chief that may never return."""

    def intercept_unary_unary(self, continuation, client_call_details, request):
        """Sets the timeout of a call."""
        return continuation(client_call_details._replace(timeout=CALL_S), request)
