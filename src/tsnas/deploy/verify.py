"""Verification of a finished .tflite file against the limits: latency, RAM, flash and energy."""

from __future__ import annotations

import os

from tsnas.cost.board import Board
from tsnas.cost.bounds import Bounds
from tsnas.cost.estimate import Estimate, estimate_tflite
from tsnas.errors import LimitExceededError


def verify(tflite: bytes, board: str | os.PathLike[str] | Board, bounds: Bounds) -> Estimate:
    """Estimates the costs of a finished file operator by operator, and raises an error if one is over its limit.

    Args:
        tflite: bytes of an int8 .tflite file.
        board: name, path or `Board`, as `load_board` takes it.
        bounds: `Bounds` to keep; those of `Limits.on` include the board's own RAM and flash.

    Returns:
        `Estimate` of the file.

    Raises:
        LimitExceededError: the file is over a limit; the message names all exceeded limits.
        ModelFileError: bytes that are not an int8 .tflite file.

    Example:
        >>> verify(tflite, "nucleo_f446re", Limits(max_latency_ms=30).on("nucleo_f446re")).latency_ms
        24.8
    """
    estimate = estimate_tflite(tflite, board)
    over = bounds.exceeded(estimate.costs_at(bounds.margin))
    if over:
        raise LimitExceededError(f"The finished model exceeds its limits on {estimate.board}: {'; '.join(over)}.")
    return estimate
