"""Items are called in processes of their own, and their results come with them."""

import multiprocessing
import os
import pathlib
import time

from benchmarks.processes import call_each


def own_process(item):
    if item < 0:
        raise ValueError(f"{item} is negative")
    if item == 0:
        os._exit(9)
    return os.getpid()


def test_each_item_has_a_process_of_its_own_and_one_that_fails_or_dies_stops_no_other():
    found = {item: (result, error) for item, result, error in call_each(own_process, [0, 1, -1, 2], processes=2)}
    assert found.keys() == {0, 1, -1, 2}
    assert len({found[1][0], found[2][0], os.getpid()}) == 3
    assert found[-1][0] is None
    assert "ValueError: -1 is negative" in found[-1][1]
    assert found[0][0] is None
    assert "terminated abruptly" in found[0][1]
    assert found[1][1] is None


def wait_for_ever(path):
    pathlib.Path(path).write_text(str(os.getpid()))
    while True:
        time.sleep(10)


def call_with(path):
    list(call_each(wait_for_ever, [path], processes=1))


def wait_until(holds):
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_running(pid):
    """Whether there is such a process, and not only its entry that nobody has read yet."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_process_ends_when_the_one_that_started_it_is_killed(tmp_path):
    path = tmp_path / "pid"
    caller = multiprocessing.get_context("spawn").Process(target=call_with, args=(str(path),))
    caller.start()
    wait_until(lambda: path.exists() and path.read_text())
    pid = int(path.read_text())
    assert is_running(pid)
    caller.kill()
    caller.join()
    wait_until(lambda: not is_running(pid))
