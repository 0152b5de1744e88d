"""Counts instructions of dilated and depthwise convolutions on emulated cores, and fits a model of their kernels.

    python -m benchmarks.emulated_kernels --measurements=op_latency.csv --write_kernels

No board has measured such operators. **Counts**: a seeded draw of shapes runs on each core; the instructions of each
step of a kernel are fitted to three quarters of them, and judged on the rest. **Conversion**: cycles per instruction of
a board, from its coefficients for convolutions, are judged on 1x1 convolutions. Their kernel is another one, as that of
depthwise convolutions is, and boards have measured it. **Guesses**: the estimates that boards of cores which are not
emulated still get (`tsnas.cost.derived`), in instructions.

The firmware clears memory byte by byte, as the C library of the measured boards does.
"""

from __future__ import annotations

import dataclasses
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tabulate
import tqdm
from absl import app, flags

from benchmarks.emulated_shapes import SEED, draw_shapes
from benchmarks.record import provenance, write_json
from tsnas.cost.board import Board, load_board
from tsnas.cost.derived import derived_steps
from tsnas.cost.emulated import DILATED_CONV2D, KERNELS_FILE, STEP_NAMES, CountedKernels
from tsnas.cost.features import CONV2D, CONV2D_1X1, op_features
from tsnas.cost.fit import fit_steps
from tsnas.cost.measurements import OpMeasurement, read_measurements
from tsnas.cost.relative import known_boards
from tsnas.graph.ops import Conv2D, DepthwiseConv2D, Op, is_dilated
from tsnas.probe.build import KERNEL_LIBRARY, build
from tsnas.probe.client import ProbeClient
from tsnas.probe.emulator import Emulator
from tsnas.probe.op_encoding import op_words
from tsnas.system.files import write_file

MEASUREMENTS = flags.DEFINE_string("measurements", None, "CSV of operators measured on boards.", required=True)
WRITE = flags.DEFINE_bool("write_kernels", False, "Write the fits into the package.")
OUT = flags.DEFINE_string("out", "benchmarks/results/emulated_kernels.json", "Where to write the results as JSON.")

CORES = ("cortex-m4", "cortex-m33")
KEPT_OUT = 4  # one shape in four
# An emulated core has no cache.
CACHE_STEPS = ("cache_misses", "line_misses")
COUNTS_PER_MAC = 40

Counts = dict[Op, int]


def counted(core: str, ops: Sequence[Op]) -> Counts:
    """Instructions of each operator on an emulated core."""
    with Emulator(core, build(core, ("PROBE_BYTE_MEMSET",))) as board, ProbeClient(board.url) as probe:
        return {op: probe.run(op_words(op), counts=COUNTS_PER_MAC * op.macs).least for op in tqdm.tqdm(ops, desc=core)}


def steps(op: Op) -> tuple[str, np.ndarray]:
    """The kernel of an operator and the counts of its steps, as an emulated core does them."""
    kernel, counts = op_features(op)
    if isinstance(op, Conv2D) and is_dilated(op):
        kernel = DILATED_CONV2D
    return kernel, np.array([n * (name not in CACHE_STEPS) for name, n in zip(STEP_NAMES[kernel], counts, strict=True)])


def summary(predicted: np.ndarray, actual: np.ndarray) -> dict[str, float]:
    """Number of operators, and the relative error of what was predicted for them."""
    relative = np.abs(predicted / actual - 1)
    return {
        "n": len(relative),
        "median": round(float(np.median(relative)), 5),
        "mape": round(float(relative.mean()), 5),
        "p95": round(float(np.quantile(relative, 0.95)), 5),
        "max": round(float(relative.max()), 5),
    }


def judged_fits(counts: Counts) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """Instructions per step of each kernel, and their error on the shapes that were kept out."""
    by_kernel = defaultdict(list)
    for op, total in counts.items():
        kernel, features = steps(op)
        by_kernel[kernel].append((features, float(total)))
    instructions, errors = {}, {}
    for kernel, samples in by_kernel.items():
        features, totals = np.array([s[0] for s in samples]), np.array([s[1] for s in samples])
        order = np.random.default_rng(SEED).permutation(len(samples))
        out, fitted = np.split(order, [len(samples) // KEPT_OUT])
        found = np.round(fit_steps(features[fitted], totals[fitted]), 4)
        instructions[kernel] = dict(zip(STEP_NAMES[kernel], found.tolist(), strict=True))
        errors[kernel] = summary(features[out] @ found, totals[out])
    return instructions, errors


def steps_per_instruction(counts: Counts) -> dict[str, float]:
    """How often measured convolutions do each step per instruction, on average."""
    rows = [np.array(op_features(op)[1]) / total for op, total in counts.items() if op_features(op)[0] == CONV2D]
    return dict(zip(STEP_NAMES[CONV2D], np.round(np.mean(rows, axis=0), 9).tolist(), strict=True))


def conversions(board: Board, rows: Sequence[OpMeasurement], counts: Counts, ratio: float) -> list[dict[str, Any]]:
    """Errors of one ratio of cycles to instructions: on convolutions such as those it comes from, and on 1x1 ones."""
    found = []
    for kernel in (CONV2D, CONV2D_1X1):
        mine = [row for row in rows if row.op.kind == Conv2D.kind and op_features(row.op)[0] == kernel]
        predicted = np.array([ratio * counts[row.op] for row in mine])
        errors = summary(predicted, np.array([row.op_cycles for row in mine], float))
        found.append({"board": board.name, "cycles_per_instruction": round(ratio, 4), "of": kernel} | errors)
    return found


def shared(board: Board, counts: Counts, ratio: float, chosen: Callable[[Op], bool]) -> dict[str, float]:
    """Error of the guesses in steps of a convolution, with a board's coefficients, as instructions."""
    ops = [op for op in counts if chosen(op)]
    coefficients = board.coefficients[CONV2D]
    guessed = [sum(coefficients[name] * n for name, n in derived_steps(op).items()) / ratio for op in ops]
    return summary(np.array(guessed), np.array([counts[op] for op in ops], float))


def undilated_steps(counts: Counts, instructions: dict[str, float]) -> dict[str, float]:
    """Error of the instructions that steps of measured convolutions take, used for dilated ones."""
    ops = [op for op in counts if isinstance(op, Conv2D)]
    taken = np.array([instructions[name] for name in STEP_NAMES[CONV2D]])
    return summary(np.array([steps(op)[1] @ taken for op in ops]), np.array([counts[op] for op in ops], float))


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    records = read_measurements(MEASUREMENTS.value)
    boards = {name: load_board(name) for name in known_boards()}
    shapes = draw_shapes()
    results: list[dict[str, Any]] = []
    kernels: dict[str, dict[str, Any]] = {}
    for core in CORES:
        mine = [board for board in boards.values() if board.core == core]
        rows = {board.name: [row for row in records if row.board == board.name] for board in mine}
        convs = dict.fromkeys(row.op for name in rows for row in rows[name] if row.op.kind == Conv2D.kind)
        new, measured = counted(core, shapes), counted(core, list(convs))
        general = {op: total for op, total in measured.items() if op_features(op)[0] == CONV2D}
        instructions, errors = judged_fits(new | general)
        results += [{"core": core, "kernel": kernel, "what": "kept-out shapes"} | e for kernel, e in errors.items()]
        undilated = undilated_steps(new, instructions[CONV2D])
        results.append({"core": core, "kernel": DILATED_CONV2D, "what": "by steps of conv2d, all shapes"} | undilated)
        per_instruction = steps_per_instruction(general)
        worst = 0.0
        for board in mine:
            ratio = sum(board.coefficients[CONV2D][name] * n for name, n in per_instruction.items())
            for conversion in conversions(board, rows[board.name], measured, ratio):
                results.append({"core": core, "what": "conversion"} | conversion)
                worst = max(worst, conversion["p95"] * (conversion["of"] == CONV2D_1X1))
            for what, chosen in GUESSED.items():
                guess = shared(board, new, ratio, chosen)
                results.append({"core": core, "board": board.name, "what": f"former guess, {what}"} | guess)
        kernels[core] = dataclasses.asdict(
            CountedKernels(
                KERNEL_LIBRARY, instructions, {kernel: e["p95"] for kernel, e in errors.items()}, per_instruction, worst
            )
        )
    # One other kernel on three boards says little about one board: each takes the largest error of all.
    worst = max(counts["conversion_p95_relative"] for counts in kernels.values())
    for counts in kernels.values():
        counts["conversion_p95_relative"] = worst
    lines = [
        (r["core"], r.get("board", ""), r.get("kernel", r.get("of", "")), r["what"], r["n"])
        + tuple(f"{r[name]:.2%}" for name in ("median", "mape", "p95", "max"))
        for r in results
    ]
    print(tabulate.tabulate(lines, ("core", "board", "kernel", "what", "n", "median", "MAPE", "p95", "max")))
    head = provenance("benchmarks.emulated_kernels", ("tsnas", "bakenn", "numpy", "scipy"))
    write_json(OUT.value, head | {"seed": SEED, "shapes": len(shapes), "results": results, "kernels": kernels})
    if WRITE.value:
        write_file(KERNELS_FILE, json.dumps(kernels, indent=2) + "\n")
    print(f"\nWritten: {OUT.value}" + (f" and {KERNELS_FILE}" if WRITE.value else ""))


GUESSED: dict[str, Callable[[Op], bool]] = {
    "depthwise": lambda op: isinstance(op, DepthwiseConv2D) and not is_dilated(op),
    "dilated depthwise": lambda op: isinstance(op, DepthwiseConv2D) and is_dilated(op),
}


if __name__ == "__main__":
    app.run(main)
