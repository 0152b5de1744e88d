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

from benchmarks.emulated_shapes import draw_shapes
from benchmarks.record import provenance, write_json
from tsnas.cost.board_parts import CMSIS_NN, MVE_CORES, PORTABLE
from tsnas.cost.fit import fit_steps
from tsnas.cost.loops import LOOP_STEPS, LOOPS_FILE, STEPS, all_steps, factor_kind, loop_steps
from tsnas.errors import NoAnswerError
from tsnas.graph.ops import (
    Add,
    AveragePool2D,
    Conv2D,
    FullyConnected,
    GlobalAveragePooling2D,
    MaxPool2D,
    Op,
    Softmax,
)
from tsnas.probe.client import ProbeClient
from tsnas.probe.emulator import Emulator
from tsnas.probe.op_encoding import op_words
from tsnas.system.files import write_file

WRITE = flags.DEFINE_bool("write_loops", False, "Write the fits into the package.")
MISSING = flags.DEFINE_bool("missing", False, "Count only what the package and the results lack.")
OUT = flags.DEFINE_string("out", "benchmarks/results/kernel_loops.json", "Where to write the results as JSON.")

SEED = 0
COUNTS_PER_MAC, LEAST_COUNTS, TRIES = 200, 5_000_000, 5
KEPT_OUT = 4  # one shape in four
MOST_MACS, MOST_BYTES = 300_000, 200_000
COUNTED = {
    CMSIS_NN: ("cortex-m3", "cortex-m0plus", "cortex-m55"),
    PORTABLE: ("cortex-m4", "riscv32", "cortex-m0plus", "cortex-m33", "cortex-m7", "cortex-m3", "cortex-m55"),
}
LINES = 120


def draw_ops(seed: int = SEED) -> list[Op]:
    """Operators of every kind that has a kernel, in sizes of sensor data and of pictures."""
    rng = np.random.default_rng(seed)

    def one_of(*values: int) -> int:
        return int(rng.choice(values))

    ops: list[Op] = [op for op in draw_shapes(24, seed) if getattr(op, "depth_multiplier", 0) == 1]
    for _ in range(30):
        time, width, channels = one_of(16, 32, 64, 100), one_of(1, 3, 6, 9), one_of(1, 3, 4, 8, 12, 16, 32, 64)
        filters, taps = one_of(3, 4, 6, 8, 16, 24, 32, 64), one_of(3, 5, 7)
        ops.append(Conv2D(time, width, channels, filters, taps, 1, one_of(1, 2, 4), 1))
        side = one_of(6, 8, 12, 16, 25)
        ops.append(Conv2D(side, side, channels, filters, 3, 3, one_of(1, 2), 1, "same"))
        ops.append(Conv2D(side, one_of(1, 4, 8), channels, filters, 1, 1))
        ops.append(FullyConnected(one_of(8, 16, 64, 128, 256, 640), one_of(2, 6, 12, 32, 128)))
        pooled = side, side, channels, 2, 2, 2, 2, "valid"
        ops += [MaxPool2D(*pooled), AveragePool2D(*pooled), AveragePool2D(side, 4, filters, side, 4, side, 4, "valid")]
        ops += [Add(time, width, channels), GlobalAveragePooling2D(time, width, filters), Softmax(one_of(2, 4, 7, 12))]
    return small_ones(ops)


def draw_lines(seed: int = SEED) -> list[Op]:
    """Convolutions of a single line, as Keras's Conv1D becomes: with vectors, CMSIS-NN has a kernel of their own."""
    rng = np.random.default_rng(seed)

    def one_of(*values: int) -> int:
        return int(rng.choice(values))

    ops: list[Op] = []
    for _ in range(LINES):
        channels, filters = one_of(1, 3, 4, 8, 12, 16, 32, 64), one_of(3, 4, 6, 8, 16, 24, 32, 64)
        window = 1, one_of(3, 5, 7, 9), 1, one_of(1, 2, 4)
        ops.append(Conv2D(1, int(rng.integers(8, 200)), channels, filters, *window, ("same", "valid")[one_of(0, 1)]))
    return small_ones(ops)


def small_ones(ops: Sequence[Op]) -> list[Op]:
    """Those with an output that an emulated board has the memory for, and counts in a moment; each once."""
    ops = [op for op in ops if min(op.out_shape) > 0]
    sizes = [max(sum(int(np.prod(shape)) for shape in op.in_shapes), int(np.prod(op.out_shape))) for op in ops]
    small = [op for op, size in zip(ops, sizes, strict=True) if op.macs <= MOST_MACS and size <= MOST_BYTES]
    return list(dict.fromkeys(small))


def count(core: str, kernels: str, ops: Sequence[Op]) -> dict[Op, int]:
    """Instructions of each operator."""
    found: dict[Op, int] = {}
    for attempt in range(TRIES):
        try:
            with Emulator(core, kernels=kernels) as board, ProbeClient(board.url) as probe:
                for op in ops:
                    if op not in found:
                        words = op_words(op, exported=kernels == PORTABLE)
                        found[op] = probe.run(words, counts=LEAST_COUNTS + COUNTS_PER_MAC * op.macs).least
        except NoAnswerError:
            # A busy machine: the emulator had no time.
            if attempt + 1 == TRIES:
                raise
    return found


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
