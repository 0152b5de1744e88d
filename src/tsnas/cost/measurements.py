"""Records of single operators measured on a board: the table that the latency model is fitted to."""

from __future__ import annotations

import csv
import dataclasses
import os
from collections.abc import Mapping
from typing import Any

from tsnas.cost.ops import Add, Conv2D, GlobalAveragePooling2D, Op, Softmax
from tsnas.errors import BoardFileError

CONV_COLUMNS = ("kernel_h", "kernel_w", "stride_h", "stride_w", "padding", "activation")


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
        BoardFileError: the file is missing, or a row lacks a column or holds a value that is not a number.
    """
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise BoardFileError(f"Measurements {os.fspath(path)!r} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BoardFileError(f"Measurements {os.fspath(path)!r} are not a CSV table: {error}.") from error
    records = []
    for line, row in enumerate(rows, start=2):
        try:
            records.append(record_from_json(row))
        except (KeyError, TypeError, ValueError) as error:
            raise BoardFileError(
                f"Measurements {os.fspath(path)!r}, line {line}: {type(error).__name__}: {error}. "
                "Every row needs the columns that read_measurements lists, as whole numbers."
            ) from error
    return records


def record_from_json(values: Mapping[str, Any]) -> OpMeasurement:
    """A record from the columns of its row, as `record_to_json` returns them or as the CSV holds them.

    Raises:
        KeyError: a column is missing.
        ValueError, TypeError: a value is not a whole number, or an operator that is not known.
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
    (in_h, in_w, in_c), (out_h, out_w, out_c) = record.op.in_shapes[0], record.op.out_shape
    values: dict[str, Any] = {"board": record.board, "run": record.run, "op": record.op.kind}
    values |= {"in_h": in_h, "in_w": in_w, "in_c": in_c, "out_h": out_h, "out_w": out_w, "out_c": out_c}
    values |= {name: getattr(record.op, name) for name in CONV_COLUMNS if hasattr(record.op, name)}
    values |= {name: getattr(record, name) for name in ("op_cycles", "invoke_cycles", "arena_bytes", "flash_bytes")}
    return values | {"kernel_library": record.kernel_library, "toolchain": record.toolchain}


def _op(row: Mapping[str, Any]) -> Op:
    h, w, c = (int(row[name]) for name in ("in_h", "in_w", "in_c"))
    kind = row["op"]
    if kind == Conv2D.kind:
        out_c, kernel_h, kernel_w = (int(row[name]) for name in ("out_c", "kernel_h", "kernel_w"))
        strides = int(row["stride_h"]), int(row["stride_w"])
        return Conv2D(h, w, c, out_c, kernel_h, kernel_w, *strides, row["padding"], row["activation"])
    if kind == Add.kind:
        return Add(h, w, c)
    if kind == GlobalAveragePooling2D.kind:
        return GlobalAveragePooling2D(h, w, c)
    if kind == Softmax.kind:
        return Softmax(c)
    raise ValueError(f"op is {kind!r}; known are conv2d, add, global_average_pooling2d and softmax")
