"""An evolution beside few and many random draws and nets made by hand, at several limits: scores, utilisation, front.

    python -m benchmarks.search --uci_har=uci_har.npz --processes=2

UCI-HAR, official split. Validation users are split off inside each job; the test users are used once for each finished
model. Results are kept as soon as they are there, and a run that is started again goes on where it ended; those of
`benchmarks.paper` are in the same file, so nothing is run twice. `--report` states what is there, without training.
"""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate
from absl import app, flags
from matplotlib.figure import Figure

from benchmarks.engine import BY_HAND, DRAWS, Run, f1, mean_and_spread, results_of, run_all
from benchmarks.nets import nets
from benchmarks.paper.page import PAPER_TABLE2
from benchmarks.paper.plan import AMPLE_RAM_KB, F446, SEEDS, TABLE2
from benchmarks.record import provenance, write_json

UCI_HAR = flags.DEFINE_string("uci_har", None, "UCI-HAR: a .npz file, its archive or folder; else it is fetched.")
PROCESSES = flags.DEFINE_integer("processes", 1, "Runs at once.", lower_bound=1)
REPORT = flags.DEFINE_bool("report", False, "Train nothing; state what the file of results holds.")
RUNS = flags.DEFINE_string("runs", "benchmarks/results/runs.json", "Results of single runs, read and added to.")
OUT = flags.DEFINE_string("out", "benchmarks/results/search.json", "Where to write what follows from them as JSON.")
PICTURE = flags.DEFINE_string("picture", "docs/images/front.png", "Where to draw them.")

LIMITS_MS = (6.0, 12.0, 22.0, 40.0)
STRATEGIES = ("evolution", "random", DRAWS)
# Table 2 of the MicroNAS paper, NUCLEO-F446RE: latency in ms, int8 macro-F1.
PAPER = tuple(
    (latency_ms, macro_f1[1] / 100)
    for board, latency_ms, _, _, macro_f1 in PAPER_TABLE2.values()
    if board == F446 and latency_ms is not None
)
# The corner of the hypervolume.
SLOWEST_MS, WORST_ERROR = 50.0, 0.1
STYLES = {
    "evolution": ("o-", "#0072B2"),
    "random": ("s--", "#E69F00"),
    DRAWS: ("v-.", "#CC79A7"),
    BY_HAND: ("^:", "#009E73"),
    "MicroNAS paper": ("D", "#D55E00"),
}


def plan() -> list[Run]:
    """Every run, those that matter most first."""
    alone = [
        Run(ms, kb, seed, board, strategy=strategy)
        for board, ms, kb in ((F446, 30.0, AMPLE_RAM_KB), *TABLE2)
        for seed in SEEDS
        for strategy in ("evolution", DRAWS)
    ]
    compared = [
        Run(ms, AMPLE_RAM_KB, seed, strategy=strategy) for ms in LIMITS_MS for seed in SEEDS for strategy in STRATEGIES
    ]
    return alone + compared + [Run(None, None, seed, strategy=BY_HAND, net=net) for net in nets(9) for seed in SEEDS]


def hypervolume(front: Sequence[tuple[float, float]]) -> float:
    """Area that points (latency in ms, macro-F1) cover up to the corner of 50 ms and an error of 0.1, in ms."""
    area, best = 0.0, WORST_ERROR
    for latency_ms, macro_f1 in sorted(front):
        error = 1.0 - macro_f1
        if latency_ms < SLOWEST_MS and error < best:
            area += (SLOWEST_MS - latency_ms) * (best - error)
            best = error
    return area


def summary(results: dict[Run, dict[str, Any]]) -> list[dict[str, Any]]:
    """A row for each kind, board and limit (or net), over its seeds."""
    rows = []
    for common in dict.fromkeys(run.without_seed() for run in results):
        own = [result for run, result in results.items() if run.without_seed() == common]
        mean, spread = mean_and_spread([f1(result) for result in own])
        used = None
        if common.max_latency_ms is not None and common.max_ram_kb is not None:
            used = [
                max(r["latency_ms"] / common.max_latency_ms, r["ram_bytes"] / common.max_ram_kb / 1024) for r in own
            ]
        rows.append(
            {
                "kind": common.strategy,
                "board": common.board,
                "limits": common.net or f"{common.max_latency_ms:g} ms, {common.max_ram_kb:g} KB",
                "seeds": [result["seed"] for result in own],
                "latency_ms": round(float(np.mean([result["latency_ms"] for result in own])), 2),
                "each_latency_ms": [result["latency_ms"] for result in own],
                "ram_kb": round(float(np.mean([result["ram_bytes"] for result in own])) / 1024, 2),
                "used": used and [round(share, 3) for share in used],
                "macro_f1": [round(f1(result), 4) for result in own],
                "mean": round(mean, 4),
                "sd": spread and round(spread, 4),
                "lost_in_int8": round(max(f1(result, "float") - f1(result) for result in own), 4),
                "minutes": [result["minutes"] for result in own],
            }
        )
    return rows


def front_of(rows: Sequence[dict[str, Any]], kind: str, seed: int | None = None) -> list[tuple[float, float]]:
    """(latency, macro-F1) of a kind at the limits that are compared: means, or those of a seed."""
    names = {f"{ms:g} ms, {AMPLE_RAM_KB:g} KB" for ms in LIMITS_MS} | set(nets(9))
    own = [row for row in rows if (row["kind"], row["board"]) == (kind, F446) and row["limits"] in names]
    if seed is None:
        return [(row["latency_ms"], row["mean"]) for row in own]
    places = [(row, row["seeds"].index(seed)) for row in own if seed in row["seeds"]]
    return [(row["each_latency_ms"][place], row["macro_f1"][place]) for row, place in places]


def draw(rows: Sequence[dict[str, Any]], results: dict[Run, dict[str, Any]]) -> None:
    """Means of each kind as a line, single models as dots, and the paper's points."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    axis = figure.subplots()
    for kind, (style, color) in STYLES.items():
        front = list(PAPER) if kind == "MicroNAS paper" else front_of(rows, kind)
        if front:
            axis.plot(*zip(*sorted(front), strict=True), style, color=color, label=kind)
        singles = [(r["latency_ms"], f1(r)) for run, r in results.items() if (run.strategy, run.board) == (kind, F446)]
        if singles:
            axis.plot(*zip(*singles, strict=True), ".", color=color, alpha=0.4, markersize=5)
    axis.set(xscale="log", xlabel=f"latency on {F446} (ms, predicted)", ylabel="int8 macro-F1, UCI-HAR test users")
    axis.set_xticks([6, 10, 15, 20, 30, 40, 60, 120], labels=["6", "10", "15", "20", "30", "40", "60", "120"])
    axis.minorticks_off()
    axis.grid(color="0.9", linewidth=0.6)
    axis.legend()
    pathlib.Path(PICTURE.value).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PICTURE.value, dpi=120)


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    failed = []
    if not REPORT.value:
        sources = {"uci_har": UCI_HAR.value, "skoda": None}
        failed = run_all(plan(), sources, RUNS.value, PROCESSES.value, False, "benchmarks.search")
    results = results_of(plan(), RUNS.value)
    if not results:
        raise SystemExit(f"{RUNS.value} holds none of the {len(plan())} runs.")
    rows = summary(results)
    shown = ("kind", "board", "limits", "latency_ms", "ram_kb", "mean", "sd", "macro_f1", "used", "lost_in_int8")
    print(tabulate.tabulate([[row[name] for name in shown] for row in rows], shown))
    volumes = {
        kind: {
            "means": round(hypervolume(front_of(rows, kind)), 3),
            "seeds": [round(hypervolume(front_of(rows, kind, seed)), 3) for seed in SEEDS],
        }
        for kind in (*STRATEGIES, BY_HAND)
    }
    print(f"\nHypervolume up to {SLOWEST_MS:g} ms and an error of {WORST_ERROR:g}: {volumes}")
    draw(rows, results)
    missing = len(plan()) - len(results)
    record = provenance("benchmarks.search", ("tsnas",)) | {"not_run": missing, "hypervolume": volumes, "rows": rows}
    write_json(OUT.value, record)
    print(f"\n{missing} of {len(plan())} runs are missing. Written: {OUT.value}, {PICTURE.value}")
    if failed:
        raise SystemExit(f"{len(failed)} runs failed; see above.")


if __name__ == "__main__":
    app.run(main)
