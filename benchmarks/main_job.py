"""Runs the whole job (search, training, quantisation, checks) at several limits and seeds, and states what comes out.

    python -m benchmarks.main_job --data=../shared/data/uci_har.npz --limits=30:64 --seeds=0,1,2

Validation windows are split off by group, in the job; the test windows are used once for each finished model, to state
its scores. Each result is written as soon as it is there, and a run that is started again goes on where it ended.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate
from absl import app, flags

from benchmarks.job import run_job
from benchmarks.record import provenance, write_json
from tsnas.datasets import Dataset, load_npz, shoulder
from tsnas.search.strategies import STRATEGIES
from tsnas.space.config import SPACES

DATA = flags.DEFINE_string("data", None, "A .npz file as for `tsnas search --data`; else the shoulder set.")
BOARD = flags.DEFINE_string("board", "nucleo_f446re", "Board.")
LIMITS = flags.DEFINE_list("limits", ["30:64"], "Limits as MS:KB pairs, of latency in ms and of RAM in KB.")
SEEDS = flags.DEFINE_list("seeds", ["0", "1", "2"], "Seeds.")
SPACE = flags.DEFINE_enum("space", "tsnas", sorted(SPACES), "Search space.")
STRATEGY = flags.DEFINE_enum("strategy", "evolution", sorted(STRATEGIES), "How candidates are found.")
OUT = flags.DEFINE_string("out", None, "JSON file; benchmarks/results/main_job_DATA.json if not given.")

# What tells one job from another.
KEY = ("board", "space", "strategy", "max_latency_ms", "max_ram_kb", "seed")


def table(results: list[dict[str, Any]]) -> str:
    """A line for each result, and the mean and spread of each pair of limits."""
    rows = []
    for job in dict.fromkeys(tuple(r[name] for name in KEY[:-1]) for r in results):
        group = [r for r in results if tuple(r[name] for name in KEY[:-1]) == job]
        rows += [_row(r, str(r["seed"])) for r in group]
        if len(group) > 1:
            mean_f1 = [np.mean([r["test"][kind]["macro_f1"] for r in group]) for kind in ("float", "int8")]
            spread = np.std([r["test"]["int8"]["macro_f1"] for r in group], ddof=1)
            rows.append(
                (*_row(group[0], "mean")[:4], "", "", "", f"{mean_f1[0]:.4f}", f"{mean_f1[1]:.4f}")
                + (f"± {spread:.4f} (sd)",)
            )
    headers = ("space", "strategy", "limits", "seed", "ms", "RAM KB", "flash KB", "float F1", "int8 F1", "minutes")
    return tabulate.tabulate(rows, headers, disable_numparse=True)


def _row(r: dict[str, Any], seed: str) -> tuple[str, ...]:
    scores = r["test"]
    return (
        r["space"],
        r["strategy"],
        f"{r['max_latency_ms']:g} ms, {r['max_ram_kb']:g} KB" + ("" if r["inside_limits"] else " BROKEN"),
        seed,
        f"{r['latency_ms']:.2f}",
        f"{r['ram_bytes'] / 1024:.2f}",
        f"{r['flash_bytes'] / 1024:.2f}",
        f"{scores['float']['macro_f1']:.4f}",
        f"{scores['int8']['macro_f1']:.4f}",
        f"{r['minutes']:.1f}",
    )


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    if DATA.value:
        data: Any = load_npz(DATA.value)
    else:
        train, test = shoulder.load_data()
        data = Dataset(*train, *test)
    name = pathlib.Path(DATA.value).stem if DATA.value else "shoulder"
    out = pathlib.Path(OUT.value or f"benchmarks/results/main_job_{name}.json")
    results = json.loads(out.read_text())["results"] if out.exists() else []
    record = provenance("benchmarks.main_job", ("tsnas", "tensorflow", "tf_keras", "numpy"))
    for pair in LIMITS.value:
        max_latency_ms, max_ram_kb = (float(part) for part in pair.split(":"))
        for seed in map(int, SEEDS.value):
            key = (BOARD.value, SPACE.value, STRATEGY.value, max_latency_ms, max_ram_kb, seed)
            if key in [tuple(r[name] for name in KEY) for r in results]:
                continue
            results.append(run_job(data, *key))
            write_json(out, record | {"data": name, "results": results})
            print(table(results[-1:]), flush=True)
    print(f"\n{name} on {BOARD.value}\n{table(results)}\n\nWritten: {out}")


if __name__ == "__main__":
    app.run(main)
