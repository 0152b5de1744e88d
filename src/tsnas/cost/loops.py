"""Cycles of kernels that are plain loops: TensorFlow Lite Micro's own, those of tsnas, or those of a core without DSP.

Such kernels do the same few steps on any core, so that what an operator takes is a sum of steps times what each of them
takes. `loops.json` (`benchmarks/kernel_loops.py` makes it) has the instructions of each step on emulated cores. They
are no cycles: a board gets them only with factors from timings of its own (`tsnas.cost.calibrate`). Kernels with the
vectors of MVE do other steps (`tsnas.cost.mve`), which are added up in the same way.
"""

from __future__ import annotations

import functools
import json
import pathlib

from tsnas.cost.derived import derived_steps
from tsnas.cost.features import CONV2D_1X1
from tsnas.cost.mve import MVE_STEPS, mve_steps
from tsnas.cost.taps import taps_of
from tsnas.graph.ops import (
    Add,
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    GlobalAveragePooling2D,
    GroupedConv2D,
    MaxPool2D,
    Op,
    OtherOp,
    Pad,
    Reshape,
    Softmax,
)

LOOPS_FILE = pathlib.Path(__file__).parent / "loops.json"
# What each kind does once, for each output pixel, value copied, output, tap of an output inside the input, tap outside,
# and multiplication of a tap.
LOOP_STEPS = ("call", "pixels", "copies", "outputs", "taps", "skips", "macs")

# Of these, the ones that kernels with vectors do as well, beside their own.
SHARED_STEPS = ("call", "pixels")
STEPS = LOOP_STEPS + MVE_STEPS
# Kind whose steps are those of a plain convolution, for operators that no library has a kernel for, where the library's
# convolution has vectors.
PLAIN = "plain"

# A call and a copy of bytes in a loop, which no kernel was counted for: next to nothing in any network.
COPYING = {"call": 500.0, "copies": 2.0}
WORD_BYTES = 4

Loops = dict[str, dict[str, float]]


def factor_kind(op: Op) -> str:
    """Returns the kind that an operator counts as where each kind has a factor; 1x1 convolutions are one of their own.

    Example:
        >>> factor_kind(Conv2D(32, 1, 8, 8, 1, 1)), factor_kind(Softmax(6))
        ('conv2d_1x1', 'softmax')
    """
    if isinstance(op, Conv2D) and op.kernel_h == op.kernel_w == op.stride_h == op.stride_w == 1:
        return CONV2D_1X1
    return op.kind


def loop_steps(op: Op) -> tuple[float, ...]:
    """Returns how often an operator does each of `LOOP_STEPS`.

    Args:
        op: operator descriptor.

    Returns:
        tuple of float, in the order of `LOOP_STEPS`.

    Example:
        >>> loop_steps(FullyConnected(64, 6))
        (1.0, 0.0, 0.0, 6.0, 0.0, 0.0, 384.0)
    """
    if isinstance(op, OtherOp):
        # In the steps of a convolution that its cost is derived from, but what is moved, which is copied.
        steps = derived_steps(op)
        copies = WORD_BYTES * steps.get("copied_words", 0.0) + steps.get("padded_inputs", 0.0)
        return 1.0, 0.0, copies, steps.get("output_elements", 0.0), 0.0, 0.0, steps.get("remainder_steps", 0.0)
    h, w, c = op.out_shape
    outputs = float(h * w * c)
    if isinstance(op, Conv2D | DepthwiseConv2D | GroupedConv2D):
        taps = float(taps_of(op))
        skips = (h * w * op.kernel_h * op.kernel_w - taps) * c
        groups = op.groups if isinstance(op, GroupedConv2D) else 1
        macs = 0.0 if isinstance(op, DepthwiseConv2D) else taps * op.in_c * c / groups
        return 1.0, float(h * w), taps * op.in_c, outputs, taps * c, skips, macs
    if isinstance(op, FullyConnected):
        return 1.0, 0.0, 0.0, outputs, 0.0, 0.0, float(op.rows * op.in_c * op.out_c)
    if isinstance(op, AveragePool2D | MaxPool2D):
        return 1.0, float(h * w), 0.0, outputs, float(taps_of(op)) * c, 0.0, 0.0
    if isinstance(op, GlobalAveragePooling2D):
        return 1.0, 0.0, 0.0, outputs, float(op.h * op.w * op.c), 0.0, 0.0
    if isinstance(op, Add | Softmax):
        return 1.0, 0.0, 0.0, outputs, 0.0, 0.0, 0.0
    if isinstance(op, Reshape | Pad):
        return 1.0, 0.0, outputs, 0.0, 0.0, 0.0, 0.0
    raise TypeError(f"{op!r} is not an operator descriptor; use those of tsnas.graph.ops, such as Conv2D.")


def all_steps(op: Op) -> tuple[float, ...]:
    """Returns how often an operator does each of `STEPS` where kernels have vectors: steps of vectors, or plain ones.

    Args:
        op: operator descriptor.

    Returns:
        tuple of float, in the order of `STEPS`.

    Example:
        >>> all_steps(FullyConnected(64, 6))[:7]
        (1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    """
    plain, vectors = loop_steps(op), mve_steps(op)
    if any(vectors):
        plain = tuple(count if name in SHARED_STEPS else 0.0 for name, count in zip(LOOP_STEPS, plain, strict=True))
    return plain + vectors


def loop_cycles(op: Op, loops: Loops) -> float | None:
    """Returns the cycles of an operator by what each step of its kind takes; None if there is nothing for its kind.

    Args:
        op: operator descriptor.
        loops: dict of `{kind: {step: cycles}}`; kinds are those of `factor_kind`.
    """
    if isinstance(op, Reshape | Pad):
        steps: dict[str, float] | None = COPYING
    elif isinstance(op, GroupedConv2D | OtherOp):
        steps = loops.get(Conv2D.kind)
        if steps is not None and isinstance(op, OtherOp):
            steps = loops.get(PLAIN, steps) | COPYING
    else:
        steps = loops.get(factor_kind(op))
    if steps is None:
        return None
    # Steps are those of vectors only if some of the kind's figures are.
    names, counts = (LOOP_STEPS, loop_steps(op)) if set(LOOP_STEPS) >= set(steps) else (STEPS, all_steps(op))
    return sum(steps.get(name, 0.0) * count for name, count in zip(names, counts, strict=True))


@functools.lru_cache(maxsize=1)
def counted_loops() -> dict[str, dict[str, Loops]]:
    """Returns the instructions of each step, as `{kernels: {core: {kind: {step: instructions}}}}`."""
    found: dict[str, dict[str, Loops]] = json.loads(LOOPS_FILE.read_text(encoding="utf-8"))["loops"]
    return found
