"""Operators of a seeded draw, and the instructions that an emulated core takes for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.emulated_shapes import draw_shapes
from tsnas.cost.board_parts import PORTABLE
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

SEED = 0
COUNTS_PER_MAC, LEAST_COUNTS, TRIES = 200, 5_000_000, 5
MOST_MACS, MOST_BYTES = 300_000, 200_000
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
