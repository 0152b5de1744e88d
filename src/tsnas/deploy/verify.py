"""Holds a finished .tflite file against the hard limits: latency, RAM, flash and energy."""

from __future__ import annotations

import dataclasses
import os

from tsnas.cost.board import Board, load_board
from tsnas.cost.estimate import Estimate, estimate_tflite
from tsnas.cost.limits import Limits
from tsnas.errors import LimitExceededError


def verify(tflite: bytes, board: str | os.PathLike[str] | Board, limits: Limits) -> Estimate:
    """Reads the costs of the finished file operator by operator, and refuses it if it is over a limit.

    Args:
        tflite: bytes of an int8 .tflite file.
        board: name, path or `Board`, as `load_board` takes it.
        limits: `Limits`; the board's own RAM and flash count as limits too.

    Returns:
        `Estimate` of the file.

    Raises:
        LimitExceededError: a limit is exceeded; the message names each of them.
        ModelFileError: bytes that are not an int8 .tflite file.

    Example:
        >>> verify(tflite, "nucleo_f446re", Limits(max_latency_ms=30)).latency_ms
        24.8
    """
    estimate = estimate_tflite(tflite, board)
    board = load_board(board)
    bounds = limits.tightest_with(board)
    by_energy = dataclasses.replace(bounds, max_latency_ms=None).latency_for(board)
    if bounds.max_latency_ms is not None and bounds.max_latency_ms == by_energy:
        # The limit on energy, which is judged too, is where this one comes from.
        bounds = dataclasses.replace(bounds, max_latency_ms=None)
    over = bounds.exceeded(
        latency_ms=estimate.latency_ms,
        ram_bytes=estimate.ram_bytes,
        flash_bytes=estimate.flash_bytes,
        energy_mj=estimate.energy_mj,
    )
    if over:
        raise LimitExceededError(f"The finished model breaks its limits on {estimate.board}: {'; '.join(over)}.")
    return estimate
