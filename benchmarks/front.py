"""Draws what jobs reach at several limits beside random draws, nets made by hand, and the paper's points.

    python -m benchmarks.main_job --data=../shared/data/uci_har.npz --limits=6:64,14.45:64,30:64 --out=jobs.json
    python -m benchmarks.main_job --data=../shared/data/uci_har.npz --limits=6:64 --strategy=random --out=jobs.json
    python -m benchmarks.handmade --data=../shared/data/uci_har.npz
    python -m benchmarks.front --jobs=jobs.json

Nothing is trained here. The hypervolume is the area between the front of the mean scores and the corner of the slowest
latency and the error of 0.1: what a larger one covers, a smaller one does not.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import Sequence

import numpy as np
import tabulate
from absl import app, flags
from matplotlib.figure import Figure

from benchmarks.record import provenance, write_json

JOBS = flags.DEFINE_string("jobs", "benchmarks/results/front_jobs_uci_har.json", "Results of benchmarks.main_job.")
HANDMADE = flags.DEFINE_string("handmade", "benchmarks/results/handmade.json", "Results of benchmarks.handmade.")
OUT = flags.DEFINE_string("out", "benchmarks/results/front.json", "Where to write the results as JSON.")
PICTURE = flags.DEFINE_string("picture", "docs/images/front.png", "Where to draw them.")

BOARD = "nucleo_f446re"
# Table 2 of the MicroNAS paper, NUCLEO-F446RE: latency in ms, int8 macro-F1.
PAPER = ((14.45, 0.9207), (123.84, 0.9413))
WORST_ERROR = 0.1
STYLES = {
    "evolution": ("o-", "#0072B2"),
    "random": ("s--", "#E69F00"),
    "made by hand": ("^:", "#009E73"),
    "MicroNAS paper": ("D", "#D55E00"),
}

Points = dict[tuple[str, str], list[tuple[float, float]]]


def points() -> Points:
    """(kind, limit or net) to (latency in ms, int8 macro-F1) of each seed."""
    found: Points = {}
    for r in json.loads(pathlib.Path(JOBS.value).read_text())["results"]:
        if r["board"] == BOARD and r["space"] == "tsnas":
            key = (r["strategy"], f"{r['max_latency_ms']:g} ms")
            found.setdefault(key, []).append((r["latency_ms"], r["test"]["int8"]["macro_f1"]))
    handmade = pathlib.Path(HANDMADE.value)
    for r in json.loads(handmade.read_text())["results"] if handmade.exists() else []:
        found.setdefault(("made by hand", r["net"]), []).append((r["latency_ms"], r["macro_f1"]["int8"]))
    return found


def hypervolume(front: Sequence[tuple[float, float]], slowest_ms: float) -> float:
    """Area that points (latency, macro-F1) cover up to the corner of `slowest_ms` and an error of 0.1, in ms."""
    area, best = 0.0, WORST_ERROR
    for latency_ms, macro_f1 in sorted(front):
        error = 1.0 - macro_f1
        if latency_ms < slowest_ms and error < best:
            area += (slowest_ms - latency_ms) * (best - error)
            best = error
    return area


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    found = points()
    means: dict[str, list[tuple[float, float]]] = {}
    rows = []
    for (kind, name), seeds in found.items():
        latency_ms, macro_f1 = np.mean(seeds, axis=0)
        spread = float(np.std([f1 for _, f1 in seeds], ddof=1)) if len(seeds) > 1 else 0.0
        means.setdefault(kind, []).append((float(latency_ms), float(macro_f1)))
        rows.append((kind, name, len(seeds), round(float(latency_ms), 2), round(float(macro_f1), 4), round(spread, 4)))
    slowest_ms = max(latency for seeds in found.values() for latency, _ in seeds) + 1.0
    volumes = {kind: round(hypervolume(front, slowest_ms), 4) for kind, front in means.items()}
    headers = ("kind", "limit or net", "seeds", "mean ms", "mean int8 macro-F1", "sd")
    print(tabulate.tabulate(rows, headers, floatfmt=".4f"))
    print(f"\nHypervolume up to {slowest_ms:.1f} ms: " + ", ".join(f"{kind} {v:.3f}" for kind, v in volumes.items()))

    figure = Figure(figsize=(8, 5), layout="constrained")
    axis = figure.subplots()
    for kind, front in (means | {"MicroNAS paper": list(PAPER)}).items():
        style, color = STYLES[kind]
        axis.plot(*zip(*sorted(front), strict=True), style, color=color, label=kind)
        singles = [point for (other, _), seeds in found.items() if other == kind for point in seeds]
        if singles:
            axis.plot(*zip(*singles, strict=True), ".", color=color, alpha=0.4, markersize=5)
    axis.set(xscale="log", xlabel=f"latency on {BOARD} (ms, predicted)", ylabel="int8 macro-F1, UCI-HAR test users")
    axis.set_xticks([6, 10, 15, 20, 30, 40, 60, 120], labels=["6", "10", "15", "20", "30", "40", "60", "120"])
    axis.minorticks_off()
    axis.grid(color="0.9", linewidth=0.6)
    axis.legend()
    figure.savefig(PICTURE.value, dpi=120)
    keys = ("kind", "name", "seeds", "latency_ms", "macro_f1", "sd")
    results = [dict(zip(keys, row, strict=True)) for row in rows]
    record = provenance("benchmarks.front", ("tsnas",))
    write_json(OUT.value, record | {"hypervolume": volumes, "slowest_ms": slowest_ms, "results": results})
    print(f"\nWritten: {OUT.value}, {PICTURE.value}")


if __name__ == "__main__":
    app.run(main)
