"""Worker processes come from a fork of the caller where that is safe, and the results are the same either way."""

import json
import os
import subprocess
import sys
import textwrap
import threading

import pytest
from processes import PATIENCE_S

from tsnas.system.interrupts import WAITING_THREAD
from tsnas.workers import branch, executor
from tsnas.workers.start import THREADS

pytestmark = pytest.mark.skipif(not executor.FORKS, reason="workers are forked on Linux alone")

SCRIPT = """
    import functools, json, os, pathlib, sys, tempfile, threading
    import numpy as np
    from tsnas.system.quiet import import_tensorflow
    import_tensorflow()
    import tensorflow as tf
    import tsnas.job.pipeline
    from tsnas.search.rounds import short_scores
    from tsnas.space.architecture import Architecture, TimeReduce
    from tsnas.workers.pool import Workers
    from tsnas.workers.process import has_one_thread

    def seen():
        if sys.stdout is not sys.__stdout__:
            print("a word", flush=True)
        files = [os.path.realpath(f"/proc/self/fd/{one}") for one in os.listdir("/proc/self/fd")]
        lines = [pathlib.Path(f"/proc/{one}/cmdline").read_bytes().decode() for one in (os.getppid(), parent)]
        return lines[0] == lines[1], name in files, has_one_thread()

    parent = os.getpid()
    held = tempfile.NamedTemporaryFile("w")
    # What a worker prints may not end up in another file of the same number.
    sys.stdout = held
    name = os.path.realpath(held.name)
    x = np.random.default_rng(0).normal(size=(24, 32, 1, 1)).astype(np.float32)
    split = (x[:16], np.arange(16) % 2), (x[16:], np.arange(8) % 2)
    net = Architecture(32, 1, 2, (TimeReduce(5, 8),))
    BEFORE
    with Workers(2) as workers:
        is_fork, has_file, one_thread = workers.run([seen])[0]
        ((score,),) = workers.run([functools.partial(short_scores, net, [split], [0], 40, 8, 0)])
    sys.stdout = sys.__stdout__
    print(json.dumps([is_fork, has_file, one_thread, score.loss]))
"""


def run(before=""):
    script = textwrap.dedent(SCRIPT).replace("BEFORE", before)
    # The caller computes with several threads.
    env = {name: value for name, value in os.environ.items() if name != THREADS}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=PATIENCE_S, env=env)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def forked():
    return run()


def test_the_server_is_a_fork_without_the_files_of_the_caller(forked):
    is_fork, has_file, one_thread, _ = forked
    assert (is_fork, has_file, one_thread) == (True, False, True)


@pytest.mark.long
def test_one_that_imports_everything_anew_gives_the_same_scores(forked):
    is_fork, _, _, loss = run("tf.ones(1) + 1")
    assert not is_fork
    assert loss == forked[3]


@pytest.fixture
def python_threads(monkeypatch):
    """Gives Python threads of some names beside the main one."""
    monkeypatch.setattr(branch, "has_computed", lambda: False)

    def give(*names):
        threads = [threading.Thread(name=name) for name in ("MainThread", *names)]
        monkeypatch.setattr(branch.threading, "enumerate", lambda: threads)
        monkeypatch.setattr(branch.threading, "active_count", lambda: len(threads))

    return give


@pytest.mark.parametrize(("names", "may"), [((), True), (("worker",), False), ((WAITING_THREAD,), True)])
def test_a_process_with_threads_is_not_forked(monkeypatch, python_threads, names, may):
    python_threads(*names)
    monkeypatch.setattr(branch.os, "listdir", lambda folder: ["1"])
    assert branch.may_branch() is may


def test_a_process_with_threads_of_a_library_is_not_forked(monkeypatch, python_threads):
    python_threads()
    pools = [{"num_threads": 2}, {"num_threads": 4}]
    monkeypatch.setattr(branch.threadpoolctl, "threadpool_info", lambda: pools)
    for threads, may in ((5, True), (6, False)):
        monkeypatch.setattr(branch.os, "listdir", lambda folder, threads=threads: ["1"] * threads)
        assert branch.may_branch() is may


def test_without_memory_for_a_fork_another_process_is_started(monkeypatch):
    def refuse():
        raise OSError

    monkeypatch.setattr(branch.os, "fork", refuse)
    monkeypatch.setattr(branch, "_spawn", lambda *args: args)
    assert branch.branch("python", ["-c", "pass"], [3]) == ("python", ["-c", "pass"], [3])
