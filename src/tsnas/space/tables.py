"""Cost tables of the dynamic layers: the costs of an operator for every pair of input and output widths.

An operator has five costs. `latency_ms`, `tail_bytes` (persistent part of the arena), `planning_bytes` (used in the
head of the arena while the interpreter starts) and `flash_bytes` add up over the operators; `scratch_bytes` are needed
only while the operator runs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tsnas.cost.board import Board
from tsnas.cost.bounds import EXPECTED
from tsnas.cost.flash import op_flash_bytes
from tsnas.cost.latency import op_latency_ms
from tsnas.cost.memory import op_planning_bytes, op_tail_bytes, scratch_bytes
from tsnas.cost.npu import brick_bytes, op_on_npu
from tsnas.cost.records import aligned
from tsnas.graph.ops import Add, Conv2D, Op

Pair = tuple[int, int]
Widths = Sequence[int]


def op_costs(op: Op, board: Board, margin: str = EXPECTED) -> dict[str, float]:
    """Returns the five costs of one operator on `board`; see `Limits` for `margin`."""
    latency_ms = op_latency_ms(op, board, margin)
    if board.npu is not None:
        on_npu = op_on_npu(op, board.npu)
        costs = {"scratch_bytes": on_npu.scratch_bytes, "flash_bytes": on_npu.file_bytes}
        # To the interpreter, all operators on the NPU are one.
        return {"latency_ms": latency_ms, "tail_bytes": 0.0, "planning_bytes": 0.0, **costs}
    return {
        "latency_ms": latency_ms,
        "scratch_bytes": sum(aligned(n_bytes, board.runtime.alignment) for n_bytes in scratch_bytes(op, mve=board.mve)),
        "tail_bytes": op_tail_bytes(op, board.runtime),
        "planning_bytes": op_planning_bytes(op),
        "flash_bytes": op_flash_bytes(op),
    }


def conv_tables(
    board: Board,
    in_size: Pair,
    in_widths: Widths,
    out_widths: Widths,
    kernel: Pair,
    strides: Pair,
    dilation: int = 1,
    margin: str = EXPECTED,
) -> dict[str, np.ndarray]:
    """Returns tables of shape (output widths, input widths) for a convolution of inputs of `in_size` (time, channels).

    The dilation is along time; `Limits` explains `margin`.

    Source: HW_op in equation 2 of the paper.
    """

    (in_h, in_w), window = in_size, (kernel[0], kernel[1], strides[0], strides[1])
    cells = [
        [op_costs(Conv2D(in_h, in_w, c_in, c_out, *window, dilation_h=dilation), board, margin) for c_in in in_widths]
        for c_out in out_widths
    ]
    return {name: np.array([[cell[name] for cell in row] for row in cells]) for name in cells[0][0]}


def add_tables(board: Board, size: Pair, widths: Widths, margin: str = EXPECTED) -> dict[str, np.ndarray]:
    """Returns tables of shape (widths,) for an addition of two tensors of `size` (time, channels)."""
    cells = [op_costs(Add(size[0], size[1], width), board, margin) for width in widths]
    return {name: np.array([cell[name] for cell in cells]) for name in cells[0]}


def tensor_bytes(board: Board, size: Pair, widths: Widths) -> np.ndarray:
    """Returns the aligned bytes of an int8 tensor of `size` (time, channels) at each width."""
    if board.npu is not None:
        # Only the window has a single filter; it comes as it is, not in bricks.
        n_bytes = [aligned(size[0] * size[1]) if width == 1 else brick_bytes((*size, width)) for width in widths]
        return np.array(n_bytes, np.float32)
    return np.array([aligned(size[0] * size[1] * width, board.runtime.alignment) for width in widths], np.float32)
