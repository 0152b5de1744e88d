"""Latency of operators and networks on a board: from its table of measurements, else from a kernel model.

The kernel model is fitted to the board's measurements where there are any, and to an emulated core's counts for dilated
and depthwise convolutions. Boards that were calibrated by timings of whole models multiply it by a factor for each kind
of operator; of kernels that are plain loops, it is a sum over the steps of the loops (`tsnas.cost.loops`). On an NPU,
it is what the NPU's compiler says (`tsnas.cost.npu`).
"""

from __future__ import annotations

import dataclasses
import math

from tsnas.cost.board import Board, calibration_steps
from tsnas.cost.bounds import EXPECTED, UPPER
from tsnas.cost.emulated import emulated_cycles
from tsnas.cost.features import FEATURE_NAMES, INVOKE, basis, derived_features, op_features
from tsnas.cost.loops import factor_kind, loop_cycles
from tsnas.cost.npu import op_on_npu
from tsnas.errors import BoardError, UncalibratedError
from tsnas.graph.graph import Graph
from tsnas.graph.ops import (
    DERIVED_KINDS,
    BatchedConv2D,
    DepthwiseConv2D,
    FullyConnected,
    GroupedConv2D,
    Op,
    OtherOp,
)

MEASURED, MODEL, EXTRAPOLATED = "measured", "model", "extrapolated"
EMULATED, DERIVED, CALIBRATED, COMPILED = "emulated", "derived", "calibrated", "compiled"

# Key of the factor of all kinds that have none of their own.
OTHERS = "others"
# One firmware repeats an operator to within 0.04 % (95th percentile of 308 pairs of sessions).
MEASURED_MARGIN = 0.0005
# The next three are judgements, not measurements: nothing like these operators was measured.
EXTRAPOLATED_FACTOR = 3.0
DERIVED_MARGIN = 0.5
# Twice what an NPU's compiler says, since it says of its cycles that they are not accurate.
COMPILED_MARGIN = 1.0


@dataclasses.dataclass(frozen=True)
class OpLatency:
    """Latency of one operator on a board, with its source and its margin.

    Args:
        cycles: float, CPU cycles of the kernel alone.
        overhead_cycles: float, cycles that the interpreter adds around it: dispatch, argument checks, its share of
            `Invoke()`. It was measured on models of one operator and includes all of `Invoke()`: in a longer network
            the true share is smaller, so the sum errs on the safe side.
        source: str, `"measured"` (this operator, on this board), `"model"` (kernel model fitted to such operators),
            `"extrapolated"` (its kernel was fitted, but no shape like this was measured), `"emulated"` (its
            instructions were counted on an emulated core), `"calibrated"` (timings of whole models tell the factor of
            its kind), `"compiled"` (an NPU's compiler estimates it) or `"derived"` (neither measured, counted nor
            timed).
        margin_relative: float, relative margin of error. Measured: 0.0005, to which one firmware repeats itself.
            Model: the 95th percentile of the board's error on operators kept out of the fit. Extrapolated: three times
            that. Emulated: the 95th percentiles of the errors of counts, conversion and board together; see
            `tsnas.cost.emulated`. Calibrated: see `tsnas.cost.calibrate`. Derived: one half, or the board's error if
            that is larger. Compiled: one, so that the upper end is twice the estimate. Those of extrapolated, derived
            and compiled latencies are judgements.
    """

    cycles: float
    overhead_cycles: float
    source: str
    margin_relative: float

    @property
    def total_cycles(self) -> float:
        """Cycles of the kernel and of the interpreter around it."""
        return self.cycles + self.overhead_cycles

    @property
    def upper_cycles(self) -> float:
        """Upper end of the margin of `total_cycles`."""
        return self.total_cycles * (1.0 + self.margin_relative)


def op_latency(op: Op, board: Board) -> OpLatency:
    """Returns the latency of one operator: the board's record of exactly this operator, else its kernel model.

    Args:
        op: operator descriptor.
        board: `Board` whose table and coefficients are used.

    Returns:
        An `OpLatency`.

    Raises:
        UncalibratedError: nothing was measured on the board, with these kernels.
        BoardError: the board has neither a record of the operator nor coefficients for its kernel.
        NpuCompilerError, NpuOpError: an NPU's compiler is not installed, or refuses the operator.

    Example:
        >>> op_latency(Conv2D(128, 9, 1, 8, 5, 1, stride_h=2), load_board("nucleo_f446re")).source
        'model'
    """
    # A dense layer takes as long with a scale for each output as with one.
    measured = dataclasses.replace(op, per_channel=False) if isinstance(op, FullyConnected) else op
    record = board.measured(measured)
    if record is not None:
        overhead_cycles = float(record.invoke_cycles - record.op_cycles)
        return OpLatency(float(record.op_cycles), overhead_cycles, MEASURED, MEASURED_MARGIN)
    if board.npu is not None:
        return compiled_latency(op_on_npu(op, board.npu).cycles)
    if isinstance(op, BatchedConv2D):
        # The kernel runs once for each input, with one call of the interpreter.
        one = op_latency(op.conv, board)
        worst = max(one.margin_relative, EXTRAPOLATED_FACTOR * board.latency_error.p95_relative)
        source = EXTRAPOLATED if one.source in (MEASURED, MODEL) else one.source
        return OpLatency(op.batch * one.cycles, one.overhead_cycles, source, worst)
    if not board.calibrated:
        raise UncalibratedError(
            f"Nothing was measured on board {board.name!r} ({board.core}) with kernels={board.kernels!r}, so it has no "
            f"latencies. {calibration_steps(board.name, board.kernels, board.core)}"
        )
    modelled = _modelled(op, board)
    weight_cycles = board.flash_byte_cycles * getattr(op, "weights", 0)
    if not board.factors:
        return dataclasses.replace(modelled, cycles=modelled.cycles + weight_cycles)
    factor = board.factors.get(factor_kind(op), board.factors[OTHERS])
    return OpLatency(
        modelled.cycles * factor.factor + weight_cycles,
        modelled.overhead_cycles * factor.factor,
        CALIBRATED if factor.timed else DERIVED,
        factor.margin_relative,
    )


def compiled_latency(cycles: float) -> OpLatency:
    """Returns the latency of an operator on an NPU, from the cycles that its compiler estimates."""
    return OpLatency(cycles, 0.0, COMPILED, COMPILED_MARGIN)


def _modelled(op: Op, board: Board) -> OpLatency:
    """The latency before factors of timings; with loops and coefficients, the geometric mean of both."""
    if board.loops:
        cycles = loop_cycles(op, board.loops)
        if cycles is None:
            raise _no_coefficients(op.kind, board)
        if board.coefficients:
            cycles = math.sqrt(cycles * _modelled(op, dataclasses.replace(board, loops={})).total_cycles)
        return OpLatency(cycles, 0.0, DERIVED, DERIVED_MARGIN)
    source = basis(op)
    p95 = board.latency_error.p95_relative
    if source == EMULATED:
        emulated = emulated_cycles(op, board)
        if emulated is not None:
            cycles, margin = emulated
            return OpLatency(cycles, _overhead_cycles(op, board), EMULATED, margin)
        # Nobody has counted on such a core.
        source = DERIVED if op.kind in DERIVED_KINDS else EXTRAPOLATED
    margins = {MODEL: p95, EXTRAPOLATED: EXTRAPOLATED_FACTOR * p95, DERIVED: max(DERIVED_MARGIN, p95)}
    return OpLatency(_kernel_cycles(op, board), _overhead_cycles(op, board), source, margins[source])


def op_cycles(op: Op, board: Board) -> float:
    """Returns the CPU cycles of an operator's kernel alone, without the interpreter around it; see `op_latency`.

    Args:
        op: operator descriptor.
        board: `Board`.

    Returns:
        float, cycles.

    Raises:
        BoardError: as in `op_latency`.

    Example:
        >>> round(op_cycles(Conv2D(128, 9, 1, 8, 5, 1, stride_h=2), load_board("nucleo_f446re")))
        821159
    """
    return op_latency(op, board).cycles


def op_latency_ms(op: Op, board: Board, margin: str = EXPECTED) -> float:
    """Returns the time that an operator adds to a network, in ms: its kernel and the interpreter's overhead.

    The latencies of a network's operators add up to `graph_latency_ms`.

    Args:
        op: operator descriptor.
        board: `Board`.
        margin: str, `"expected"`, or `"upper"` for the upper end of its margin. Defaults to `"expected"`.

    Returns:
        float, ms.

    Raises:
        BoardError: as in `op_latency`.
    """
    latency = op_latency(op, board)
    return (latency.upper_cycles if margin == UPPER else latency.total_cycles) / board.clock_hz * 1000.0


def graph_cycles(graph: Graph, board: Board) -> float:
    """Returns the CPU cycles of one inference: every kernel and the interpreter's overhead for each.

    Args:
        graph: `Graph`.
        board: `Board`.

    Returns:
        float, cycles.

    Raises:
        BoardError: as in `op_latency`, of any operator.
    """
    return sum(op_latency(node.op, board).total_cycles for node in graph.nodes)


def graph_latency_ms(graph: Graph, board: Board) -> float:
    """Returns the time of one inference, in ms at the board's clock.

    Args:
        graph: `Graph`.
        board: `Board`.

    Returns:
        float, ms.

    Raises:
        BoardError: as in `op_latency`, of any operator.
    """
    return graph_cycles(graph, board) / board.clock_hz * 1000.0


def _kernel_cycles(op: Op, board: Board) -> float:
    # Boards have no coefficients for the kernels of depthwise convolutions.
    kernel, features = derived_features(op) if isinstance(op, DepthwiseConv2D) else op_features(op)
    try:
        coefficients = board.coefficients[kernel]
    except KeyError:
        raise _no_coefficients(kernel, board) from None
    return sum(coefficients[name] * count for name, count in zip(FEATURE_NAMES[kernel], features, strict=True))


def _overhead_cycles(op: Op, board: Board) -> float:
    overheads = board.coefficients.get(INVOKE, {})
    if (op.kind in DERIVED_KINDS or isinstance(op, GroupedConv2D | OtherOp)) and overheads:
        return max(overheads.values())
    try:
        return overheads[op.kind]
    except KeyError:
        raise _no_coefficients(f"{INVOKE}.{op.kind}", board) from None


def _no_coefficients(what: str, board: Board) -> BoardError:
    known = ", ".join(sorted(board.loops or board.coefficients))
    return BoardError(
        f"Board {board.name!r} has no latency coefficients for {what}; it has {known}. "
        "Measure such operators on the board and fit again, or put their records into its table."
    )
