"""Boards from the counts of a probe: with a table and coefficients of their own, or with estimates from an emulator."""

from __future__ import annotations

import dataclasses
import datetime
import math
from collections.abc import Sequence

from tsnas.cost.board import Board, load_board
from tsnas.cost.board_parts import CMSIS_NN, PORTABLE, LatencyError
from tsnas.cost.fit import fit_board_coefficients
from tsnas.cost.flash import base_flash_bytes, op_flash_bytes
from tsnas.cost.latency import op_latency
from tsnas.cost.measurements import OpMeasurement
from tsnas.cost.memory import base_planning_bytes, base_tail_bytes, op_planning_bytes, op_tail_bytes
from tsnas.cost.records import aligned
from tsnas.cost.relative import calibrated_board
from tsnas.graph.ops import Op
from tsnas.probe.characterize import Characterization, Result
from tsnas.probe.conversion import conversion_for, cycles_of

PROPORTIONS = "nucleo_f446re"
# Whose kernels the conversions from instructions to cycles were fitted to.
CONVERTED_LIBRARY = "CMSIS-NN"


def characterized_board(found: Characterization, origin: Board) -> Board:
    """Returns a board with the figures that were counted on it.

    Cycles become the board's table and, from some tens of operators on, its own coefficients. Instructions are
    converted to the cycles that boards of this core need for them; that is an estimate, so it gives coefficients but no
    table.

    Args:
        found: `Characterization`.
        origin: `Board` with the name, clock and memory of the board; what was not counted is taken from it.

    Returns:
        A `Board`; its `source` says how it was counted.

    Raises:
        SettingError: instructions of a core that no board is known for.
    """
    hello = found.hello
    board = dataclasses.replace(
        origin,
        date=datetime.date.today().isoformat(),
        # A board without figures of its own: what is not measured takes the proportions of another one.
        coefficients=origin.coefficients or load_board(PROPORTIONS).coefficients,
        kernels=PORTABLE if hello.portable else CMSIS_NN,
        optimised=not hello.portable,
        factors={},
        loops={},
        trust="",
        other_kernels=(),
        kernel_library=hello.kernel_library,
        toolchain=f"{hello.compiler} {hello.flags}",
        table=(),
    )
    if hello.counter == "cycles":
        return _from_cycles(board, found.results)
    return _from_instructions(board, found, hello.core)


def _from_cycles(board: Board, results: Sequence[Result]) -> Board:
    records = [_record(board, result.op, max(1, round(result.mean))) for result in results]
    text = f"{len(records)} operators measured on this board by the probe (counter=cycles)."
    board = calibrated_board(dataclasses.replace(board, source=f"{board.source} {text}"), records)
    return board.with_table(records)


def _from_instructions(board: Board, found: Characterization, core: str) -> Board:
    conversion = conversion_for(board.name, core, board.mve)
    records = [_record(board, r.op, cycles_of(r.op, r.mean, conversion)) for r in found.results]
    own = conversion["of"] == board.name
    p95, median = float(conversion["p95_relative"]), float(conversion["median_relative"])
    text = (
        f"Estimated, not measured: {len(records)} operators on an emulated {core} (counter=instructions), turned into "
        f"cycles by what {conversion['of']} needs for an instruction ({float(conversion['mape']):.1%} mean error"
        f"{'' if own else ' on another board of one core'})."
    )
    if not found.hello.kernel_library.startswith(CONVERTED_LIBRARY):
        text += f" That error is of the kernels of {CONVERTED_LIBRARY}; these are {found.hello.kernel_library}."
    own = fit_board_coefficients(records)
    return dataclasses.replace(
        board,
        # Kernels that were not counted keep what the board had for them.
        coefficients={kernel: steps | own.get(kernel, {}) for kernel, steps in board.coefficients.items()},
        latency_error=LatencyError(median, p95, len(records), "instructions against cycles"),
        source=text,
    )


def _record(board: Board, op: Op, cycles: int) -> OpMeasurement:
    """The record of a model with this operator alone; the probe counts the kernel, the rest is known from the board."""
    overhead = round(op_latency(op, board).overhead_cycles)
    tensors = [aligned(math.prod(shape)) for shape in (*op.in_shapes, op.out_shape)]
    head = max(sum(tensors), base_planning_bytes(len(op.in_shapes)) + op_planning_bytes(op))
    return OpMeasurement(
        board=board.name,
        run=datetime.datetime.now().strftime("%Y%m%d-%H%M%S"),
        op=op,
        op_cycles=cycles,
        invoke_cycles=cycles + overhead,
        arena_bytes=head + base_tail_bytes(board.runtime) + op_tail_bytes(op, board.runtime),
        flash_bytes=base_flash_bytes() + op_flash_bytes(op),
        kernel_library=board.kernel_library,
        toolchain=board.toolchain,
    )
