"""Operators as columns of a row, in tables of operators: CSV, JSON and board files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
    is_dilated,
)

WINDOW_COLUMNS = ("kernel_h", "kernel_w", "stride_h", "stride_w", "padding", "activation")
# Only rows of dilated convolutions have them, so that all others are those that earlier versions read and write.
DILATION_COLUMNS = ("dilation_h", "dilation_w")
# What no operator on a microcontroller comes near.
LARGEST_SIZE = 2**20
PADDINGS, ACTIVATIONS = ("same", "valid"), ("relu", "none")


def op_to_columns(op: Op) -> dict[str, Any]:
    """Returns the columns of an operator as plain values; `op_from_columns` reverses it."""
    (in_h, in_w, in_c), (out_h, out_w, out_c) = op.in_shapes[0], op.out_shape
    values: dict[str, Any] = {"op": op.kind}
    values |= {"in_h": in_h, "in_w": in_w, "in_c": in_c, "out_h": out_h, "out_w": out_w, "out_c": out_c}
    for column in WINDOW_COLUMNS:
        field = column.replace("kernel", "pool") if isinstance(op, (MaxPool2D, AveragePool2D)) else column
        if hasattr(op, field):
            values[column] = getattr(op, field)
    if isinstance(op, (Conv2D, DepthwiseConv2D)) and is_dilated(op):
        values |= {column: getattr(op, column) for column in DILATION_COLUMNS}
    if isinstance(op, Pad):
        values |= {"pad_top": op.top, "pad_left": op.left}
    return values


def op_from_columns(row: Mapping[str, Any]) -> Op:
    """Returns the operator that the columns of a row describe.

    Args:
        row: mapping of column to a number, or to text as a CSV file holds it; other columns are ignored.

    Returns:
        Operator descriptor.

    Raises:
        KeyError: a column is missing.
        ValueError, TypeError: a value is not a whole number, or they describe no operator that is known.
    """
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
        activation = _one_of("activation", row.get("activation") or "none", ACTIVATIONS)
        # Older tables have vectors alone, of any shape.
        rows = max(1, int(row.get("out_h") or 1))
        return FullyConnected(h * w * c // rows, out_c, activation, rows=rows)
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
        return Conv2D(h, w, c, out_c, *_window(row), activation, *_dilation(row))
    if c < 1 or out_c % c:
        raise ValueError(f"out_c is {out_c}; a depthwise convolution has a multiple of in_c, {c}")
    return DepthwiseConv2D(h, w, c, out_c // c, *_window(row), activation, *_dilation(row))


def _window(row: Mapping[str, Any]) -> tuple[int, int, int, int, str]:
    """Kernel height and width, strides, and padding."""
    kernel_h, kernel_w, stride_h, stride_w = (int(row[name]) for name in WINDOW_COLUMNS[:4])
    sizes = kernel_h, kernel_w, stride_h, stride_w
    if min(sizes) < 1 or max(sizes) > LARGEST_SIZE:
        text = f"{kernel_h}x{kernel_w} and {stride_h}x{stride_w}"
        raise ValueError(f"kernel and strides are {text}; each must be from 1 to {LARGEST_SIZE}")
    return kernel_h, kernel_w, stride_h, stride_w, _one_of("padding", row["padding"], PADDINGS)


def _dilation(row: Mapping[str, Any]) -> tuple[int, int]:
    """Dilation over height and width, 1 where a row says nothing."""
    dilation_h, dilation_w = (int(row.get(name) or 1) for name in DILATION_COLUMNS)
    if min(dilation_h, dilation_w) < 1 or max(dilation_h, dilation_w) > LARGEST_SIZE:
        raise ValueError(f"dilations are {dilation_h}x{dilation_w}; each must be from 1 to {LARGEST_SIZE}")
    return dilation_h, dilation_w


def _one_of(column: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ValueError(f"{column} is {value!r}; it must be {' or '.join(allowed)}")
    return value
