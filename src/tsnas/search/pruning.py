"""Pruning: finds the options that may be part of an architecture within the limits, by exact bounds."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from tsnas.cost.bounds import Bounds
from tsnas.cost.memory import base_planning_bytes
from tsnas.search.options import CellOptions, costs_to_go
from tsnas.space.supernet import Supernet

ADDED_UP = ("latency_ms", "tail_bytes", "planning_bytes", "flash_bytes")


@dataclasses.dataclass(frozen=True)
class Pruned:
    """Options of a search space that an architecture within the limits may take.

    Args:
        rows: list of bool arrays, one for each cell: which rows of its `CellOptions` are left.
        architectures_before: int, number of architectures of the whole space.
        architectures_after: int, number of architectures that take only options that are left.
    """

    rows: list[np.ndarray]
    architectures_before: int
    architectures_after: int


def prune(supernet: Supernet, bounds: Bounds, options: list[CellOptions]) -> Pruned:
    """Drops every option that is over a limit even if all other cells are as cheap as possible.

    Each cost is bounded on its own, by the least that the cells before and after an option can add. So no option of an
    architecture within the limits is ever dropped; under a single limit, all other options are.

    Args:
        supernet: `Supernet`; it is not changed.
        bounds: `Bounds` to keep.
        options: list of the `cell_options` of each cell.

    Returns:
        A `Pruned`.
    """
    before, after = _costs_from_start(options), costs_to_go(options)[1:]
    rows = []
    for option, start, end in zip(options, before, after, strict=True):
        total = {
            name: start[name][option.in_width] + option.costs[name] + end[name][option.out_width] for name in ADDED_UP
        }
        live_bytes = np.maximum(start["live_bytes"][option.in_width], end["live_bytes"][option.out_width])
        head_bytes = np.maximum(
            np.maximum(live_bytes, option.costs["live_bytes"]), total["planning_bytes"] + base_planning_bytes()
        )
        fits = np.ones(len(option), bool)
        used = (total["latency_ms"], total["tail_bytes"] + head_bytes, total["flash_bytes"])
        for base, cost, most in zip(supernet.base_costs(), used, bounds.upper, strict=True):
            fits &= base + cost <= most
        rows.append(fits)
    everything = [np.ones(len(option), bool) for option in options]
    return Pruned(rows, count_architectures(options, everything), count_architectures(options, rows))


def count_architectures(options: Sequence[CellOptions], rows: Sequence[np.ndarray]) -> int:
    """Returns the number of architectures that take one of `rows` in each cell."""
    ways = {0: 1}
    for option, taken in zip(options, rows, strict=True):
        total: dict[int, int] = {}
        for width, out_width in zip(option.in_width[taken].tolist(), option.out_width[taken].tolist(), strict=True):
            if width in ways:
                total[out_width] = total.get(out_width, 0) + ways[width]
        ways = total
    return sum(ways.values())


def _costs_from_start(options: list[CellOptions]) -> list[dict[str, np.ndarray]]:
    """Returns, for each position, the least of each cost from the start to there, by width (each on its own)."""
    start = [{name: np.zeros(len(options[0].cell.in_widths)) for name in options[0].costs}]
    for option in options:
        now = {}
        for name, cost in option.costs.items():
            so_far = start[-1][name][option.in_width]
            total = np.maximum(cost, so_far) if name == "live_bytes" else cost + so_far
            now[name] = np.full(len(option.cell.out_widths), np.inf)
            np.minimum.at(now[name], option.out_width, total)
        start.append(now)
    return start[:-1]
