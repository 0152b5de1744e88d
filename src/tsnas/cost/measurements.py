"""Records of single operators measured on a board, to which the latency model is fitted."""

from __future__ import annotations

import csv
import dataclasses
import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from tsnas.cost.op_columns import op_from_columns, op_to_columns
from tsnas.errors import BoardFileError
from tsnas.graph.ops import Op

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class OpMeasurement:
    """Measurement of one operator on one board.

    Args:
        board: str, name of the board.
        run: str, the recording session.
        op: operator descriptor.
        op_cycles: int, CPU cycles of the kernel alone.
        invoke_cycles: int, CPU cycles of the whole `Invoke()` of a model with only this operator.
        arena_bytes: int, `arena_used_bytes()` of that model.
        flash_bytes: int, size of that model's .tflite file.
        kernel_library: str or None, the kernels and their version. Defaults to None: those of the board.
        toolchain: str or None, compiler and flags of the firmware. Defaults to None: that of the board.
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
            `op_cycles`, `invoke_cycles`, `arena_bytes`, `flash_bytes`, and optionally `dilation_h` and `dilation_w`
            (1 where they are missing or empty), `kernel_library` and `toolchain`.

    Returns:
        list of `OpMeasurement`, in the order of the file.

    Raises:
        BoardFileError: the file is missing, or a row lacks a column or describes no operator; the message names its
            line.
    """
    return [_parsed(path, line, record_from_json, row) for line, row in _rows(path)]


def record_from_json(values: Mapping[str, Any]) -> OpMeasurement:
    """Builds a record from the columns of its row, as `record_to_json` returns them or as a CSV file holds them.

    Raises:
        KeyError: a column is missing.
        ValueError, TypeError: a value is not a whole number, or they describe no operator that is known.
    """
    return OpMeasurement(
        board=values["board"],
        run=values["run"],
        op=op_from_columns(values),
        op_cycles=int(values["op_cycles"]),
        invoke_cycles=int(values["invoke_cycles"]),
        arena_bytes=int(values["arena_bytes"]),
        flash_bytes=int(values["flash_bytes"]),
        kernel_library=values.get("kernel_library") or None,
        toolchain=values.get("toolchain") or None,
    )


def record_to_json(record: OpMeasurement) -> dict[str, Any]:
    """Returns the columns of a record's row as plain values; `record_from_json` reverses it."""
    values: dict[str, Any] = {"board": record.board, "run": record.run} | op_to_columns(record.op)
    values |= {name: getattr(record, name) for name in ("op_cycles", "invoke_cycles", "arena_bytes", "flash_bytes")}
    return values | {"kernel_library": record.kernel_library, "toolchain": record.toolchain}


def read_ops(path: str | os.PathLike[str]) -> tuple[list[dict[str, str]], list[Op]]:
    """Reads a CSV table of operators, measured or not.

    Every kind needs `op`, `in_h`, `in_w` and `in_c`. Further columns are read, for

    - conv2d and depthwise_conv2d: `out_c`, the kernel, the strides, `padding` and `activation`; `dilation_h` and
      `dilation_w` may be missing or empty, for 1;
    - max_pool2d and average_pool2d: the window as `kernel_h` and `kernel_w`, the strides and `padding`; `activation`
      may be empty, for none;
    - fully_connected: `out_c`; `activation` may be empty, for none;
    - reshape: `out_h`, `out_w` and `out_c`;
    - pad: the same; zeros are added below and to the right, except for `pad_top` rows above and `pad_left` columns to
      the left, where these are given.

    Args:
        path: the file; columns that describe no operator are kept as they are.

    Returns:
        (rows, operators): the rows as dicts of text, and the descriptor of each.

    Raises:
        BoardFileError: the file cannot be read, or a row does not describe an operator; the message names the line.
    """
    rows = _rows(path)
    return [row for _, row in rows], [_parsed(path, line, op_from_columns, row) for line, row in rows]


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
