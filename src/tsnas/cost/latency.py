"""Latency of operators and networks on a board, from its fitted kernel model."""

from __future__ import annotations

from tsnas.cost.board import Board
from tsnas.cost.features import FEATURE_NAMES, INVOKE, op_features
from tsnas.cost.graph import Graph
from tsnas.cost.ops import Op
from tsnas.errors import BoardError


def op_cycles(op: Op, board: Board) -> float:
    """CPU cycles of an operator's kernel alone, without the interpreter around it.

    Args:
        op: operator descriptor.
        board: `Board` whose coefficients are used.

    Returns:
        Cycles, never negative.

    Raises:
        BoardError: the board has no coefficients for this kernel.

    Example:
        >>> round(op_cycles(Conv2D(128, 9, 1, 8, 5, 1, stride_h=2), load_board("nucleo_f446re")))
        821159
    """
    kernel, features = op_features(op)
    try:
        coefficients = board.coefficients[kernel]
    except KeyError:
        raise _no_coefficients(kernel, board) from None
    return sum(coefficients[name] * count for name, count in zip(FEATURE_NAMES[kernel], features, strict=True))


def op_overhead_cycles(op: Op, board: Board) -> float:
    """CPU cycles that the interpreter adds around an operator: dispatch, argument checks, its share of `Invoke()`.

    Measured on models of one operator, so that it holds all of `Invoke()`: in a longer network the true share is
    smaller, and the sum errs on the safe side.
    """
    try:
        return board.coefficients[INVOKE][op.kind]
    except KeyError:
        raise _no_coefficients(f"{INVOKE}.{op.kind}", board) from None


def op_latency_ms(op: Op, board: Board) -> float:
    """Time that an operator adds to a network, in ms: its kernel and the interpreter's overhead.

    The latencies of a network's operators add up to `graph_latency_ms`.

    Args:
        op: operator descriptor.
        board: `Board`, or any object with its `coefficients` and `clock_hz`.

    Returns:
        Milliseconds at the board's clock.

    Raises:
        BoardError: the board has no coefficients for this operator.
    """
    return (op_cycles(op, board) + op_overhead_cycles(op, board)) / board.clock_hz * 1000.0


def graph_cycles(graph: Graph, board: Board) -> float:
    """CPU cycles of one inference: every kernel and the interpreter's overhead for each."""
    return sum(op_cycles(node.op, board) + op_overhead_cycles(node.op, board) for node in graph.nodes)


def graph_latency_ms(graph: Graph, board: Board) -> float:
    """Time of one inference, in ms at the board's clock."""
    return graph_cycles(graph, board) / board.clock_hz * 1000.0


def _no_coefficients(what: str, board: Board) -> BoardError:
    return BoardError(
        f"Board {board.name!r} has no latency coefficients for {what}; it has {', '.join(sorted(board.coefficients))}. "
        "Measure such operators on the board and fit again."
    )
