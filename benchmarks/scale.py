"""Fits 200,000 windows that lie in a file: memory of the whole job, and seconds for twice the windows at equal steps.

    python -m benchmarks.scale

The file holds windows (128, 9) of int16, made up. A job is trained on all of them in a process of its own with one
thread (`one process`), and with a worker process (`n_jobs=1`). Each training ends after --steps steps, so what more
windows cost is what is done outside the steps. The bytes are the most at any time: `peak` is what the system has
counted for the main process, pages of the file and of libraries included, and `pss` the sum over it and its workers, in
which pages that several processes share count once, and in part where other programs share them; it is sampled.
`imports` is what the process has before it fits. Processor seconds are those of the main process, and wall seconds say
little on a machine that does other things.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import psutil
import tabulate
from absl import app, flags

from benchmarks.record import provenance, write_json

WINDOWS = flags.DEFINE_integer("windows", 200_000, "Windows of the larger data set.", lower_bound=1000)
STEPS = flags.DEFINE_integer("steps", 160, "Steps of each training.", lower_bound=1)
SCALE_OUT = flags.DEFINE_string("scale_out", "benchmarks/results/scale.json", "Where to write the results as JSON.")

SHAPE = (128, 9)
AT_ONCE = 4_000  # windows
SAMPLE_S = 0.2


def write_windows(path: pathlib.Path, windows: int) -> None:
    """Writes noisy sines, whose pitch depends on the class, as a .npy file."""
    file = np.lib.format.open_memmap(path, "w+", np.int16, (windows, *SHAPE))
    time_steps = np.arange(SHAPE[0])[np.newaxis, :, np.newaxis]
    for start in range(0, windows, AT_ONCE):
        rng = np.random.default_rng(start)
        places = np.arange(start, min(start + AT_ONCE, windows))[:, np.newaxis, np.newaxis]
        phases = rng.uniform(0, 2 * np.pi, (len(places), 1, SHAPE[1]))
        noise = rng.normal(0, 300, (len(places), *SHAPE))
        file[start : start + AT_ONCE] = 800 * np.sin((0.1 + 0.05 * (places % 6)) * time_steps + phases) + noise


def sampled_pss(child: subprocess.Popen[str], ended: threading.Event, found: dict[str, Any]) -> None:
    """Notes the most memory that a process and its descendants had together, until the event."""
    while not ended.wait(SAMPLE_S):
        try:
            root = psutil.Process(child.pid)
            sizes = [one.memory_full_info().pss for one in (root, *root.children(recursive=True))]
        except psutil.Error:  # One has ended meanwhile.
            continue
        if sum(sizes) > found["pss_bytes"]:
            found |= {"pss_bytes": sum(sizes), "pss_each_bytes": sizes}


def run_job(path: pathlib.Path, windows: int, n_jobs: int | None) -> dict[str, Any]:
    """Runs one job; returns its seconds and bytes."""
    threads = {"TF_NUM_INTRAOP_THREADS": "1"} if n_jobs is None else {}
    found: dict[str, Any] = {"windows": windows, "n_jobs": n_jobs, "pss_bytes": 0}
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.scale_child", str(path), str(windows), str(STEPS.value), str(n_jobs)],
        env=os.environ | threads,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        ended = threading.Event()
        watch = threading.Thread(target=sampled_pss, args=(child, ended, found))
        watch.start()
        assert child.stdout is not None
        lines = child.stdout.read().splitlines()
        ended.set()
        watch.join()
    if child.returncode:
        raise RuntimeError(f"The job with {windows} windows has ended with exit code {child.returncode}.")
    return found | json.loads(lines[-1])


def table(rows: Sequence[dict[str, Any]]) -> str:
    lines = [
        (
            f"{row['windows']:,}",
            "one process" if row["n_jobs"] is None else f"n_jobs={row['n_jobs']}",
            *(f"{row[name]:.1f}" for name in ("wall_s", "cpu_s")),
            *(f"{row[name] / 1e6:,.0f}" for name in ("imports_bytes", "peak_bytes", "pss_bytes")),
        )
        for row in rows
    ]
    headers = ("windows", "processes", "wall s", "processor s", "imports MB", "peak MB", "pss MB")
    return tabulate.tabulate(lines, headers, disable_numparse=True, colalign=("right", "left", *["right"] * 5))


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    many = WINDOWS.value
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "windows.npy"
        write_windows(path, many)
        file_bytes = path.stat().st_size
        for windows, n_jobs in ((many // 2, None), (many, None), (many, 1)):
            rows.append(run_job(path, windows, n_jobs))
            print(time.strftime("%H:%M:%S"), json.dumps(rows[-1]), flush=True)
    few, all_here = rows[:2]
    results = {
        "steps": STEPS.value,
        "file_bytes": file_bytes,
        "jobs": rows,
        "times_for_twice_the_windows": all_here["cpu_s"] / few["cpu_s"],
    }
    print(f"\n{table(rows)}\n")
    print(f"Twice the windows: {results['times_for_twice_the_windows']:.2f} times the processor seconds")
    packages = ("tsnas", "tensorflow", "tf_keras", "numpy", "scikit-learn")
    write_json(SCALE_OUT.value, provenance("benchmarks.scale", packages) | results)
    print(f"Written: {SCALE_OUT.value}")


if __name__ == "__main__":
    app.run(main)
