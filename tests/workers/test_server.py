"""Workers are forked from a process of their own, and the user's script and processes notice nothing of it."""

import multiprocessing
import os
import subprocess
import sys
import textwrap
import time

import psutil
import pytest
from processes import PATIENCE_S, are_running

from tsnas.workers import executor
from tsnas.workers.pool import Workers

pytestmark = pytest.mark.skipif(not executor.FORKS, reason="workers are forked on Linux alone")


@pytest.fixture(autouse=True)
def ended():
    yield
    executor.end_processes()


def seen():
    names = ("tensorflow", "tf_keras", "tensorflow_model_optimization", "sklearn.ensemble")
    return os.getpid(), os.getppid(), [name in sys.modules for name in names]


def thread_setting(queue):
    queue.put(os.environ.get("OPENBLAS_NUM_THREADS"))


def test_workers_have_what_they_need_from_the_process_that_they_are_forked_from():
    with Workers(2) as workers:
        found = workers.run([seen] * 4)
    assert {loaded for _, _, several in found for loaded in several} == {True}
    (server,) = {parent for _, parent, _ in found}
    assert os.getpid() not in {server, *(pid for pid, *_ in found)}
    assert psutil.Process(server).ppid() == os.getpid()
    executor.end_processes()
    with Workers(2) as workers:
        assert workers.run([seen])[0][1] == server, "it is there for the next ones"


@pytest.mark.long
def test_processes_of_the_users_own_are_not_forked_from_it(monkeypatch):
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    with Workers(2) as workers:
        workers.run([seen])
    context = multiprocessing.get_context("forkserver")
    queue = context.SimpleQueue()
    process = context.Process(target=thread_setting, args=(queue,))
    process.start()
    process.join()
    assert queue.get() is None


@pytest.mark.long
def test_a_script_needs_no_guard_and_is_not_run_again(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
            from tsnas.workers.pool import Workers
            print("started")
            def call():
                return 7
            with Workers(2) as workers:
                print(workers.run([call, call]))
        """)
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=PATIENCE_S)
    assert (done.stdout, done.returncode) == ("started\n[7, 7]\n", 0), done.stderr


def test_all_end_with_a_caller_that_is_killed(tmp_path):
    script = textwrap.dedent("""
        import os, signal, psutil
        from tsnas.workers.pool import Workers
        with Workers(2) as workers:
            workers.run([os.getpid] * 2)
            print(*(one.pid for one in psutil.Process().children(recursive=True)), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
    """)
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, timeout=PATIENCE_S)
    pids = list(map(int, done.stdout.split()))
    assert len(pids) >= 3
    end = time.monotonic() + PATIENCE_S
    while are_running(pids):
        assert time.monotonic() < end
        time.sleep(0.05)
