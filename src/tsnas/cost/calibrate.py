"""Boards calibrated by timings of whole models: one factor for each kind of operator, judged by leaving models out.

A model of the kernels gives the proportions: the board's own coefficients, or those of a relative, or plain loops
counted on an emulated core. Each kind of operator is multiplied by a factor. A timing is a sum over kinds, so few
timings do not tell every factor; what they leave open is settled by expecting factors to be alike, and counted into the
margins.
"""

from __future__ import annotations

import dataclasses
import datetime
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

from tsnas.cost.board import Board, load_board
from tsnas.cost.board_parts import CMSIS_NN, MVE_CORES, PLAIN_KERNELS, PORTABLE, Factor, LatencyError
from tsnas.cost.latency import DERIVED_MARGIN, OTHERS, op_latency
from tsnas.cost.loops import PLAIN, counted_loops, factor_kind
from tsnas.cost.timings import Timing
from tsnas.errors import TimingsError
from tsnas.graph.graph import Graph
from tsnas.graph.ops import Conv2D

# Standard deviations of logarithms: of a kind's factor about the common one, of a timing about the sum of its kinds
# (shapes that the model of the kernels gets wrong), and of the common factor, about which nothing is known.
KIND_SPREAD, MODEL_SPREAD, COMMON_SPREAD = 0.35, 0.05, 5.0
# Share of a whole inference by which the time of one kind of operator may be off.
ROW_NOISE = 0.03
# Timings are other numbers than microseconds if a whole model takes so many times less or more than its model says:
# kinds of operators of the boards that were calibrated took 0.8 to 4.4 times as long.
LEAST_RATIO, MOST_RATIO = 0.02, 200.0
# A margin covers two standard deviations, and no more than this share.
MARGIN_DEVIATIONS, MOST_MARGIN = 2.0, 0.9
# Timings tell a factor if they leave this share of its first spread at most.
TIMED_SHARE = 0.5
# The measured board and the emulated core that stand for kernels which nobody has counted.
RELATIVE, UNLIKE = "nucleo_l552ze_q", "cortex-m3"
# Cores whose counts stand for others: instruction sets of the same kind, without instructions for several values, or
# with MVE.
LIKE = {"cortex-m0": "cortex-m0plus", "cortex-m23": "cortex-m0plus"} | dict.fromkeys(MVE_CORES, "cortex-m55")
PLAIN_CORE = "riscv32"


class _Fit(NamedTuple):
    """Logarithms of the factors of kinds, and their covariance; the last entry is the common one."""

    kinds: tuple[str, ...]
    logs: np.ndarray
    covariance: np.ndarray

    def log_of(self, kind: str) -> float:
        return float(self.logs[self.kinds.index(kind)] if kind in self.kinds else self.logs[-1])

    def deviation_of(self, kind: str) -> float:
        if kind in self.kinds:
            at = self.kinds.index(kind)
            return math.sqrt(self.covariance[at, at])
        return math.sqrt(self.covariance[-1, -1] + KIND_SPREAD**2)


def calibrated_by_models(board: Board, timings: Sequence[Timing], kernels: str, kernel_library: str = "") -> Board:
    """Returns a board with factors for each kind of operator, fitted to timings of whole models.

    Args:
        board: `Board` with the core, clock and memory; its own figures for these kernels are one of the models that are
            tried.
        timings: sequence of `Timing`, each of another model; of a single one, nothing can be left out.
        kernels: str, name of the kernels that were timed.
        kernel_library: str, these kernels and their version. Defaults to what the board has, or to the name.

    Returns:
        `Board` with the error found on the models, each left out in turn. Its other kernels are kept.

    Raises:
        TimingsError: the board runs networks on an NPU, or timings cannot be in microseconds.

    Example:
        >>> timings = read_timings("timings.txt", board.clock_hz, "portable", "kit")
        >>> calibrated_by_models(board, timings, "portable").latency_error.median_relative
        0.021
    """
    if board.npu is not None:
        raise TimingsError(
            f"Board {board.name!r} runs networks on an NPU, whose compiler takes each network as a whole: factors for "
            "kinds of operators say nothing of it. Calibrate the CPU beside it as a board of its own."
        )
    base = base_of(board, kernels)
    _check_unit(base, timings)
    fit, errors = _fit(base, timings), [abs(math.expm1(log)) for log in _left_out_logs(base, timings)]
    inflation = _inflation(base, timings)
    factors = {kind: _factor(fit, kind, inflation, len(timings)) for kind in fit.kinds}
    factors[OTHERS] = _factor(fit, OTHERS, inflation, len(timings))
    n = len(errors)
    same = next((one for one in (board, *board.other_kernels) if one.kernels == kernels), None)
    known = same.kernel_library if same else kernels
    made = dataclasses.replace(
        base,
        kernels=kernels,
        kernel_library=kernel_library or known,
        toolchain=same.toolchain if same else "not recorded",
        optimised=kernels not in PLAIN_KERNELS,
        factors=factors,
        latency_error=LatencyError(
            round(float(np.median(errors)), 5) if n else 0.0,
            round(float(max(errors)), 5) if n else 0.0,
            n,
            "each left out in turn" if n else "not measured: a single timing",
        ),
        table=(),
        source=f"{base.source} Factors fitted to timings of {', '.join(timing.model for timing in timings)}.",
        date=datetime.date.today().isoformat(),
        trust=_trust(errors, len(timings)),
    )
    others = tuple(
        dataclasses.replace(one, other_kernels=())
        for one in (board, *board.other_kernels)
        if one.kernels != kernels and one.calibrated
    )
    return dataclasses.replace(made, other_kernels=others)


def base_of(board: Board, kernels: str) -> Board:
    """Returns a board with the core, clock and memory of `board`, and a model of the proportions of its kernels.

    Kernels that the board has coefficients or loops for keep them. The portable ones are those that were counted on an
    emulated core, and so are those of CMSIS-NN on a core without DSP instructions or with MVE. All others are taken for
    the mean of what CMSIS-NN does with DSP instructions on a measured board and without them on an emulated core: on
    ten sets of public timings of kernels and boards, each model left out in turn, this was off by 11 % on average, no
    other choice by less.
    """
    for one in (board, *board.other_kernels):
        if one.kernels == kernels and one.calibrated:
            return dataclasses.replace(one, factors={}, table=(), other_kernels=())
    plain, core = counted_loops(), LIKE.get(board.core, board.core)
    if kernels == PORTABLE:
        cores = plain[PORTABLE]
        core = core if core in cores else PLAIN_CORE
        return _base(board, f"Steps of portable kernels as counted on an emulated {core}.", loops=cores[core])
    if kernels == CMSIS_NN and core in plain[CMSIS_NN]:
        source = f"Steps of CMSIS-NN's kernels as counted on an emulated {core}."
        loops = plain[CMSIS_NN][core]
        if core in MVE_CORES:
            loops = loops | {PLAIN: plain[PORTABLE][core][Conv2D.kind]}
        return _base(board, source, loops=loops)
    origin = load_board(RELATIVE)
    source = f"Mean of the coefficients of {RELATIVE} and of CMSIS-NN's steps as counted on an emulated {UNLIKE}."
    return _base(board, source, origin.coefficients, plain[CMSIS_NN][UNLIKE])


def _base(
    board: Board,
    source: str,
    coefficients: Mapping[str, Mapping[str, float]] | None = None,
    loops: Mapping[str, Mapping[str, float]] | None = None,
) -> Board:
    return dataclasses.replace(
        board,
        coefficients={kernel: dict(steps) for kernel, steps in (coefficients or {}).items()},
        loops={kind: dict(steps) for kind, steps in (loops or {}).items()},
        factors={},
        table=(),
        other_kernels=(),
        source=source,
    )


def _check_unit(base: Board, timings: Sequence[Timing]) -> None:
    for timing in timings:
        said_us = sum(_kind_us(base, timing.graph).values()) + _flash_us(base, timing.graph)
        ratio = timing.latency_us / said_us if said_us else 1.0
        if not LEAST_RATIO <= ratio <= MOST_RATIO:
            unit = "milliseconds" if ratio < 1 else "nanoseconds, or is the clock another one"
            raise TimingsError(
                f"{timing.model} took {timing.latency_us:.4g} us, but about {said_us:,.0f} us are expected of a "
                f"{base.core} at {base.clock_hz / 1e6:g} MHz. latency_us is in microseconds: are these {unit}?"
            )


def _left_out_logs(base: Board, timings: Sequence[Timing]) -> list[float]:
    """Logarithm of predicted by measured time of each model, by the others."""
    logs: list[float] = []
    # Of a single one, nothing can be left out.
    for out, timing in enumerate(timings if len(timings) > 1 else ()):
        fit = _fit(base, [one for at, one in enumerate(timings) if at != out])
        logs.append(math.log(_predicted_us(base, timing.graph, fit) / timing.latency_us))
    return logs


def _inflation(base: Board, timings: Sequence[Timing]) -> float:
    """By how much margins must be larger than the fit says, so that no left-out model is outside of them."""
    worst = 1.0
    for out, timing in enumerate(timings if len(timings) > 1 else ()):
        fit = _fit(base, [one for at, one in enumerate(timings) if at != out])
        shares = _kind_us(base, timing.graph)
        predicted = {kind: us * math.exp(fit.log_of(kind)) for kind, us in shares.items()}
        margin = sum(us * MARGIN_DEVIATIONS * fit.deviation_of(kind) for kind, us in predicted.items())
        error = abs(_predicted_us(base, timing.graph, fit) - timing.latency_us)
        worst = max(worst, error / margin)
    return worst


def _factor(fit: _Fit, kind: str, inflation: float, n: int) -> Factor:
    deviation = fit.deviation_of(kind)
    timed = n > 1 and kind in fit.kinds and deviation <= TIMED_SHARE * KIND_SPREAD
    margin = min(MARGIN_DEVIATIONS * deviation * inflation, MOST_MARGIN)
    if not timed:
        margin = max(margin, DERIVED_MARGIN)
    return Factor(round(math.exp(fit.log_of(kind)), 6), round(margin, 5), timed)


def _kind_us(base: Board, graph: Graph) -> dict[str, float]:
    """Microseconds of the operators of each kind, before factors and without weights from a serial flash."""
    inside = dataclasses.replace(base, flash_byte_cycles=0.0)
    found: dict[str, float] = {}
    for node in graph.nodes:
        kind = factor_kind(node.op)
        found[kind] = found.get(kind, 0.0) + op_latency(node.op, inside).total_cycles / base.clock_hz * 1e6
    return found


def _flash_us(base: Board, graph: Graph) -> float:
    return sum(getattr(node.op, "weights", 0) for node in graph.nodes) * base.flash_byte_cycles / base.clock_hz * 1e6


def _predicted_us(base: Board, graph: Graph, fit: _Fit) -> float:
    shares = _kind_us(base, graph)
    return sum(us * math.exp(fit.log_of(kind)) for kind, us in shares.items()) + _flash_us(base, graph)


def _fit(base: Board, timings: Sequence[Timing]) -> _Fit:
    tables = [_kind_us(base, timing.graph) for timing in timings]
    kinds = tuple(sorted({kind for table in tables for kind in table}))
    shares = np.array([[table.get(kind, 0.0) for kind in kinds] for table in tables])
    # Rows of operators: sums over the kinds of factors that one kind of operator has.
    rows, targets = [*shares], [timing.latency_us for timing in timings]
    spreads = [MODEL_SPREAD] * len(timings)
    fixed = [_flash_us(base, timing.graph) for timing in timings]
    for table, timing in zip(tables, timings, strict=True):
        for op_kind, us in timing.op_us.items():
            members = [kind for kind in table if kind == op_kind or kind == f"{op_kind}_1x1"]
            weights = sum(getattr(n.op, "weights", 0) for n in timing.graph.nodes if n.op.kind == op_kind)
            rows.append(np.array([table[kind] if kind in members else 0.0 for kind in kinds]))
            targets.append(us)
            # Of operators that take next to nothing, most is what the profiler and the interpreter add.
            spreads.append(MODEL_SPREAD + ROW_NOISE * timing.latency_us / us)
            fixed.append(weights * base.flash_byte_cycles / base.clock_hz * 1e6)
    matrix, logs, offset = np.array(rows), np.log(np.array(targets)), np.array(fixed)
    start = float(np.median(logs - np.log(matrix.sum(axis=1) + 1e-9)))

    def residuals(x: np.ndarray) -> np.ndarray:
        sums = matrix @ np.exp(x[:-1]) + offset
        return np.concatenate(
            [
                (np.log(sums) - logs) / np.array(spreads),
                (x[:-1] - x[-1]) / KIND_SPREAD,
                [(x[-1] - start) / COMMON_SPREAD],
            ]
        )

    found = least_squares(residuals, np.full(len(kinds) + 1, start))
    return _Fit(kinds, found.x, np.linalg.inv(found.jac.T @ found.jac))


def _trust(errors: Sequence[float], n: int) -> str:
    if not errors:
        return "A single model was timed: other models may take half as long or half as long again."
    return (
        f"Models like the {n} that were timed: within {max(errors):.0%}, as each was when it was left out. Kinds of "
        "operators that none of them has are guesses."
    )
