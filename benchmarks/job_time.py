"""Times whole jobs of two checkouts side by side: seconds by phase, peak memory, and scores on test windows.

    git worktree add ../before a6c6922
    python -m benchmarks.job_time --before=../before --jobs=few,shoulder --n_jobs=2
    python -m benchmarks.job_time --jobs=few --n_jobs=1

Both checkouts run the same jobs in processes of their own, in turns, so that a machine that is busier at one time than
at another slows both. Jobs: `few` (50 windows of one channel), `shoulder` (comes with tsnas) and `uci_har` (--uci_har).
Without the other checkout, jobs of this one alone are run. Processor seconds and memory are those of a job's process
and all its workers. Runs that the JSON file has already are not done again.
"""

from __future__ import annotations

import itertools
import json
import os
import pathlib
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import psutil
import tabulate
from absl import app, flags

from benchmarks.engine import read_results
from benchmarks.record import provenance, write_json

BEFORE = flags.DEFINE_string("before", None, "Another checkout of tsnas.")
JOBS = flags.DEFINE_list("jobs", ["few", "shoulder"], "Jobs: few, shoulder, uci_har.")
SEEDS = flags.DEFINE_list("seeds", ["0", "1", "2"], "Seeds.")
N_JOBS = flags.DEFINE_integer("n_jobs", 2, "Worker processes, where a checkout has them.")
UCI_HAR = flags.DEFINE_string("uci_har", "../shared/data/uci_har.npz", "File of UCI-HAR for the job uci_har.")
OUT = flags.DEFINE_string("out", "benchmarks/results/job_time.json", "Where to write.")

CHILD = pathlib.Path(__file__).with_name("job_time_child.py")
NOW = pathlib.Path(__file__).resolve().parents[1]
PHASES = ("search", "contest", "train", "quantise")
SAMPLE_S = 0.5


class Watch(threading.Thread):
    """Adds up the processor seconds of a process and its descendants, and finds the most memory that they had."""

    def __init__(self, pid: int):
        super().__init__(daemon=True)
        self._root = psutil.Process(pid)
        self._seconds: dict[int, float] = {}
        self._ended = threading.Event()
        self.peak_bytes = 0

    def run(self) -> None:
        while not self._ended.wait(SAMPLE_S):
            self.sample()

    def sample(self) -> float:
        """Looks at all processes; returns their processor seconds so far."""
        total = 0
        try:
            for process in (self._root, *self._root.children(recursive=True)):
                times = process.cpu_times()
                self._seconds[process.pid] = times.user + times.system
                # Pages that several processes share count once.
                total += process.memory_full_info().pss
        except psutil.Error:  # One has ended meanwhile.
            pass
        self.peak_bytes = max(self.peak_bytes, total)
        return sum(self._seconds.values())

    def end(self) -> None:
        """Ends the thread."""
        self._ended.set()
        self.join()


def run_job(checkout: pathlib.Path, job: str, seed: int) -> dict[str, Any]:
    """Runs a job of a checkout, and returns its seconds, memory and scores."""
    environment = os.environ | {"PYTHONPATH": str(checkout / "src"), "PYTHONUNBUFFERED": "1"}
    arguments = [f"{job}", str(seed), str(N_JOBS.value), UCI_HAR.value]
    marks: list[tuple[str, float, float]] = []
    started = time.monotonic()
    with subprocess.Popen(
        [sys.executable, str(CHILD), *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        watch = Watch(child.pid)
        watch.start()
        line = ""
        assert child.stdout is not None
        for line in child.stdout:
            phase = line.split()[0] if line.split() else ""
            marks.append((phase, time.monotonic() - started, watch.sample()))
        watch.end()
    if child.returncode:
        raise RuntimeError(f"The job {job} of {checkout} has ended with exit code {child.returncode}.")
    outcome = json.loads(line)
    wall_s, cpu_s = marks[-1][1:]
    found: dict[str, Any] = {"wall_s": round(wall_s, 1), "cpu_s": round(cpu_s, 1)}
    found["peak_mb"] = round(watch.peak_bytes / 1e6)
    for phase in PHASES:
        # A phase lasts from the line before its first one to its last one.
        own = [place for place, mark in enumerate(marks) if mark[0] == phase]
        if own:
            begin, end = marks[own[0] - 1], marks[own[-1]]
            found[f"{phase}_wall_s"], found[f"{phase}_cpu_s"] = (round(end[at] - begin[at], 1) for at in (1, 2))
    return found | outcome


def table(results: list[dict[str, Any]]) -> str:
    """Medians over seeds for both checkouts, and their ratio, for each job and number of workers."""
    columns = ("wall_s", "cpu_s", *(f"{phase}_cpu_s" for phase in PHASES), "peak_mb", "macro_f1", "accuracy")
    rows = []
    for job, n_jobs in dict.fromkeys((row["job"], row["n_jobs"]) for row in results):
        medians = {}
        for which in ("before", "now"):
            own = [row for row in results if (row["job"], row["n_jobs"], row["checkout"]) == (job, n_jobs, which)]
            medians[which] = [
                float(np.median([row[name] for row in own])) if own and all(name in row for row in own) else None
                for name in columns
            ]
            rows.append((job, n_jobs, which, len(own), *medians[which]))
        ratios = [
            now / before if now is not None and before else None
            for before, now in zip(medians["before"], medians["now"], strict=True)
        ]
        rows.append((job, n_jobs, "ratio", None, *ratios))
    return tabulate.tabulate(rows, ("job", "n_jobs", "checkout", "seeds", *columns), floatfmt=".3f")


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    checkouts = {"now": NOW}
    if BEFORE.value is not None:
        checkouts = {"before": pathlib.Path(BEFORE.value).resolve()} | checkouts
    results = read_results(OUT.value)
    for job, seed, (which, folder) in itertools.product(JOBS.value, map(int, SEEDS.value), checkouts.items()):
        commit = subprocess.run(["git", "-C", folder, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
        key = {"job": job, "checkout": which, "seed": seed, "commit": commit.stdout.strip(), "n_jobs": N_JOBS.value}
        if any(key.items() <= row.items() for row in results):
            continue
        results.append(key | run_job(folder, job, seed))
        print(*results[-1].values(), flush=True)
        record = provenance("benchmarks.job_time", ("tsnas", "tensorflow", "tf_keras", "numpy"))
        write_json(OUT.value, record | {"results": results})
    print(f"\n{table(results)}\n\nWritten: {OUT.value}")


if __name__ == "__main__":
    app.run(main)
