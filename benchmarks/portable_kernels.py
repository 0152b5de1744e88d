"""Instructions of the portable kernels against those of CMSIS-NN on an emulated core, by operator and whole network.

    python -m benchmarks.portable_kernels

Each operator and each operator of the networks runs with both kernels, on seeded values; their outputs must be the same
bytes. `--before` compares the kernels of another version, such as `git show TAG:src/tsnas/export/c/...` gives.
"""

from __future__ import annotations

import pathlib
import shutil
import tempfile
import unittest.mock
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import tabulate
from absl import app, flags

from benchmarks.record import provenance, write_json
from tsnas.graph.ops import (
    Add,
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    GlobalAveragePooling2D,
    MaxPool2D,
    Op,
    Softmax,
)
from tsnas.probe import build as firmware
from tsnas.probe.client import ProbeClient
from tsnas.probe.cores import CMSIS_NN, PORTABLE
from tsnas.probe.emulator import Emulator
from tsnas.probe.op_encoding import op_words
from tsnas.space.architecture import Architecture, SensorFusion, TimeReduce

CORE = flags.DEFINE_string("core", "cortex-m4", "Core of the emulated board.")
BEFORE = flags.DEFINE_string("before", None, "Another tsnas_kernels_portable.c to compare.")
OUT = flags.DEFINE_string("out", "benchmarks/results/portable_kernels.json", "Where to write the results as JSON.")

COUNTS_PER_MAC = 200
# Kinds of operators, each with shapes of the search space or of models that people bring.
OPERATORS: dict[str, list[Op]] = {
    "convolution": [
        Conv2D(128, 6, 1, 16, 7, 1, 4, 1),
        Conv2D(32, 6, 16, 16, 5, 1),
        Conv2D(32, 1, 48, 64, 5, 1),
        Conv2D(64, 9, 1, 24, 1, 9, 1, 9),
        Conv2D(16, 16, 8, 16, 3, 3),
    ],
    "1x1 convolution": [Conv2D(32, 1, 16, 24, 1, 1), Conv2D(64, 1, 64, 64, 1, 1), Conv2D(32, 3, 12, 7, 1, 1)],
    "dilated convolution": [Conv2D(128, 1, 16, 16, 5, 1, dilation_h=4), Conv2D(64, 1, 32, 32, 3, 1, dilation_h=16)],
    "depthwise convolution": [
        DepthwiseConv2D(64, 1, 32, 1, 9, 1),
        DepthwiseConv2D(16, 16, 16, 1, 3, 3),
        DepthwiseConv2D(64, 6, 1, 8, 5, 1),
        DepthwiseConv2D(64, 1, 24, 1, 5, 1, dilation_h=4),
    ],
    "dense": [FullyConnected(64, 7), FullyConnected(256, 32)],
    "max pooling": [MaxPool2D(64, 6, 16, 2, 1, 2, 1, "valid")],
    "average pooling": [AveragePool2D(64, 6, 16, 2, 1, 2, 1, "valid")],
    # Those of exports, against the steps of TensorFlow Lite Micro with CMSIS-NN.
    "addition": [Add(32, 6, 16)],
    "mean": [GlobalAveragePooling2D(32, 6, 16)],
    "softmax": [Softmax(7)],
}
NETWORKS = {
    "128x6, 7 classes": Architecture(
        128, 6, 7, (TimeReduce(7, 16), SensorFusion(24, (3, 5), 16, True, 2), SensorFusion(32, (3,), 16, True, 1))
    ),
    "100x1, 4 classes": Architecture(100, 1, 4, (TimeReduce(5, 8), SensorFusion(16, (3, 5), 8, False, 1))),
}


def count(kernels: str, operators: Iterable[Op]) -> dict[Op, tuple[int, int]]:
    """Instructions and CRC of the output of each operator."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Emulator(CORE.value, firmware.build(CORE.value, (), folder, kernels)) as board,
        ProbeClient(board.url) as probe,
    ):
        found = {}
        for op in dict.fromkeys(operators):
            words = op_words(op, exported=kernels == PORTABLE)
            measured = probe.run(words, counts=COUNTS_PER_MAC * max(op.macs, 1000))
            found[op] = measured.least, measured.output_crc
        return found


def count_before(operators: Iterable[Op]) -> dict[Op, tuple[int, int]]:
    """The same with the portable kernels of `--before`."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for source in firmware.PORTABLE_SOURCES.glob("*.[ch]"):
            shutil.copy(source, folder)
        shutil.copy(BEFORE.value, folder / "tsnas_kernels_portable.c")
        with unittest.mock.patch.object(firmware, "PORTABLE_SOURCES", folder):
            return count(PORTABLE, operators)


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    networks = {name: [node.op for node in net.graph().nodes] for name, net in NETWORKS.items()}
    operators = [op for group in (OPERATORS, networks) for ops in group.values() for op in ops]
    counts = {CMSIS_NN: count(CMSIS_NN, operators), PORTABLE: count(PORTABLE, operators)}
    if BEFORE.value:
        counts["before"] = count_before(operators)
    for op in operators:
        if len({found[op][1] for found in counts.values()}) > 1:
            raise SystemExit(f"The outputs of {op} differ.")
    results: list[dict[str, Any]] = []
    for name, ops in OPERATORS.items():
        row: dict[str, Any] = {"what": name, "shapes": len(ops)}
        for version in list(counts)[1:]:
            ratios = [counts[version][op][0] / counts[CMSIS_NN][op][0] for op in ops]
            row |= {version: round(float(np.mean(ratios)), 2), f"{version}_most": round(max(ratios), 2)}
        results.append(row)
    for name, ops in networks.items():
        row = {"what": f"network {name}", "shapes": len(ops)}
        totals = {version: sum(found[op][0] for op in ops) for version, found in counts.items()}
        for version in list(counts)[1:]:
            row |= {version: round(totals[version] / totals[CMSIS_NN], 2)}
        results.append(row | {"cmsis_nn_instructions": totals[CMSIS_NN]})
    print(tabulate.tabulate(results, headers="keys"))
    shapes = [{"op": str(op)} | {version: found[op][0] for version, found in counts.items()} for op in counts[CMSIS_NN]]
    head = provenance("benchmarks.portable_kernels", ("tsnas", "bakenn"))
    write_json(OUT.value, head | {"core": CORE.value, "results": results, "instructions": shapes})
    print(f"\nWritten: {OUT.value}")


if __name__ == "__main__":
    app.run(main)
