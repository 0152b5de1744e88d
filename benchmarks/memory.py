"""Holds the planner of the tensor arena against measured boards and against the real interpreter.

    python -m benchmarks.memory --measurements=FILE.csv

Measured: the arena of every model of one operator, scratch buffers of CMSIS-NN included. Interpreter: the head of
whole random architectures in the `tflite_micro` package, whose reference kernels have no such scratch. Gaps: how much
larger the interpreter's own plan is than what lives at once, which the places in tsnas's files avoid. The tests hold
the persistent part of whole networks against the interpreter too.
"""

from __future__ import annotations

import dataclasses
import pathlib
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate
from absl import app, flags

from benchmarks.latency import MEASUREMENTS
from benchmarks.record import provenance, write_json
from tsnas.cost.board import load_board
from tsnas.cost.measurements import OpMeasurement, read_measurements
from tsnas.cost.memory import plan_arena
from tsnas.errors import BoardFileError
from tsnas.graph.graph import Graph, GraphBuilder

# The writer of files and the generator of architectures are those of the tests.
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "tests"))
from micro_interpreter import all_allocations
from random_architectures import random_architecture

from tsnas.tflite.graph_writer import graph_file

ARCHITECTURES = flags.DEFINE_integer("architectures", 1000, "Number of random architectures.", lower_bound=1)
flags.DEFINE_string("memory_out", "benchmarks/results/memory.json", "Where to write the results as JSON.")


def measured_arenas(rows: Sequence[OpMeasurement]) -> dict[str, int]:
    """How many of the records have exactly the planned arena."""
    off = []
    for row in rows:
        builder = GraphBuilder(row.op.in_shapes[0])
        inputs = [builder.input, *(f"input{index}" for index in range(1, len(row.op.in_shapes)))]
        graph = builder.build(builder.add("op", row.op, *inputs))
        off.append(plan_arena(graph, load_board(row.board).runtime).total_bytes - row.arena_bytes)
    return {"records": len(off), "exact": sum(o == 0 for o in off), "largest_difference_bytes": max(map(abs, off))}


def interpreter_heads(graphs: Sequence[Graph]) -> dict[str, int]:
    """How many of the networks have exactly the planned head in the interpreter."""
    runtime = load_board("nucleo_f446re").runtime
    with tempfile.TemporaryDirectory() as folder:
        reported = all_allocations(pathlib.Path(folder), [graph_file(graph) for graph in graphs])
    off = [plan_arena(g, runtime, scratch=False).head_bytes - r["head"] for g, r in zip(graphs, reported, strict=True)]
    return {"networks": len(off), "exact": sum(o == 0 for o in off), "largest_difference_bytes": max(map(abs, off))}


def gaps(graphs: Sequence[Graph]) -> dict[str, dict[str, Any]]:
    """How much larger heads are than what lives at once, with the interpreter's own plan and with tsnas's places."""
    runtime = load_board("nucleo_f446re").runtime
    results = {}
    for name, changes in (("interpreter's plan", {"offsets": None}), ("places in the file", {})):
        share = []
        for graph in graphs:
            plan = plan_arena(dataclasses.replace(graph, **changes), runtime)
            share.append(plan.head_bytes / max(plan.live_bytes.values()) - 1)
        results[name] = {
            "networks": len(share),
            "with_gaps": int(np.sum(np.array(share) > 0)),
            "p95": float(np.percentile(share, 95)),
            "max": float(np.max(share)),
        }
    return results


def tables(results: dict[str, Any]) -> str:
    lines = [
        (name, *(f"{value:,}" for value in counts.values()))
        for name, counts in (*results["measured"].items(), *results["interpreter"].items())
    ]
    exact = tabulate.tabulate(lines, ("arena", "n", "exact", "largest difference bytes"), disable_numparse=True)
    lines = [
        (name, f"{g['networks']:,}", f"{g['with_gaps']:,}", f"{g['p95']:.1%}", f"{g['max']:.1%}")
        for name, g in results["gaps"].items()
    ]
    return (
        exact
        + "\n\n"
        + tabulate.tabulate(lines, ("head", "networks", "with gaps", "p95", "max"), disable_numparse=True)
    )


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    try:
        records = read_measurements(MEASUREMENTS.value)
    except BoardFileError as error:
        sys.exit(f"{error} Give the table with --measurements.")
    graphs = [random_architecture(seed).graph() for seed in range(ARCHITECTURES.value)]
    results = {
        "measured": {
            f"one operator on {name}": measured_arenas([r for r in records if r.board == name])
            for name in sorted({r.board for r in records})
        },
        "interpreter": {
            "head of networks, places in the file": interpreter_heads(graphs),
            "head of networks, interpreter's plan": interpreter_heads(
                [dataclasses.replace(graph, offsets=None) for graph in graphs]
            ),
        },
        "gaps": gaps(graphs),
    }
    print(tables(results))
    out = flags.FLAGS.memory_out
    write_json(out, provenance("benchmarks.memory", ("tsnas", "tflite-micro", "numpy")) | results)
    print(f"\nWritten: {out}")


if __name__ == "__main__":
    app.run(main)
