"""A worker's line to a chief that does not answer: it waits for one that comes back, and not for one that is done."""

import socket

import grpc
import pytest
from keras_tuner.src.distribute.oracle_client import OracleClient

from tsnas.errors import JobError, WorkerError
from tsnas.tuning import chief_client as module
from tsnas.tuning.chief_client import CHIEF, PORT, TUNER_ID, PatientClient


@pytest.fixture
def client(tmp_path, monkeypatch):
    """The client of a chief that is not there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv(PORT, str(free.getsockname()[1]))
    monkeypatch.setenv(CHIEF, "127.0.0.1")
    monkeypatch.setenv(TUNER_ID, "worker0")
    monkeypatch.setattr(module, "CALL_S", 0.2)
    monkeypatch.setattr(module, "IDLE_S", 0.05)
    return PatientClient(OracleClient(None), tmp_path, 0.1)


def test_is_sent_home_when_all_was_done_without_it(client, tmp_path):
    (tmp_path / "finished").touch()
    assert client.create_trial("worker0").status == "STOPPED"
    assert client.update_trial("0", {"score": 1.0}) is None
    assert client.end_trial(client.create_trial("worker0")) is None


def test_ends_with_the_error_of_a_job_that_ended_the_chief(client, tmp_path):
    (tmp_path / "error.txt").write_text("worker1: part_1 is broken")
    with pytest.raises(JobError, match=r"worker1: part_1 is broken"):
        client.create_trial("worker0")


def test_says_so_when_the_chief_stays_away(client, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_S", 0.3)
    with pytest.raises(WorkerError, match=r"The chief at 127.0.0.1:\d+ has not answered .*DEADLINE_EXCEEDED"):
        client.create_trial("worker0")


def test_a_sign_of_life_does_not_wait(client):
    with pytest.raises(grpc.RpcError):
        client.report_alive("0", "worker0")
