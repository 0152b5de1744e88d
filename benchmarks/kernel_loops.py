"""Counts instructions of plain kernels on emulated cores, and fits what each step of their loops takes.

    python -m benchmarks.kernel_loops --write_loops

`portable` are the kernels of exports, `cmsis_nn` those of CMSIS-NN on cores without instructions for several values at
once, or with the vectors of MVE. A seeded draw of shapes runs on each core; three quarters of them are fitted, the rest
judge the fit.
"""

from __future__ import annotations

import json
import pathlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate
from absl import app, flags

from benchmarks.counted_ops import SEED, count, draw_lines, draw_ops
from benchmarks.record import provenance, write_json
from tsnas.cost.board_parts import CMSIS_NN, MVE_CORES, PORTABLE
from tsnas.cost.fit import fit_steps
from tsnas.cost.loops import LOOP_STEPS, LOOPS_FILE, STEPS, all_steps, factor_kind, loop_steps
from tsnas.graph.ops import Op
from tsnas.system.files import write_file

WRITE = flags.DEFINE_bool("write_loops", False, "Write the fits into the package.")
MISSING = flags.DEFINE_bool("missing", False, "Count only what the package and the results lack.")
OUT = flags.DEFINE_string("out", "benchmarks/results/kernel_loops.json", "Where to write the results as JSON.")

KEPT_OUT = 4  # one shape in four
COUNTED = {
    CMSIS_NN: ("cortex-m3", "cortex-m0plus", "cortex-m55"),
    PORTABLE: ("cortex-m4", "riscv32", "cortex-m0plus", "cortex-m33", "cortex-m7", "cortex-m3", "cortex-m55"),
}


def fitted(
    counts: dict[Op, int], vectors: bool = False
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """Instructions per step of each kind, of vectors or plain ones, and the errors on shapes that were kept out."""
    names, steps = (STEPS, all_steps) if vectors else (LOOP_STEPS, loop_steps)
    by_kind = defaultdict(list)
    for op, total in counts.items():
        by_kind[factor_kind(op)].append((steps(op), float(total)))
    loops, errors = {}, {}
    for kind, samples in sorted(by_kind.items()):
        features, totals = np.array([s[0] for s in samples]), np.array([s[1] for s in samples])
        order = np.random.default_rng(SEED).permutation(len(samples))
        out, rows = np.split(order, [len(samples) // KEPT_OUT])
        found = np.round(fit_steps(features[rows], totals[rows]), 4)
        loops[kind] = {name: value for name, value in zip(names, found.tolist(), strict=True) if value}
        relative = np.abs(features[out] @ found / totals[out] - 1)
        errors[kind] = {
            "shapes": len(relative),
            "mape": round(float(relative.mean()), 4),
            "p95": round(float(np.quantile(relative, 0.95)), 4),
        }
    return loops, errors


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    ops = draw_ops()
    loops: dict[str, dict[str, Any]] = json.loads(LOOPS_FILE.read_text())["loops"] if LOOPS_FILE.exists() else {}
    results: list[dict[str, Any]] = json.loads(pathlib.Path(OUT.value).read_text())["results"] if MISSING.value else []
    for kernels, cores in COUNTED.items():
        for core in cores:
            if MISSING.value and core in loops.get(kernels, {}):
                continue
            vectors = kernels == CMSIS_NN and core in MVE_CORES
            found, errors = fitted(count(core, kernels, ops + draw_lines() if vectors else ops), vectors)
            loops.setdefault(kernels, {})[core] = found
            rows: list[dict[str, Any]] = [{"kernels": kernels, "core": core, "kind": k} | e for k, e in errors.items()]
            print(tabulate.tabulate(rows, headers="keys"), flush=True)
            results += rows
            # After each core, so that an interruption loses one of them.
            origin = provenance("benchmarks.kernel_loops", ("tsnas", "numpy", "scipy"))
            write_json(OUT.value, {"results": results} | origin)
            if WRITE.value:
                source = "benchmarks/kernel_loops.py: instructions of each step of plain kernels on emulated cores"
                write_file(LOOPS_FILE, json.dumps({"source": source, "loops": loops}, indent=1) + "\n")


if __name__ == "__main__":
    app.run(main)
