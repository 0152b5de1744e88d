"""Niches of a front: one set of limits on one board for each point that is searched for."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np

from tsnas.cost.board import Board
from tsnas.cost.bounds import Bounds
from tsnas.cost.estimate import Estimate
from tsnas.cost.limits import Limits
from tsnas.errors import InfeasibleError, SettingError

# Limits that tsnas chooses, as multiples of the smallest latency of the space; at the lower one there is some choice.
MIN_SLACK, MAX_SLACK = 1.3, 16.0


@dataclasses.dataclass(frozen=True)
class Niche:
    """A set of limits on a board, for which one point of a front is searched.

    Args:
        board: `Board`.
        limits: `Limits`, with one on latency.
    """

    board: Board
    limits: Limits

    @functools.cached_property
    def bounds(self) -> Bounds:
        """Bounds that the limits set on the board."""
        return self.limits.on(self.board)

    def share(self, estimate: Estimate) -> float:
        """Returns the largest share of a bound that a network uses, as `Bounds.share` does."""
        return self.bounds.share(estimate.costs_at(self.bounds.margin))


def niches_of(
    board: Board, smallest_ms: float, limits: Limits, max_latency_ms: float | Sequence[float] | None, points: int
) -> list[Niche]:
    """Returns the niches of one board, in ascending order of latency.

    Args:
        board: `Board`.
        smallest_ms: float, the smallest latency that the space reaches on it.
        limits: `Limits` that all points keep; their `max_latency_ms` is ignored.
        max_latency_ms: sequence of float, the limits; those below `smallest_ms` are left out. A number is the largest
            limit, from which the others descend in equal ratios; None stands for 16 times `smallest_ms`.
        points: int, number of limits if they are not listed.

    Returns:
        list of `Niche`.

    Raises:
        InfeasibleError: every limit is below `smallest_ms`.
    """
    if isinstance(max_latency_ms, Sequence | np.ndarray):
        wanted = sorted({float(limit) for limit in max_latency_ms})
    else:
        least, most = MIN_SLACK * smallest_ms, MAX_SLACK * smallest_ms
        most = most if max_latency_ms is None else float(max_latency_ms)
        wanted = [most] if points == 1 else np.geomspace(min(least, most), most, points).tolist()
        wanted = sorted({float(f"{limit:.3g}") for limit in wanted[:-1]} | {most})
    fitting = [limit for limit in wanted if limit >= smallest_ms]
    if not fitting:
        raise InfeasibleError(
            f"max_latency_ms={max_latency_ms!r} is too low for {board.name}: the smallest network of the search space "
            f"takes {smallest_ms:.2f} ms there. Raise the limit, shorten or decimate the windows, or drop channels.",
            {"latency_ms": smallest_ms},
            ("latency_ms",),
        )
    return [Niche(board, dataclasses.replace(limits, max_latency_ms=limit)) for limit in fitting]


def check_latencies(max_latency_ms: object) -> None:
    """Raises SettingError or LimitError if `niches_of` cannot take this value."""
    if isinstance(max_latency_ms, Sequence | np.ndarray) and not isinstance(max_latency_ms, str):
        if not len(max_latency_ms):
            raise SettingError("max_latency_ms is empty; give a list of limits in ms, the largest limit, or None.")
        for limit in max_latency_ms:
            Limits(max_latency_ms=limit)
    else:
        Limits(max_latency_ms=max_latency_ms)  # type: ignore[arg-type]
