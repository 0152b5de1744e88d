"""Two jobs at once: folders that are taken, threads that take turns, and fits that leave the next one as it was."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import tensorflow as tf
from processes import Process
from toy_data import sines

import tsnas
from tsnas.errors import DirectoryInUseError, OutputDirError
from tsnas.search import rounds
from tsnas.system.lock import LOCK_FILE, exclusive

SPACE = tsnas.SpaceConfig(time_reduce_filters=4, fusion_filters=8, kernel_sizes=(3,), extra_fusion_cells=0)
QUICK = {"epochs": 2, "search_epochs": 1, "qat_epochs": 1, "batch_size": 24, "finalists": 1, "space": SPACE}
X, Y = sines(60)
pytestmark = pytest.mark.usefixtures("eager")

HOLDER = """
import sys
from tsnas.system.lock import exclusive
with exclusive(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()  # Until it is killed.
"""


def fitted(**params) -> bytes:
    return tsnas.AutoClassifier(**(QUICK | {"seed": 0, "verbose": 0} | params)).fit(X, Y).tflite_model_


def write_fitted(path, directory=None) -> None:
    """What a process runs: a fit whose model is written to a file."""
    tf.config.run_functions_eagerly(True)
    Path(path).write_bytes(fitted(directory=directory))


def holder(folder) -> subprocess.Popen:
    command = [sys.executable, "-c", HOLDER, str(folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    return process


@pytest.fixture(scope="module")
def alone_in_its_process(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("alone") / "model.tflite"
    process = Process(write_fitted, path)
    assert process.end() == 0, process.said
    return path.read_bytes()


def test_the_folder_is_free_again_and_nothing_is_left(tmp_path):
    for _ in range(2):
        with exclusive(tmp_path / "phases"):
            assert (tmp_path / "phases" / LOCK_FILE).exists()
        assert not (tmp_path / "phases").exists()
    (tmp_path / "kept.txt").write_text("")
    with exclusive(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


def test_a_folder_that_is_in_use_is_named_with_its_holder_and_free_once_that_is_killed(tmp_path):
    process = holder(tmp_path)
    try:
        with pytest.raises(DirectoryInUseError, match=rf"{tmp_path}' is in use .*process {process.pid} on .* its own"):
            fitted(directory=tmp_path)
        with pytest.raises(DirectoryInUseError):
            tsnas.ParetoSearch(max_latency_ms=[9.0], directory=tmp_path, verbose=0, **QUICK).fit(X, Y)
        assert issubclass(DirectoryInUseError, OutputDirError)
        with exclusive(tmp_path / "another"):
            pass
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert (tmp_path / LOCK_FILE).exists()
    with exclusive(tmp_path):
        pass
    assert not tmp_path.exists()


def test_a_folder_without_locks_is_used_with_a_warning(tmp_path, monkeypatch):
    def flock(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("tsnas.system.lock.fcntl.flock", flock)
    with (
        pytest.warns(UserWarning, match="cannot be locked .No locks available.; make sure that no other run"),
        exclusive(tmp_path),
    ):
        pass


def test_a_thread_waits_for_another_one_but_not_for_its_folder(tmp_path):
    inside, leave, order = threading.Event(), threading.Event(), []

    def first():
        with exclusive(tmp_path / "a"):
            inside.set()
            leave.wait()
            order.append("first")

    def second():
        with exclusive(tmp_path / "b"):
            order.append("second")

    threads = [threading.Thread(target=one) for one in (first, second)]
    threads[0].start()
    inside.wait()
    threads[1].start()
    with pytest.raises(DirectoryInUseError, match=f"process {os.getpid()} on"), exclusive(tmp_path / "a"):
        pass
    leave.set()
    for thread in threads:
        thread.join()
    assert order == ["first", "second"]


@pytest.mark.long
def test_one_after_another_and_in_threads_fits_end_as_each_does_alone(alone_in_its_process, monkeypatch):
    for name in ("FIRST_STEPS", "SECOND_STEPS"):
        monkeypatch.setattr(rounds, name, 1)
    fitted(seed=5, finalists=2, strategy="random")
    assert fitted() == alone_in_its_process
    found = {}
    threads = [
        threading.Thread(target=lambda seed=seed: found.update({seed: fitted(seed=seed)}), daemon=True)
        for seed in (0, 1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == alone_in_its_process != found[1]


@pytest.mark.long
def test_two_processes_with_folders_of_their_own_end_as_each_does_alone(tmp_path, alone_in_its_process):
    processes = {name: Process(write_fitted, tmp_path / f"{name}.tflite", tmp_path / name) for name in "ab"}
    for name, process in processes.items():
        assert process.end() == 0, process.said
        assert (tmp_path / f"{name}.tflite").read_bytes() == alone_in_its_process
