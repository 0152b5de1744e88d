"""A fork of a process in which TensorFlow has computed says so, where it would wait for ever."""

import multiprocessing
import os

import pytest
import tensorflow as tf

from tsnas.errors import WorkerError
from tsnas.system import forks

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")


def in_fork(call):
    """What a function without arguments returns in a fork of this process."""
    fork = multiprocessing.get_context("fork")
    queue = fork.SimpleQueue()
    process = fork.Process(target=lambda: queue.put(call()))
    process.start()
    process.join()
    assert process.exitcode == 0
    return queue.get()


def refused():
    try:
        forks.check_can_compute()
    except WorkerError as error:
        return str(error)


def test_a_fork_of_a_process_that_has_computed_cannot():
    tf.ones(1) + 1
    assert forks.has_computed()
    assert forks.can_compute()
    forks.check_can_compute()
    assert "forked from one in which TensorFlow had computed" in in_fork(refused)


def test_one_of_a_process_that_has_only_imported_it_can(monkeypatch):
    monkeypatch.setattr(forks, "has_computed", lambda: False)
    assert in_fork(refused) is None
