"""Calls run here or in processes, with the same results, whatever becomes of the processes."""

import functools
import itertools
import multiprocessing
import os
import signal
import threading
import time
import warnings

import calls
import numpy as np
import pytest
from calls import PATIENCE_S
from processes import are_running

from tsnas.errors import SettingError, WorkerError
from tsnas.system.interrupts import deferred_interrupt
from tsnas.workers import pool, process
from tsnas.workers.pool import HERE, Workers, check_n_jobs


def test_calls_run_in_processes_of_one_thread_and_come_back_in_order(light):
    heard = []
    with Workers(2) as workers:
        found = workers.run(
            [functools.partial(calls.described, i) for i in range(5)], on_result=lambda *one: heard.append(one)
        )
        again = workers.run([functools.partial(calls.described, 9)])
    assert [value for value, *_ in found] == list(range(5))
    assert sorted(heard) == list(enumerate(found))
    processes = {one[1] for one in found}
    assert len(processes) <= 2
    assert os.getpid() not in processes
    assert {one[2:] for one in found} == {("1", "-1")}
    assert again[0][1] in processes


def test_an_array_is_shared_and_its_file_goes_with_it(light):
    with Workers(2) as workers:
        shared = workers.share(np.ones((100, 50), np.float32))
        ((total, kind),) = workers.run([functools.partial(calls.sum_of, shared)])
        assert (total, kind) == (5000.0, "memmap")
        (path,) = workers._folder.iterdir()
        del shared
        assert not path.exists()


def test_a_process_that_is_lost_is_no_matter(light, tmp_path):
    with Workers(2) as workers:
        several = [functools.partial(calls.killed_once, tmp_path / "flag", value) for value in range(4)]
        assert workers.run(several) == [0, 1, 2, 3]


def test_processes_that_are_lost_again_and_again_are_an_error(light, monkeypatch):
    monkeypatch.setattr(pool, "MOST_LOSSES", 1)
    with Workers(2) as workers, pytest.raises(WorkerError, match=r"ended 2 times .*SIGKILL.* smaller n_jobs"):
        workers.run([functools.partial(calls.killed, 0)])


def test_an_error_of_a_call_is_the_callers(light):
    with Workers(2) as workers, pytest.raises(ValueError, match="no 3"):
        workers.run([functools.partial(calls.failed, 3)])


def test_ctrl_c_ends_the_processes(light, tmp_path, request):
    # A shell's background job ignores it.
    request.addfinalizer(functools.partial(signal.signal, signal.SIGINT, signal.getsignal(signal.SIGINT)))
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def press():
        while len(list(tmp_path.iterdir())) < 2:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press, daemon=True).start()
    with Workers(2) as workers, pytest.raises(KeyboardInterrupt), deferred_interrupt():
        workers.run([functools.partial(calls.busy, tmp_path)] * 2)
    pids = [int(path.name) for path in tmp_path.iterdir()]
    end = time.monotonic() + PATIENCE_S
    while are_running(pids):
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize(("seconds", "count"), [(0.0, 1), (15.0, 2), (99.0, 3)])
def test_no_call_begins_after_the_deadline_but_the_first(seconds, count, turned):
    def call():
        turned.turn(10.0)
        return turned.seconds

    assert len(HERE.run([call] * 3, turned.seconds + seconds)) == count


def test_the_deadline_holds_for_processes_too(light, monkeypatch):
    now = itertools.count()
    monkeypatch.setattr("tsnas.system.clock.monotonic", now.__next__)
    with Workers(2) as workers:
        found = workers.run([functools.partial(calls.described, i) for i in range(50)], deadline=4.5)
    assert 1 < len(found) < 8


def test_one_job_needs_no_process_where_tensorflow_has_one_thread(monkeypatch):
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "1")
    here = [Workers().run([os.getpid]), Workers(1).run([os.getpid]), HERE.run([os.getpid])]
    assert here == [[os.getpid()]] * 3


@pytest.mark.parametrize("n_jobs", [None, 1, -1, 3, np.int64(2)])
def test_numbers_of_processes_are_as_in_scikit_learn(n_jobs):
    assert check_n_jobs(n_jobs) == n_jobs


@pytest.mark.parametrize("n_jobs", [0, 1.5, "all", True])
def test_other_numbers_of_processes_are_refused(n_jobs):
    with pytest.raises(SettingError, match=r"n_jobs=.* -1 for one on each core"):
        check_n_jobs(n_jobs)


def test_a_daemonic_process_has_no_others_and_one_thread(monkeypatch):
    threads = []
    monkeypatch.setattr(multiprocessing.current_process(), "daemon", True)
    monkeypatch.setattr(process, "has_one_thread", lambda: False)
    monkeypatch.setattr(process, "use_one_thread", lambda: threads.append(1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # joblib says that several cannot be.
        assert [Workers(n_jobs).run([os.getpid, os.getpid]) for n_jobs in (None, 2)] == [[os.getpid()] * 2] * 2
    assert threads == [1, 1]


def test_a_daemonic_process_that_has_several_threads_is_told_of_it(monkeypatch):
    def refuse():
        raise WorkerError("too late")

    monkeypatch.setattr(multiprocessing.current_process(), "daemon", True)
    monkeypatch.setattr(process, "has_one_thread", lambda: False)
    monkeypatch.setattr(process, "use_one_thread", refuse)
    with pytest.warns(UserWarning, match=r"multiprocessing\.Pool.*TF_NUM_INTRAOP_THREADS=1"):
        assert Workers().run([os.getpid]) == [os.getpid()]
