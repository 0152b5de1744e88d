"""Workers are forked from a process of their own, and the user's script and processes notice nothing of it."""

import os
import pathlib
import shutil
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
def test_processes_of_the_users_own_are_not_forked_from_it(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
            import multiprocessing, os
            from tsnas.workers.pool import Workers
            def thread_setting(queue):
                queue.put(os.environ.get("OPENBLAS_NUM_THREADS"))
            if __name__ == "__main__":
                with Workers(2) as workers:
                    print(workers.run([os.getpid])[0] != os.getpid())
                context = multiprocessing.get_context("forkserver")
                queue = context.SimpleQueue()
                process = context.Process(target=thread_setting, args=(queue,))
                process.start()
                process.join()
                print(queue.get())
        """)
    )
    env = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=PATIENCE_S, env=env)
    assert done.stdout.split() == ["True", "None"], done.stderr


def test_a_caller_without_standard_files_has_workers_and_bars(tmp_path):
    script = textwrap.dedent("""
        import os, pathlib, sys, warnings
        from tsnas.system.bars import progress_bar
        from tsnas.system.terminal import say
        from tsnas.workers.pool import Workers
        assert sys.stdout is None and sys.stderr is None
        say("a word")
        with Workers(2) as workers, progress_bar("train", 2, "net") as bar:
            found = workers.run([os.getpid] * 2, on_result=lambda *one: bar.update())
        pathlib.Path(sys.argv[1]).write_text(str(len(found)))
    """)
    command = ["sh", "-c", '"$0" "$@" <&- >&- 2>&-', sys.executable, "-c", script, str(tmp_path / "found")]
    assert subprocess.run(command, timeout=PATIENCE_S).returncode == 0
    assert (tmp_path / "found").read_text() == "2"


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


def test_workers_are_there_when_temporary_files_have_been_cleared(light):
    # Windows lacks what it imports.
    from tsnas.workers.server import SERVER

    with Workers(2) as workers:
        assert workers.run([os.getpid])
        first = SERVER._forkserver_pid
        shutil.rmtree(pathlib.Path(SERVER._forkserver_address).parent)
        executor.end_processes()
        assert workers.run([os.getpid])
        assert SERVER._forkserver_pid != first


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
