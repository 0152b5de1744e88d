"""Jobs in one process, and in one chief and three workers on loopback: nothing lost, nothing counted twice."""

import contextlib
import json
import os
import pathlib
import socket
import time

import pytest
from processes import PATIENCE_S, Process

from tsnas.errors import JobError, OutputDirError, WorkerError
from tsnas.system import clock
from tsnas.system.files import write_file
from tsnas.tuning import chief_client as client
from tsnas.tuning.tuner import run_jobs

COUNT = 6
# Between two looks at a file.
POLL_S = 0.05


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


def member(folder: pathlib.Path, lease_s: float) -> None:
    """What each process of the tests below runs: jobs that note who begins and who ends them, and wait at a gate.

    Leases go by the clock that stands in a file, which only the test turns.
    """
    clock.monotonic = lambda: float((folder / "clock").read_text())
    me = os.environ[client.TUNER_ID]

    def note(event: str, job: str) -> None:
        with open(folder / "log", "a") as log:
            log.write(f"{event} {job} {me}\n")

    def run(job: str) -> float:
        note("begin", job)
        while not any((folder / gate).exists() for gate in ("gate", f"gate_{job}")):
            time.sleep(POLL_S)
        if (folder / f"fail_{job}").exists():
            raise ValueError(f"{job} is broken")
        value = runner(folder)(job)
        note("end", job)
        return value

    run_jobs(two_stages(folder), run, folder, lease_s)
    note("left", "-")


class Team:
    """A chief and workers on loopback that share a folder."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._environment = {client.CHIEF: "127.0.0.1", client.PORT: str(port), "GRPC_VERBOSITY": "NONE"}
        self.processes: dict[str, Process] = {}
        self.turn_clock(0.0)

    def turn_clock(self, seconds: float) -> None:
        write_file(self.folder / "clock", str(seconds))

    def start(self, *names: str, lease_s: float = 60.0) -> None:
        for name in names:
            environment = self._environment | {client.TUNER_ID: name}
            self.processes[name] = Process(member, self.folder, lease_s, **environment)

    def open_gates(self, *jobs: str) -> None:
        """Lets jobs go on that wait at their gate; without names all, also those to come."""
        for gate in [f"gate_{job}" for job in jobs] or ["gate"]:
            (self.folder / gate).touch()

    def events(self, event: str) -> list[tuple[str, str]]:
        """(job, who) of each line of the log with that event."""
        if not (self.folder / "log").exists():
            return []
        lines = [line.split() for line in (self.folder / "log").read_text().splitlines()]
        return [(job, who) for kind, job, who in lines if kind == event]

    def wait_for(self, event: str, count: int) -> None:
        """Waits until that event has come so often; the test fails if it never will, as far as anyone can tell."""
        deadline = time.monotonic() + PATIENCE_S
        while len(self.events(event)) < count:
            assert time.monotonic() < deadline, {name: process.said for name, process in self.processes.items()}
            time.sleep(POLL_S)

    def wait_for_chief(self, count: int) -> None:
        """Waits until the chief knows that so many jobs are done, which it may hear long after they have ended."""
        deadline = time.monotonic() + PATIENCE_S
        while self.states().count("COMPLETED") < count:
            assert time.monotonic() < deadline, {name: process.said for name, process in self.processes.items()}
            time.sleep(POLL_S)

    def states(self) -> list[str]:
        """States of the jobs that the chief has given out."""
        found = []
        for path in (self.folder / "tuner").glob("trial_*/trial.json"):
            with contextlib.suppress(ValueError):  # The chief is just writing it.
                found.append(json.loads(path.read_text())["status"])
        return sorted(found)

    def finish(self, *names: str) -> dict[str, tuple[int, str]]:
        return {name: (self.processes[name].end(), self.processes[name].said) for name in names}


@pytest.fixture
def team(tmp_path):
    made = Team(tmp_path)
    yield made
    for process in made.processes.values():
        process.kill()


WORKERS = ("worker0", "worker1", "worker2")


def assert_all_done_once(team: Team) -> None:
    ended = sorted(job for job, _ in team.events("end"))
    assert ended == sorted({*(f"part_{index}" for index in range(COUNT)), "sum"})
    assert float((team.folder / "sum").read_text()) == sum(range(COUNT))
    states = [json.loads(path.read_text()) for path in (team.folder / "tuner").glob("trial_*/trial.json")]
    assert team.states() == ["COMPLETED"] * (COUNT + 1)
    assert len({state["hyperparameters"]["values"]["job"] for state in states}) == COUNT + 1


def assert_all_left(team: Team, *names: str) -> None:
    ended = team.finish(*names)
    assert all(code == 0 for code, _ in ended.values()), ended


def test_three_workers_share_the_jobs(team):
    team.start("chief", *WORKERS)
    # Each of them holds one before any is done.
    team.wait_for("begin", 3)
    assert {who for _, who in team.events("begin")} == set(WORKERS)
    team.open_gates()
    assert_all_left(team, "chief", *WORKERS)
    assert_all_done_once(team)
    assert {who for _, who in team.events("end")} == set(WORKERS)
    assert "chief" not in {who for _, who in team.events("begin")}
    # One that comes when all is done has nothing to wait for.
    team.start("worker3")
    assert_all_left(team, "worker3")


def test_job_of_a_killed_worker_is_run_by_another(team):
    team.start("chief", *WORKERS)
    team.wait_for("begin", 3)
    lost_job, lost = team.events("begin")[-1]
    team.processes[lost].kill()
    every = {f"part_{index}" for index in range(COUNT)}
    team.open_gates(*(every - {lost_job}))
    # All else is done, and its lease has not ended.
    team.wait_for("end", COUNT - 1)
    team.wait_for_chief(COUNT - 1)
    assert [who for job, who in team.events("begin") if job == lost_job] == [lost]
    team.turn_clock(61.0)
    team.open_gates()
    others = [name for name in WORKERS if name != lost]
    assert_all_left(team, "chief", *others)
    assert_all_done_once(team)
    again = [who for job, who in team.events("begin") if job == lost_job]
    assert len(again) == 2
    assert again[1] in others


def test_killed_chief_is_started_again_and_goes_on(team):
    team.start("chief", *WORKERS)
    team.wait_for("begin", 3)
    team.open_gates("part_0", "part_1")
    team.wait_for("begin", 5)
    team.processes["chief"].kill()
    # A worker that has done its job finds no chief.
    team.open_gates("part_2")
    team.wait_for("end", 3)
    team.start("chief")
    team.open_gates()
    assert_all_left(team, "chief", *WORKERS)
    assert_all_done_once(team)


def test_killed_worker_that_is_started_again_gets_its_job_back(team):
    team.start("chief", "worker0")
    team.wait_for("begin", 1)
    team.processes["worker0"].kill()
    team.start("worker0")
    team.wait_for("begin", 2)
    team.open_gates()
    assert_all_left(team, "chief", "worker0")
    assert_all_done_once(team)
    assert [job for job, _ in team.events("begin")][:2] == ["part_0", "part_0"]


def test_failed_job_stops_all_and_everyone_says_why(team):
    (team.folder / "fail_part_1").write_text("")
    team.open_gates()
    team.start("chief", *WORKERS, lease_s=5.0)
    ended = team.finish("chief", *WORKERS)
    assert all(code != 0 for code, _ in ended.values()), ended
    said = [stderr for _, stderr in ended.values()]
    assert all("part_1 is broken" in text for text in said), said
    assert sum(JobError.__name__ in text for text in said) == 3
    assert not (team.folder / "sum").exists()
