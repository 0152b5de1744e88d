"""Times a whole front for two boards, and states how its models do on the test windows.

    python -m benchmarks.sweep --data=../shared/data/uci_har.npz --max_latency_ms=40 --points=4 --n_jobs=2

`tsnas sweep` is run as a user would, in a process of its own. The test windows are used once for each finished model.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import Any

import tabulate
from absl import app, flags

from benchmarks.record import provenance, write_json
from tsnas.datasets import load_npz

DATA = flags.DEFINE_string("data", None, "A .npz file as for `tsnas sweep --data`, with test windows.", required=True)
BOARDS = flags.DEFINE_string("boards", "nucleo_f446re,nucleo_l552ze_q", "Boards.")
MAX_LATENCY_MS = flags.DEFINE_string("max_latency_ms", "40", "Limits of latency, as for `tsnas sweep`.")
POINTS = flags.DEFINE_integer("points", 4, "Limits of latency on each board.", lower_bound=1)
N_JOBS = flags.DEFINE_integer("n_jobs", -1, "Worker processes, as for `tsnas sweep`.")
SEED = flags.DEFINE_integer("seed", 0, "Seed.")
FOLDER = flags.DEFINE_string("folder", None, "Folder of the front; a temporary one by default.")
OUT = flags.DEFINE_string("out", "benchmarks/results/sweep.json", "Where to write the results as JSON.")


def run_sweep(folder: str) -> float:
    """Runs the sweep and returns its minutes."""
    given = [f"--data={DATA.value}", f"--boards={BOARDS.value}", f"--max_latency_ms={MAX_LATENCY_MS.value}"]
    given += [f"--points={POINTS.value}", f"--seed={SEED.value}", f"--n_jobs={N_JOBS.value}", f"--out={folder}"]
    started = time.monotonic()
    subprocess.run([sys.executable, "-m", "tsnas", "sweep", *given, "--verbose=1"], check=True)
    return (time.monotonic() - started) / 60


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    folder = FOLDER.value or tempfile.mkdtemp(prefix="front-")
    minutes = run_sweep(folder)

    import tsnas

    data, front = load_npz(DATA.value), tsnas.ParetoSearch.read(folder)
    scores: dict[str, Any] = {}
    results = []
    for point in front.points_:
        if point.model not in scores:
            scores[point.model] = front.load(point).evaluate(data.x_test, data.y_test)
        test = {kind: round(score["macro_f1"], 4) for kind, score in scores[point.model].items()}
        on_front = point in front.front(point.board)
        results.append(
            {
                "board": point.board,
                "model": point.model,
                "max_latency_ms": point.max_latency_ms,
                "latency_ms": round(point.latency_ms, 3),
                "ram_bytes": point.ram_bytes,
                "flash_bytes": point.flash_bytes,
                "validation_macro_f1": round(point.macro_f1, 4),
                "on_front": on_front,
                "test_macro_f1": test,
            }
        )
    rows = [(*list(r.values())[:-1], r["test_macro_f1"]["float"], r["test_macro_f1"]["int8"]) for r in results]
    headers = ("board", "model", "limit ms", "ms", "RAM", "flash", "validation", "front", "float F1", "int8 F1")
    print(tabulate.tabulate(rows, headers))
    print(f"\n{minutes:.1f} minutes, {len(results)} points, {len(scores)} models")
    record = provenance("benchmarks.sweep", ("tsnas", "tensorflow"))
    write_json(OUT.value, record | {"minutes": round(minutes, 2), "seed": SEED.value, "results": results})
    print(f"Written: {OUT.value}")


if __name__ == "__main__":
    app.run(main)
