"""Latency of convolutions that no board has measured, from the instructions that an emulated core counts for them.

`emulated_kernels.json` (`benchmarks/emulated_kernels.py` makes it) has, for each core, the instructions of each step of
a kernel, with the error of these figures on shapes that they were not fitted to. A board of that core turns them into
cycles by its own convolutions:

- **Depthwise convolutions** run kernels of their own. Their instructions are multiplied by the cycles that the board
  takes for an instruction in convolutions, on average over the measured shapes. How well such a ratio carries over to
  another kernel is known from 1x1 convolutions, whose kernel is another one as well, and was measured.
- **Dilated convolutions** run the measured kernel on steps in other proportions. So they take what the board's
  coefficients give for these steps, times what the core counts for them and dividing by what it counts for the steps of
  convolutions such as those that were measured.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import pathlib

from tsnas.cost.board import Board
from tsnas.cost.depthwise import DEPTHWISE_FEATURE_NAMES
from tsnas.cost.features import CONV2D, FEATURE_NAMES, basis, op_features
from tsnas.graph.ops import Conv2D, DepthwiseConv2D, Op

KERNELS_FILE = pathlib.Path(__file__).parent / "emulated_kernels.json"
# Key of the instructions that steps of a convolution take if it is dilated.
DILATED_CONV2D = "conv2d_dilated"
STEP_NAMES = FEATURE_NAMES | DEPTHWISE_FEATURE_NAMES | {DILATED_CONV2D: FEATURE_NAMES[CONV2D]}

Steps = dict[str, float]


@dataclasses.dataclass(frozen=True)
class CountedKernels:
    """Counts of an emulated core.

    Args:
        kernel_library: str, kernels that it ran, with their version.
        instructions: dict of `{kernel: {step: instructions}}`.
        p95_relative: dict of the error of these for each kernel, 95th percentile on shapes kept out.
        steps_per_instruction: dict of how often convolutions that boards have measured do each step, per instruction,
            on average.
        conversion_p95_relative: float, error of cycles per instruction taken from one kernel and used for another,
            95th percentile on the board where it is largest.
    """

    kernel_library: str
    instructions: dict[str, Steps]
    p95_relative: dict[str, float]
    steps_per_instruction: Steps
    conversion_p95_relative: float


def emulated_cycles(op: Op, board: Board) -> tuple[float, float] | None:
    """Returns the cycles of a convolution that no board has measured, with a relative margin.

    The margin is the 95th-percentile error of the instructions on shapes kept out, of their conversion to cycles, and
    of the board's own coefficients, as if all three erred in one direction.

    Args:
        op: operator descriptor.
        board: `Board` with coefficients for convolutions.

    Returns:
        (cycles, margin); None if the operator is no such convolution, if no such core was emulated, or if the board has
        no coefficients for convolutions.

    Example:
        >>> emulated_cycles(DepthwiseConv2D(128, 1, 16, 1, 9, 1), load_board("nucleo_f446re"))
    """
    core = counted_kernels().get(board.core)
    steps = board.coefficients.get(CONV2D)
    if core is None or steps is None or basis(op) != "emulated":
        return None
    if isinstance(op, DepthwiseConv2D):
        kernel, counts = op_features(op)
        cycles = _total(core.instructions[kernel], kernel, counts) * cycles_per_instruction(board)
        errors = core.p95_relative[kernel], core.conversion_p95_relative
    else:
        assert isinstance(op, Conv2D)
        _, counts = op_features(op)
        usual = _total(core.instructions[CONV2D], CONV2D, counts)
        cycles = _total(steps, CONV2D, counts) * _total(core.instructions[DILATED_CONV2D], CONV2D, counts) / usual
        errors = core.p95_relative[DILATED_CONV2D], core.p95_relative[CONV2D]
    margin = 1.0 + board.latency_error.p95_relative
    for error in errors:
        margin *= 1.0 + error
    return cycles, margin - 1.0


def cycles_per_instruction(board: Board) -> float:
    """Returns the cycles that a board takes for an instruction in convolutions, by its coefficients for their steps.

    Args:
        board: `Board` of an emulated core, with coefficients for convolutions.

    Returns:
        float, mean over the convolutions that boards of this core have measured.

    Raises:
        KeyError: there are no counts of its core, or no coefficients.
    """
    shares = counted_kernels()[board.core].steps_per_instruction
    return sum(board.coefficients[CONV2D][name] * share for name, share in shares.items())


@functools.lru_cache(maxsize=1)
def counted_kernels() -> dict[str, CountedKernels]:
    """Returns the counts of each emulated core, by its name."""
    values = json.loads(KERNELS_FILE.read_text(encoding="utf-8"))
    return {core: CountedKernels(**counts) for core, counts in values.items()}


def _total(per_step: Steps, kernel: str, counts: tuple[float, ...]) -> float:
    return sum(per_step[name] * count for name, count in zip(STEP_NAMES[kernel], counts, strict=True))
