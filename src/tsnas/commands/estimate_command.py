"""tsnas estimate: predicts the costs of an int8 .tflite model or a list of operators on a board."""

from __future__ import annotations

import csv
import io
import json
import math
import pathlib
import sys
from typing import TYPE_CHECKING

from absl import flags

from tsnas.commands.command import Command, UsageError, refuse_arguments
from tsnas.commands.kernel_flags import define_board_kernels
from tsnas.system.terminal import columns, say

if TYPE_CHECKING:
    from tsnas.cost.board import Board
    from tsnas.graph.ops import Op

PREDICTED = ("predicted_cycles", "cycles_source", "predicted_arena_bytes")


def define_flags(values: flags.FlagValues) -> None:
    def text(name: str, meaning: str) -> None:
        flags.DEFINE_string(name, None, meaning, flag_values=values)

    text(
        "board",
        "Board: a name that `tsnas boards` lists, or the path of a board's .json file. Required for a model, unless "
        "one was saved beside it; with --ops, the column board of each row is used if it is not given.",
    )
    define_board_kernels(values)
    text("ops", "CSV file of operators instead of a model, with the columns of a file of measured operators.")
    text("table", "CSV or JSON file of operators measured on the board; they take precedence over the latency model.")
    text("out", "With --ops: file to write. Default: standard output.")
    flags.DEFINE_bool("json", False, "Print JSON instead of a table.", flag_values=values)


def run(values: flags.FlagValues, arguments: list[str]) -> None:
    from tsnas.cost.board import board_beside, load_board
    from tsnas.cost.estimate import estimate_tflite
    from tsnas.cost.op_table import board_with_table

    if values.ops:
        refuse_arguments(arguments)
        if values.json:
            raise UsageError("--json requires a model; --ops writes CSV")
        _estimate_ops(values.ops, values.board, values.kernels, values.table, values.out)
        return
    if len(arguments) != 1:
        raise UsageError(f"expected the path of one .tflite file, not {len(arguments)} arguments")
    known = values.board or board_beside(arguments[0])
    if known is None:
        raise UsageError("--board is required; `tsnas boards` lists the names")
    if values.out:
        raise UsageError("--out requires --ops; redirect the output of a model's estimate")
    board = load_board(known, values.kernels)
    if values.table:
        board = board_with_table(board, values.table)
    estimate = estimate_tflite(arguments[0], board)
    print(json.dumps(estimate.to_json(), indent=2) if values.json else estimate.table(width=columns()))


def _estimate_ops(path: str, board: str | None, kernels: str | None, table: str | None, out: str | None) -> None:
    """Copies the rows of a CSV file and adds the predicted costs of each operator."""
    from tsnas.cost.board import load_board
    from tsnas.cost.measurements import read_ops
    from tsnas.cost.op_table import boards_with_table
    from tsnas.errors import BoardFileError
    from tsnas.system.files import write_file

    rows, ops = read_ops(path)
    if not rows:
        raise BoardFileError(f"Measurements {path!r} hold no rows; give at least one operator.")
    if board is None and "board" not in rows[0]:
        raise UsageError(f"--board is required: {path!r} has no column board")
    names = [row["board"] for row in rows] if board is None else [board] * len(rows)
    boards = {name: load_board(name, kernels) for name in dict.fromkeys(names)}
    if table:
        boards = dict(zip(boards, boards_with_table(list(boards.values()), table), strict=True))
    errors = []
    for row, op, name in zip(rows, ops, names, strict=True):
        predicted = _predict(op, boards[name])
        row |= dict(zip(PREDICTED, map(str, predicted), strict=True))
        measured = _parse_number(row.get("op_cycles"))
        if measured > 0:
            errors.append(abs(predicted[0] / measured - 1))
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    if out:
        write_file(pathlib.Path(out), text.getvalue())
    else:
        sys.stdout.write(text.getvalue())
    told = f"{len(rows)} operators" + (f", written to {out}" if out else "")
    if errors:
        told += f"; mean error of {len(errors)} with op_cycles: {sum(errors) / len(errors):.2%}"
    say(told, sys.stderr)


def _parse_number(text: str | None) -> float:
    """Parses a finite number; returns 0 if there is none."""
    try:
        value = float(text or 0)
    except ValueError:
        return 0.0
    return value if math.isfinite(value) else 0.0


def _predict(op: Op, board: Board) -> tuple[float, str, int]:
    """Predicts the cycles of a kernel, with their source, and the arena of a model with only this operator."""
    from tsnas.cost.estimate import estimate_graph
    from tsnas.cost.latency import op_latency
    from tsnas.cost.memory import plan_arena
    from tsnas.graph.graph import GraphBuilder

    latency = op_latency(op, board)
    builder = GraphBuilder(op.in_shapes[0])
    inputs = [builder.input, *(f"input{index}" for index in range(1, len(op.in_shapes)))]
    graph = builder.build(builder.add("op", op, *inputs))
    on_npu = board.npu is not None
    if on_npu:
        arena_bytes = estimate_graph(graph, board).ram_bytes
    else:
        arena_bytes = plan_arena(graph, board.runtime, mve=board.mve).total_bytes
    return round(latency.cycles, 1), latency.source, arena_bytes


COMMAND = Command(
    name="estimate",
    summary="Predict the latency, RAM and flash of an int8 .tflite model on a board, or of a list of operators.",
    usage="(MODEL.tflite --board=BOARD [--json] | --ops=FILE.csv [--board=BOARD] [--out=FILE.csv]) [--table=FILE]",
    example="tsnas estimate runs/demo/model.tflite --board=nucleo_f446re",
    define_flags=define_flags,
    run=run,
    details="Prints one line per operator and the totals: latency in ms with its margin, RAM (the tensor arena) and "
    "flash in KB of 1024 bytes. With --ops, copies the rows of the file and adds three columns: predicted_cycles of "
    "the kernel, cycles_source (measured, model, extrapolated, emulated, calibrated, compiled or derived) and "
    "predicted_arena_bytes of a model with only this operator. On a board with an NPU, Vela compiles the model.",
)
