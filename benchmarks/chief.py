"""Measures what the chief of many workers has to do for a job, and what that means for the number of workers.

    python -m benchmarks.chief --jobs=50,200,800

Jobs that do nothing are run in one process, oracle and files included, so the time of a job is what the chief spends on
it beside its network calls, which are measured apart: a worker asks an oracle over loopback. Workers whose jobs take so
many seconds are kept busy up to (seconds of a job) / (seconds of the chief for it).
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

import tabulate
from absl import app, flags

from benchmarks.record import provenance, write_json

JOBS = flags.DEFINE_list("jobs", ["50", "200", "800"], "Numbers of jobs.")
JOB_S = flags.DEFINE_list("job_s", ["10", "60", "180"], "Seconds of a job, for the number of workers.")
OUT = flags.DEFINE_string("out", "benchmarks/results/chief.json", "Where to write the results as JSON.")

WORKER = """
import sys
from tsnas.tuning.tuner import run_jobs
run_jobs(lambda: [f"job-{{i}}" for i in range({count})], lambda name: 1.0, sys.argv[1])
"""


def alone_s(count: int) -> float:
    """Seconds of a job in one process."""
    from tsnas.tuning.tuner import run_jobs

    names = [f"job-{index}" for index in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        run_jobs(lambda: names, lambda name: 1.0, folder)
        return (time.monotonic() - started) / count


def loopback_s(count: int) -> float:
    """Seconds of a job from the first to the last, of one worker and a chief on loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = os.environ | {"KERASTUNER_ORACLE_IP": "127.0.0.1", "KERASTUNER_ORACLE_PORT": port}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", WORKER.format(count=count), folder]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        team = [
            subprocess.Popen(command, env=shared | {"KERASTUNER_TUNER_ID": name}, **quiet)
            for name in ("chief", "worker0")
        ]
        for process in team:
            process.wait()
        states = sorted(
            os.path.getmtime(os.path.join(root, name))
            for root, _, names in os.walk(folder)
            for name in names
            if name == "trial.json"
        )
        return (states[-1] - states[0]) / (len(states) - 1)


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    job_s = [float(text) for text in JOB_S.value]
    results = []
    for count in map(int, JOBS.value):
        alone, together = alone_s(count), loopback_s(count)
        workers = {f"{seconds:g}": int(seconds / together) for seconds in job_s}
        results.append({"jobs": count, "alone_ms": alone * 1e3, "loopback_ms": together * 1e3, "workers": workers})
        print(f"{count} jobs: {alone * 1e3:.1f} ms alone, {together * 1e3:.1f} ms over loopback", flush=True)
    rows = [(r["jobs"], r["alone_ms"], r["loopback_ms"], *r["workers"].values()) for r in results]
    headers = ("jobs", "ms alone", "ms over loopback", *(f"workers at {seconds:g} s" for seconds in job_s))
    print(tabulate.tabulate(rows, headers, floatfmt=".1f"))
    write_json(OUT.value, provenance("benchmarks.chief", ("tsnas", "keras-tuner", "grpcio")) | {"results": results})
    print(f"\nWritten: {OUT.value}")


if __name__ == "__main__":
    app.run(main)
