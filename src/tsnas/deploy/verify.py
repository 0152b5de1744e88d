"""Holds a finished .tflite file against the hard limits: latency, RAM, flash and energy."""

from __future__ import annotations

import os

from tsnas.cost.board import Board
from tsnas.cost.bounds import Bounds
from tsnas.cost.estimate import Estimate, estimate_tflite
from tsnas.errors import LimitExceededError


def verify(tflite: bytes, board: str | os.PathLike[str] | Board, bounds: Bounds) -> Estimate:
    """Reads the costs of the finished file operator by operator, and refuses it if it is over a limit.

    Args:
        tflite: bytes of an int8 .tflite file.
        board: name, path or `Board`, as `load_board` takes it.
        bounds: `Bounds` to keep; those of `Limits.on` count the board's own RAM and flash as limits too.

    Returns:
        `Estimate` of the file.

    Raises:
        LimitExceededError: a limit is exceeded; the message names each of them.
        ModelFileError: bytes that are not an int8 .tflite file.

    Example:
        >>> verify(tflite, "nucleo_f446re", Limits(max_latency_ms=30).on("nucleo_f446re")).latency_ms
        24.8
    """
    estimate = estimate_tflite(tflite, board)
    over = bounds.exceeded(estimate.costs)
    if over:
        raise LimitExceededError(f"The finished model breaks its limits on {estimate.board}: {'; '.join(over)}.")
    return estimate
