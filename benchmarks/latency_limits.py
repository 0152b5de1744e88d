"""What bounds the accuracy of latency estimates: noise between firmware builds, other boards, and sums over networks.

    python -m benchmarks.latency_limits --measurements=FILE.csv --write_relatives

Three tables. **Repeats**: an operator that was measured in two sessions is predicted by its own earlier figure; no
model can expect to do better on a session that it has not seen. **Relatives**: a board predicted by the coefficients of
another, as they are and with one factor fitted to all of its records; this is the margin of a board file made from a
relative (`tsnas boards new`). **Networks**: lists of 8 to 20 operators of one unseen session, as if they were one
network; the error of the sum beside the margin that an estimate prints.
"""

from __future__ import annotations

import itertools
import pathlib
import sys
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate
from absl import app, flags

from benchmarks.latency import MEASUREMENTS
from benchmarks.latency_models import fit_kernel_model, held_out_predictions
from benchmarks.record import provenance, write_json
from tsnas.cost.board import load_board
from tsnas.cost.latency import op_cycles
from tsnas.cost.measurements import OpMeasurement, read_measurements
from tsnas.cost.relative import RELATIVES_FILE
from tsnas.errors import BoardFileError

flags.DEFINE_string("limits_out", "benchmarks/results/latency_limits.json", "Where to write the results as JSON.")
WRITE_RELATIVES = flags.DEFINE_bool(
    "write_relatives", False, "Rewrite the errors between boards in the package, which `tsnas boards new` uses."
)

SEED = 0
NETWORKS_PER_SESSION = 200
OPS_PER_NETWORK = (8, 20)

Rows = Sequence[OpMeasurement]


def errors(relative: np.ndarray) -> dict[str, float]:
    """Summary of relative errors."""
    relative = np.abs(relative)
    return {
        "n": len(relative),
        "mape": float(relative.mean()),
        "median": float(np.median(relative)),
        "p95": float(np.percentile(relative, 95)),
        "max": float(relative.max()),
    }


def repeats(rows: Rows) -> dict[str, dict[str, float]]:
    """Errors of an operator's earlier figure as a prediction of its later one, by whether both are of one year."""
    by_op = defaultdict(list)
    for row in rows:
        by_op[row.op].append(row)
    pairs = defaultdict(list)
    for same in by_op.values():
        for early, late in itertools.combinations(sorted(same, key=lambda row: row.run), 2):
            if early.run != late.run:
                kind = "same year" if early.run[:4] == late.run[:4] else "different years"
                pairs[kind].append(early.op_cycles / late.op_cycles - 1)
    return {kind: errors(np.array(relative)) for kind, relative in pairs.items()}


def relative_errors(rows: Rows, relative: str) -> dict[str, Any]:
    """Errors of another board's coefficients on these records, as they are and with one factor."""
    board = load_board(relative)
    ratio = np.array([op_cycles(row.op, board) / row.op_cycles for row in rows])
    factor = 1 / np.median(ratio)
    return {"as_they_are": errors(ratio - 1), "one_factor": errors(ratio * factor - 1), "factor": float(factor)}


def networks(rows: Rows, p95_relative: float) -> dict[str, float]:
    """Errors of sums over random operators of one unseen session, and the share of them beyond the printed margin."""
    rng = np.random.default_rng(SEED)
    predicted = held_out_predictions(rows, fit_kernel_model, "unseen session")
    measured = np.array([row.op_cycles for row in rows], float)
    sums = []
    for run in sorted({row.run for row in rows}):
        members = [i for i, row in enumerate(rows) if row.run == run and np.isfinite(predicted[i])]
        for _ in range(NETWORKS_PER_SESSION):
            taken = rng.choice(members, rng.integers(OPS_PER_NETWORK[0], OPS_PER_NETWORK[1] + 1))
            sums.append(predicted[taken].sum() / measured[taken].sum() - 1)
    return errors(np.array(sums)) | {
        "margin": p95_relative,
        "beyond_margin": float(np.mean(np.abs(sums) > p95_relative)),
    }


def tables(results: dict[str, dict[str, Any]]) -> str:
    """The three tables as text."""

    def shown(summary: dict[str, float]) -> list[str]:
        return [f"{summary['n']:,}", *(f"{summary[name]:.2%}" for name in ("mape", "median", "p95", "max"))]

    headers = ["n", "MAPE", "median", "p95", "max"]
    lines = [[board, kind, *shown(s)] for board, kinds in results["repeats"].items() for kind, s in kinds.items()]
    parts = ["Repeats", tabulate.tabulate(lines, ["board", "sessions", *headers], disable_numparse=True)]
    lines = [
        [board, relative, how.replace("_", " "), *shown(s[how]), f"{s['factor']:.3f}"]
        for board, others in results["relatives"].items()
        for relative, s in others.items()
        for how in ("as_they_are", "one_factor")
    ]
    parts += ["\nRelatives", tabulate.tabulate(lines, ["board", "coefficients of", "", *headers, "factor"])]
    lines = [
        [board, *shown(s), f"{s['margin']:.2%}", f"{s['beyond_margin']:.2%}"]
        for board, s in results["networks"].items()
    ]
    parts += ["\nNetworks", tabulate.tabulate(lines, ["board", *headers, "margin", "beyond it"], disable_numparse=True)]
    return "\n".join(parts)


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    try:
        records = read_measurements(MEASUREMENTS.value)
    except BoardFileError as error:
        sys.exit(f"{error} Give the table with --measurements.")
    rows = {name: [r for r in records if r.board == name] for name in sorted({r.board for r in records})}
    results = {
        "repeats": {name: repeats(rows[name]) for name in rows},
        "relatives": {name: {o: relative_errors(rows[name], o) for o in rows if o != name} for name in rows},
        "networks": {name: networks(rows[name], load_board(name).latency_error.p95_relative) for name in rows},
    }
    print(tables(results))
    out = pathlib.Path(flags.FLAGS.limits_out)
    write_json(out, provenance("benchmarks.latency_limits", ("numpy", "scipy", "scikit-learn")) | results)
    print(f"\nWritten: {out}")
    if WRITE_RELATIVES.value:
        write_json(RELATIVES_FILE, results["relatives"])
        print(f"Written: {RELATIVES_FILE}")


if __name__ == "__main__":
    app.run(main)
