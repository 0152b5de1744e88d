"""Records of single operators measured on a board: the table that the latency model is fitted to."""

from __future__ import annotations

import csv
import dataclasses
import math
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from tsnas.errors import BoardFileError
from tsnas.graph.ops import (
    OP_KINDS,
    Add,
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    GlobalAveragePooling2D,
    MaxPool2D,
    Op,
    Pad,
    Reshape,
    Softmax,
)

if TYPE_CHECKING:
    from tsnas.cost.board import Board

T = TypeVar("T")
WINDOW_COLUMNS = ("kernel_h", "kernel_w", "stride_h", "stride_w", "padding", "activation")
# What no operator on a microcontroller comes near.
LARGEST_SIZE = 2**20
PADDINGS, ACTIVATIONS = ("same", "valid"), ("relu", "none")


@dataclasses.dataclass(frozen=True)
class OpMeasurement:
    """One operator as it ran on one board.

    Args:
        board: str, name of the board.
        run: str, the recording session.
        op: operator descriptor.
        op_cycles: int, CPU cycles of the kernel alone.
        invoke_cycles: int, CPU cycles of the whole `Invoke()` of a model with only this operator.
        arena_bytes: int, `arena_used_bytes()` of that model.
        flash_bytes: int, size of that model's .tflite file.
        kernel_library: str or None, the kernels and their version. Defaults to None, those of the board.
        toolchain: str or None, compiler and flags of the firmware. Defaults to None, that of the board.
    """

    board: str
    run: str
    op: Op
    op_cycles: int
    invoke_cycles: int
    arena_bytes: int
    flash_bytes: int
    kernel_library: str | None = None
    toolchain: str | None = None


def read_measurements(path: str | os.PathLike[str]) -> list[OpMeasurement]:
    """Reads a CSV table of operator measurements.

    Args:
        path: the file; one row per record, with the columns `board`, `run`, `op`, `in_h`, `in_w`, `in_c`, `out_c`,
            `kernel_h`, `kernel_w`, `stride_h`, `stride_w`, `padding`, `activation` (the last six for conv2d only),
            `op_cycles`, `invoke_cycles`, `arena_bytes` and `flash_bytes`; `kernel_library` and `toolchain` may lack.

    Returns:
        List of `OpMeasurement`, in the order of the file.

    Raises:
        BoardFileError: the file is missing, or a row lacks a column or describes no operator; the message names its
            line.
    """
    return [_parsed(path, line, record_from_json, row) for line, row in _rows(path)]


def record_from_json(values: Mapping[str, Any]) -> OpMeasurement:
    """A record from the columns of its row, as `record_to_json` returns them or as the CSV holds them.

    Raises:
        KeyError: a column is missing.
        ValueError, TypeError: a value is not a whole number, or they describe no operator that is known.
    """
    return OpMeasurement(
        board=values["board"],
        run=values["run"],
        op=_op(values),
        op_cycles=int(values["op_cycles"]),
        invoke_cycles=int(values["invoke_cycles"]),
        arena_bytes=int(values["arena_bytes"]),
        flash_bytes=int(values["flash_bytes"]),
        kernel_library=values.get("kernel_library") or None,
        toolchain=values.get("toolchain") or None,
    )


def record_to_json(record: OpMeasurement) -> dict[str, Any]:
    """The columns of a record's row as plain values; `record_from_json` reverses it."""
    op = record.op
    (in_h, in_w, in_c), (out_h, out_w, out_c) = op.in_shapes[0], op.out_shape
    values: dict[str, Any] = {"board": record.board, "run": record.run, "op": op.kind}
    values |= {"in_h": in_h, "in_w": in_w, "in_c": in_c, "out_h": out_h, "out_w": out_w, "out_c": out_c}
    for column in WINDOW_COLUMNS:
        field = column.replace("kernel", "pool") if isinstance(op, (MaxPool2D, AveragePool2D)) else column
        if hasattr(op, field):
            values[column] = getattr(op, field)
    if isinstance(op, Pad):
        values |= {"pad_top": op.top, "pad_left": op.left}
    values |= {name: getattr(record, name) for name in ("op_cycles", "invoke_cycles", "arena_bytes", "flash_bytes")}
    return values | {"kernel_library": record.kernel_library, "toolchain": record.toolchain}


def record_fault(record: OpMeasurement, board: Board) -> str | None:
    """Why a record says nothing about this board as it is now, or None.

    A record is stale if another kernel library or toolchain made it; it is impossible if its arena is smaller than its
    own tensors, or if the interpreter took fewer cycles than the operator within it.
    """
    if record.board != board.name:
        return f"of board {record.board!r}, not {board.name!r}"
    for field in ("kernel_library", "toolchain"):
        value, expected = getattr(record, field), getattr(board, field)
        if value is not None and value != expected:
            return f"stale: {field} is {value!r}, the board's is {expected!r}"
    if not 0 < record.op_cycles <= record.invoke_cycles:
        return f"impossible: {record.op_cycles} cycles of the operator within {record.invoke_cycles} of the interpreter"
    tensor_bytes = sum(math.prod(shape) for shape in (*record.op.in_shapes, record.op.out_shape))
    if record.arena_bytes < tensor_bytes:
        return f"impossible: an arena of {record.arena_bytes} bytes for tensors of {tensor_bytes} bytes"
    return None


def read_ops(path: str | os.PathLike[str]) -> tuple[list[dict[str, str]], list[Op]]:
    """Reads a CSV table of operators, measured or not.

    Every kind needs `op`, `in_h`, `in_w` and `in_c`; beside them is read, of

    - conv2d and depthwise_conv2d: `out_c`, the kernel, the strides, `padding` and `activation`;
    - max_pool2d and average_pool2d: the window as `kernel_h` and `kernel_w`, the strides and `padding`; `activation`
      may be empty, for none;
    - fully_connected: `out_c`; `activation` may be empty, for none;
    - reshape: `out_h`, `out_w` and `out_c`;
    - pad: the same; what they add lies below and to the right, without the `pad_top` rows above and the `pad_left`
      columns to the left, if there are such columns.

    Args:
        path: the file; columns that describe no operator are kept as they are.

    Returns:
        (rows, operators): the rows as dicts of text, and the descriptor of each.

    Raises:
        BoardFileError: the file cannot be read, or a row does not describe an operator; the message names the line.
    """
    rows = _rows(path)
    return [row for _, row in rows], [_parsed(path, line, _op, row) for line, row in rows]


def _rows(path: str | os.PathLike[str]) -> list[tuple[int, dict[str, str]]]:
    """(line, row) of each row; spreadsheets may begin the file with a byte order mark."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            rows = [(reader.line_num, row) for row in reader]
    except OSError as error:
        raise BoardFileError(f"Measurements {os.fspath(path)!r} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BoardFileError(f"Measurements {os.fspath(path)!r} are not a CSV table: {error}.") from error
    for line, row in rows:
        if None in row:
            raise BoardFileError(f"Measurements {os.fspath(path)!r}, line {line}: more values than columns.")
    return rows


def _parsed(path: str | os.PathLike[str], line: int, parse: Callable[[dict[str, str]], T], row: dict[str, str]) -> T:
    try:
        return parse(row)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise BoardFileError(
            f"Measurements {os.fspath(path)!r}, line {line}: {type(error).__name__}: {error}. "
            "Every row needs the columns that read_measurements lists, as whole numbers."
        ) from error


def _op(row: Mapping[str, Any]) -> Op:
    """The operator that a row describes, if there can be one of these sizes."""
    op = _described(row)
    sizes = [size for shape in (*op.in_shapes, op.out_shape) for size in shape]
    if min(sizes) < 1 or max(sizes) > LARGEST_SIZE:
        raise ValueError(
            f"{op} has sizes {op.in_shapes[0]} in and {op.out_shape} out; each must be from 1 to {LARGEST_SIZE}"
        )
    return op


def _described(row: Mapping[str, Any]) -> Op:
    kind = row["op"]
    if kind not in OP_KINDS:
        raise ValueError(f"op is {kind!r}; known are {', '.join(OP_KINDS)}")
    h, w, c = (int(row[name]) for name in ("in_h", "in_w", "in_c"))
    if kind == Add.kind:
        return Add(h, w, c)
    if kind == GlobalAveragePooling2D.kind:
        return GlobalAveragePooling2D(h, w, c)
    if kind == Softmax.kind:
        return Softmax(c)
    if kind in (MaxPool2D.kind, AveragePool2D.kind):
        pool = MaxPool2D if kind == MaxPool2D.kind else AveragePool2D
        return pool(h, w, c, *_window(row), _one_of("activation", row.get("activation") or "none", ACTIVATIONS))
    out_c = int(row["out_c"])
    if kind == FullyConnected.kind:
        return FullyConnected(h * w * c, out_c, _one_of("activation", row.get("activation") or "none", ACTIVATIONS))
    if kind in (Reshape.kind, Pad.kind):
        out_h, out_w = int(row["out_h"]), int(row["out_w"])
        if kind == Reshape.kind:
            if h * w * c != out_h * out_w * out_c:
                raise ValueError(f"a reshape of {h}x{w}x{c} to {out_h}x{out_w}x{out_c} changes the number of values")
            return Reshape((h, w, c), (out_h, out_w, out_c))
        top, left = (int(row.get(name) or 0) for name in ("pad_top", "pad_left"))
        pads = top, out_h - h - top, left, out_w - w - left
        if min(pads) < 0:
            raise ValueError(f"a pad adds {pads} (top, bottom, left, right); none may be below 0")
        return Pad(h, w, c, *pads)
    activation = _one_of("activation", row["activation"], ACTIVATIONS)
    if kind == Conv2D.kind:
        return Conv2D(h, w, c, out_c, *_window(row), activation)
    if c < 1 or out_c % c:
        raise ValueError(f"out_c is {out_c}; a depthwise convolution has a multiple of in_c, {c}")
    return DepthwiseConv2D(h, w, c, out_c // c, *_window(row), activation)


def _window(row: Mapping[str, Any]) -> tuple[int, int, int, int, str]:
    """Kernel height and width, strides, and padding."""
    kernel_h, kernel_w, stride_h, stride_w = (int(row[name]) for name in WINDOW_COLUMNS[:4])
    sizes = kernel_h, kernel_w, stride_h, stride_w
    if min(sizes) < 1 or max(sizes) > LARGEST_SIZE:
        text = f"{kernel_h}x{kernel_w} and {stride_h}x{stride_w}"
        raise ValueError(f"kernel and strides are {text}; each must be from 1 to {LARGEST_SIZE}")
    return kernel_h, kernel_w, stride_h, stride_w, _one_of("padding", row["padding"], PADDINGS)


def _one_of(column: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ValueError(f"{column} is {value!r}; it must be {' or '.join(allowed)}")
    return value
