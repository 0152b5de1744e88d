"""Jobs in one process, and in one chief and three workers on loopback: nothing lost, nothing counted twice."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import pytest

from tsnas.errors import JobError, OutputDirError, WorkerError
from tsnas.tuning import chief_client as client
from tsnas.tuning.tuner import run_jobs

COUNT = 6


def two_stages(folder: pathlib.Path, count: int = COUNT):
    """A plan of `count` jobs and, when their outcomes are there, one that needs them all."""
    first = [f"part_{index}" for index in range(count)]

    def plan():
        return [*first, "sum"] if all((folder / name).exists() for name in first) else first

    return plan


def runner(folder: pathlib.Path, calls: list[str] | None = None):
    def run(job: str) -> float:
        if calls is not None:
            calls.append(job)
        parts = sorted(folder.glob("part_*"))
        value = sum(float(part.read_text()) for part in parts) if job == "sum" else float(job[-1])
        (folder / job).write_text(str(value))
        return value

    return run


def test_runs_every_job_once_and_the_last_after_all_others(tmp_path):
    calls: list[str] = []
    run_jobs(two_stages(tmp_path), runner(tmp_path, calls), tmp_path)
    assert calls == [*(f"part_{index}" for index in range(COUNT)), "sum"]
    assert float((tmp_path / "sum").read_text()) == sum(range(COUNT))


def test_finished_work_is_not_run_again(tmp_path):
    run_jobs(two_stages(tmp_path), runner(tmp_path), tmp_path)
    run_jobs(two_stages(tmp_path), lambda job: pytest.fail(f"{job} was run again"), tmp_path)


def test_goes_on_after_an_interruption(tmp_path):
    calls: list[str] = []

    def interrupted(job: str) -> float:
        if job == "part_3":
            raise KeyboardInterrupt
        return runner(tmp_path, calls)(job)

    with pytest.raises(KeyboardInterrupt):
        run_jobs(two_stages(tmp_path), interrupted, tmp_path)
    assert calls == ["part_0", "part_1", "part_2"]
    run_jobs(two_stages(tmp_path), runner(tmp_path, calls), tmp_path)
    assert sorted(calls) == [*(f"part_{index}" for index in range(COUNT)), "sum"]


def test_error_of_a_job_is_raised_as_it_is_and_the_job_is_tried_again_next_time(tmp_path):
    def failing(job: str) -> float:
        if job == "part_1":
            raise ZeroDivisionError("no such part")
        return runner(tmp_path)(job)

    with pytest.raises(ZeroDivisionError, match=r"no such part"):
        run_jobs(two_stages(tmp_path), failing, tmp_path)
    calls: list[str] = []
    run_jobs(two_stages(tmp_path), runner(tmp_path, calls), tmp_path)
    assert calls[0] == "part_1"
    assert "part_0" not in calls
    assert (tmp_path / "sum").exists()


def test_chief_goes_on_with_what_was_done_alone_and_waits_for_nobody_if_that_was_all(tmp_path, monkeypatch):
    run_jobs(two_stages(tmp_path), runner(tmp_path), tmp_path)
    finished = tmp_path / "tuner" / client.FINISHED_FILE
    finished.unlink()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    for name, value in ((client.CHIEF, "127.0.0.1"), (client.PORT, port), (client.TUNER_ID, "chief")):
        monkeypatch.setenv(name, value)
    run_jobs(two_stages(tmp_path), runner(tmp_path), tmp_path)
    assert finished.exists()


def test_names_what_is_missing_in_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv(client.CHIEF, "127.0.0.1")
    monkeypatch.setenv(client.PORT, "8000")
    with pytest.raises(WorkerError, match=r"but KERASTUNER_TUNER_ID is not set.*'chief' or to a unique name"):
        run_jobs(two_stages(tmp_path), runner(tmp_path), tmp_path)


def test_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputDirError):
        run_jobs(two_stages(tmp_path), runner(tmp_path), tmp_path / "file")


# What each process of the tests below runs: jobs that note who began and who ended them.
SCRIPT = """
import os, pathlib, sys, time
sys.path.insert(0, {tests!r})
from test_tuner import two_stages, runner
from tsnas.tuning.tuner import run_jobs
folder, seconds, lease_s, team = pathlib.Path(sys.argv[1]), *map(float, sys.argv[2:])
me = os.environ["KERASTUNER_TUNER_ID"]
(folder / f"ready_{{me}}").touch()
while len(list(folder.glob("ready_*"))) < team:  # Importing takes seconds, and another time for each.
    time.sleep(0.05)

def note(event, job):
    with open(folder / "log", "a") as log:
        log.write(f"{{event}} {{job}} {{me}}\\n")

def run(job):
    note("begin", job)
    time.sleep(seconds)
    if (folder / f"fail_{{job}}").exists():
        raise ValueError(f"{{job}} is broken")
    value = runner(folder)(job)
    note("end", job)
    return value

run_jobs(two_stages(folder), run, folder, lease_s)
note("left", "-")
"""


class Team:
    """A chief and workers on loopback that share a folder."""

    def __init__(self, folder: pathlib.Path, seconds: float, lease_s: float):
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._environment = os.environ | {client.CHIEF: "127.0.0.1", client.PORT: str(port), "GRPC_VERBOSITY": "NONE"}
        script = SCRIPT.format(tests=str(pathlib.Path(__file__).parent))
        self._command = [sys.executable, "-c", script, str(folder), str(seconds), str(lease_s)]
        self.processes: dict[str, subprocess.Popen] = {}

    def start(self, *names: str) -> None:
        """Starts processes; they wait for each other."""
        for name in names:
            environment = self._environment | {client.TUNER_ID: name}
            command = [*self._command, str(len(names))]
            self.processes[name] = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)

    def kill(self, name: str) -> None:
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes[name].wait()

    def events(self, event: str) -> list[tuple[str, str]]:
        """(job, who) of each line of the log with that event."""
        if not (self.folder / "log").exists():
            return []
        lines = [line.split() for line in (self.folder / "log").read_text().splitlines()]
        return [(job, who) for kind, job, who in lines if kind == event]

    def wait_for(self, condition, seconds: float = 180) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.events("begin")
            time.sleep(0.05)

    def finish(self, *names: str) -> dict[str, tuple[int, str]]:
        ended = {}
        for name in names:
            _, stderr = self.processes[name].communicate(timeout=90)
            ended[name] = self.processes[name].returncode, stderr
        return ended


@pytest.fixture
def team(tmp_path):
    teams = []

    def make(seconds: float = 0.3, lease_s: float = 60.0) -> Team:
        teams.append(Team(tmp_path, seconds, lease_s))
        return teams[-1]

    yield make
    for made in teams:
        for process in made.processes.values():
            if process.poll() is None:
                process.kill()
            process.communicate()


WORKERS = ("worker0", "worker1", "worker2")


def assert_all_done_once(team: Team) -> None:
    ended = sorted(job for job, _ in team.events("end"))
    assert ended == sorted({*(f"part_{index}" for index in range(COUNT)), "sum"})
    assert float((team.folder / "sum").read_text()) == sum(range(COUNT))
    states = [json.loads(path.read_text()) for path in (team.folder / "tuner").glob("trial_*/trial.json")]
    assert sorted(state["status"] for state in states) == ["COMPLETED"] * (COUNT + 1)
    assert len({state["hyperparameters"]["values"]["job"] for state in states}) == COUNT + 1


def test_three_workers_share_the_jobs(team):
    three = team(seconds=1.5)
    three.start("chief", *WORKERS)
    ended = three.finish("chief", *WORKERS)
    assert all(code == 0 for code, _ in ended.values()), ended
    assert_all_done_once(three)
    assert len({who for _, who in three.events("end")}) == 3
    assert "chief" not in {who for _, who in three.events("begin")}
    # One that comes when all is done has nothing to wait for.
    three.start("worker3")
    assert three.finish("worker3")["worker3"][0] == 0


def test_job_of_a_killed_worker_is_run_by_another(team):
    three = team(seconds=2.0, lease_s=2.0)
    three.start("chief", *WORKERS)
    three.wait_for(lambda: len(three.events("begin")) >= 3)
    lost_job, lost = three.events("begin")[-1]
    three.kill(lost)
    others = [name for name in WORKERS if name != lost]
    ended = three.finish("chief", *others)
    assert all(code == 0 for code, _ in ended.values()), ended
    assert_all_done_once(three)
    assert [who for job, who in three.events("begin") if job == lost_job][1] in others


def test_killed_chief_is_started_again_and_goes_on(team):
    three = team(seconds=0.5)
    three.start("chief", *WORKERS)
    three.wait_for(lambda: len(three.events("end")) >= 2)
    three.kill("chief")
    time.sleep(1.0)
    three.start("chief")
    ended = three.finish("chief", *WORKERS)
    assert all(code == 0 for code, _ in ended.values()), ended
    assert_all_done_once(three)


def test_killed_worker_that_is_started_again_gets_its_job_back(team):
    three = team(seconds=1.0)
    three.start("chief", "worker0")
    three.wait_for(lambda: len(three.events("begin")) >= 1)
    three.kill("worker0")
    three.start("worker0")
    ended = three.finish("chief", "worker0")
    assert all(code == 0 for code, _ in ended.values()), ended
    assert_all_done_once(three)
    assert [job for job, _ in three.events("begin")][:2] == ["part_0", "part_0"]


def test_failed_job_stops_all_and_everyone_says_why(team):
    three = team(lease_s=5.0)
    (three.folder / "fail_part_1").write_text("")
    three.start("chief", *WORKERS)
    ended = three.finish("chief", *WORKERS)
    assert all(code != 0 for code, _ in ended.values()), ended
    said = [stderr for _, stderr in ended.values()]
    assert all("part_1 is broken" in text for text in said), said
    assert sum(JobError.__name__ in text for text in said) == 3
    assert not (three.folder / "sum").exists()
