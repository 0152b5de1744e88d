"""Holds instructions counted on emulated boards against cycles measured on real ones, and fits one to the other.

    python -m benchmarks.emulated --measurements=op_latency.csv --write_conversions

Each kind of operator has its own line through the origin and a constant, fitted on relative error; every operator is
predicted without the recording session that it comes from. Beside that stand calibrations by few operators, and the
constants of another board.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate
import tqdm
from absl import app, flags

from benchmarks.record import provenance, write_json
from tsnas.cost.board import load_board
from tsnas.cost.measurements import OpMeasurement, read_measurements
from tsnas.cost.relative import known_boards
from tsnas.probe.client import ProbeClient
from tsnas.probe.conversion import CONVERSIONS_FILE, fit_conversion
from tsnas.probe.emulator import Emulator
from tsnas.probe.op_encoding import op_words
from tsnas.system.files import write_file

MEASUREMENTS = flags.DEFINE_string("measurements", None, "CSV of operators measured on boards.", required=True)
WRITE = flags.DEFINE_bool("write_conversions", False, "Write the fits into the package.")
OUT = flags.DEFINE_string("out", "benchmarks/results/emulated.json", "Where to write the results as JSON.")

CALIBRATIONS = (1, 10, 50)
DRAWS = 20


def counted(core: str, rows: Sequence[OpMeasurement]) -> dict[Any, int]:
    """Instructions of each operator on an emulated core."""
    ops = list(dict.fromkeys(row.op for row in rows))
    with Emulator(core) as board, ProbeClient(board.url) as probe:
        return {op: probe.run(op_words(op), counts=20 * op.macs).least for op in tqdm.tqdm(ops, desc=core)}


def errors(rows: Sequence[OpMeasurement], counts: dict[Any, int], conversion: dict[str, Any]) -> np.ndarray:
    """Relative error of each row; NaN for kinds that the fit has not seen."""
    unknown = (np.nan, np.nan)
    lines = np.array([conversion["lines"].get(row.op.kind, unknown) for row in rows])
    predicted = lines[:, 0] * np.array([counts[row.op] for row in rows]) + lines[:, 1]
    measured = np.array([row.op_cycles for row in rows], float)
    return np.abs(predicted / measured - 1)


def held_out(rows: Sequence[OpMeasurement], counts: dict[Any, int]) -> np.ndarray:
    """Relative error of each row, by a fit to the other recording sessions."""
    found = np.full(len(rows), np.nan)
    runs = np.array([row.run for row in rows])
    for run in np.unique(runs):
        others = [row for row, other in zip(rows, runs, strict=True) if other != run]
        if others:
            mine = [row for row, other in zip(rows, runs, strict=True) if other == run]
            found[runs == run] = errors(mine, counts, fit_conversion(others, counts))
    return found


def calibrated(rows: Sequence[OpMeasurement], counts: dict[Any, int], given: dict[str, Any], number: int) -> np.ndarray:
    """Another board's lines with one factor, from `number` operators measured on this board."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(DRAWS):
        drawn = [rows[index] for index in rng.permutation(len(rows))[:number]]
        ratios = [
            row.op_cycles / (given["lines"][row.op.kind][0] * counts[row.op] + given["lines"][row.op.kind][1])
            for row in drawn
        ]
        factor = float(np.median(ratios))
        lines = {kind: [factor * value for value in line] for kind, line in given["lines"].items()}
        found.append(errors(rows, counts, {"lines": lines}))
    return np.concatenate(found)


def summary(relative: np.ndarray) -> dict[str, float]:
    relative = relative[np.isfinite(relative)]
    return {
        "n": len(relative),
        "median": round(float(np.median(relative)), 5),
        "mape": round(float(relative.mean()), 5),
        "p95": round(float(np.quantile(relative, 0.95)), 5),
    }


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    records = read_measurements(MEASUREMENTS.value)
    boards = {name: [row for row in records if row.board == name] for name in known_boards()}
    boards = {name: rows for name, rows in boards.items() if rows}
    cores = {name: load_board(name).core for name in boards}
    counts = {
        core: counted(core, [r for name, rows in boards.items() if cores[name] == core for r in rows])
        for core in sorted(set(cores.values()))
    }
    results, conversions = [], {}
    for name, rows in boards.items():
        found, kinds = held_out(rows, counts[cores[name]]), np.array([row.op.kind for row in rows])
        for kind in (*dict.fromkeys(kinds.tolist()), "all"):
            chosen = found if kind == "all" else found[kinds == kind]
            if not np.isfinite(chosen).any():
                continue  # of one session only
            results.append({"board": name, "kind": kind, "how": "own fit, unseen sessions"} | summary(chosen))
        conversion = fit_conversion(rows, counts[cores[name]])
        overall = summary(found)
        conversions[name] = {
            "core": cores[name],
            **conversion,
            "p95_relative": overall["p95"],
            "median_relative": overall["median"],
            "mape": overall["mape"],
        }
    for name, rows in boards.items():
        mine = counts[cores[name]]
        # A core that only one board has borrows from the others, as a new board of such a core would.
        alone = list(cores.values()).count(cores[name]) == 1
        for other in boards:
            if other == name or not (alone or cores[other] == cores[name]):
                continue
            given = conversions[other]
            there = summary(errors(rows, mine, given))
            results.append({"board": name, "kind": "all", "how": f"lines of {other}"} | there)
            if cores[other] == cores[name]:
                given["elsewhere"] = {
                    "p95_relative": there["p95"],
                    "median_relative": there["median"],
                    "mape": there["mape"],
                }
            for number in CALIBRATIONS:
                how = f"lines of {other}, one factor from {number} operators"
                results.append(
                    {"board": name, "kind": "all", "how": how} | summary(calibrated(rows, mine, given, number))
                )
    worst = max((c["elsewhere"] for c in conversions.values() if "elsewhere" in c), key=lambda e: e["p95_relative"])
    for conversion in conversions.values():
        conversion.setdefault("elsewhere", worst)
    lines = [tuple(result.values()) for result in results]
    print(tabulate.tabulate(lines, ("board", "operators", "how", "n", "median", "MAPE", "p95"), floatfmt=".4f"))
    write_json(OUT.value, provenance("benchmarks.emulated", ("tsnas", "bakenn")) | {"results": results})
    if WRITE.value:
        write_file(CONVERSIONS_FILE, json.dumps(conversions, indent=2) + "\n")
    print(f"\nWritten: {OUT.value}" + (f" and {CONVERSIONS_FILE}" if WRITE.value else ""))


if __name__ == "__main__":
    app.run(main)
