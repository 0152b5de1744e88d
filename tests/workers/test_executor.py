"""The processes of workers are replaced when they have grown, and end with a process that others have started."""

import multiprocessing
import os

import psutil
import pytest
from processes import PATIENCE_S, Process, are_running

from tsnas.errors import WorkerError
from tsnas.workers import executor
from tsnas.workers.pool import Workers


def test_processes_that_have_grown_are_replaced_after_the_job(light, monkeypatch):
    sizes = [100e6, *(100e6 + share * executor.MOST_GROWTH_BYTES for share in (0.8, 1.2)), 100e6]
    monkeypatch.setattr(executor, "_sizes_bytes", lambda pids: dict.fromkeys(pids, sizes.pop(0)))
    used = []
    for _ in range(4):
        with Workers(2) as workers:
            used.append(workers.run([os.getpid]))
    assert used[0] == used[1] == used[2] != used[3]


def leave_processes(path):
    """What a process runs: it ends while two idle processes of its own would wait for a day."""
    executor.IDLE_S = 86_400
    with Workers(2) as workers:
        pids = workers.run([os.getpid] * 2)
    path.write_text(" ".join(map(str, pids)))


def test_a_process_that_multiprocessing_has_started_ends_with_its_own(tmp_path):
    # With a single thread, as in other tests, it would need none.
    child = Process(leave_processes, tmp_path / "pids", TF_NUM_INTRAOP_THREADS="2")
    assert child.end() == 0, child.said
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert pids
    assert child.pid not in pids
    assert not are_running(pids)


@pytest.mark.skipif(not executor.FORKS, reason="there are no forks")
def test_a_fork_of_a_process_that_has_workers_has_its_own(light):
    with Workers(2) as workers:
        (first,) = {*workers.run([os.getpid])}

    def child(queue):
        with Workers(2) as workers:
            queue.put(workers.run([os.getpid, os.getppid]))

    fork = multiprocessing.get_context("fork")
    queue = fork.Queue()
    process = fork.Process(target=child, args=(queue,))
    process.start()
    own, server = queue.get(timeout=PATIENCE_S)
    process.join(PATIENCE_S)
    assert process.exitcode == 0
    psutil.wait_procs([psutil.Process(pid) for pid in (own, server) if psutil.pid_exists(pid)], PATIENCE_S)
    assert not are_running([own, server])
    assert own != first
    with Workers(2) as workers:
        assert workers.run([os.getpid]) == [first]


def test_a_working_folder_that_has_been_removed_is_named(light, tmp_path, monkeypatch):
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    with pytest.raises(WorkerError, match=r"working folder .* removed"), Workers(2):
        pass
