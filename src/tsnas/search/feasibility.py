"""Smallest costs that a search space reaches, and the error for limits below them."""

from __future__ import annotations

import math

import numpy as np

from tsnas.cost.bounds import UPPER, Bounds, Costs
from tsnas.cost.estimate import estimate_graph
from tsnas.errors import InfeasibleError
from tsnas.search.options import CellOptions, architecture_of, costs_to_go
from tsnas.space.supernet import Supernet

# Number of architectures whose own graph is examined for the smallest RAM.
CANDIDATES = 200


def smallest_costs(supernet: Supernet, options: list[CellOptions]) -> Costs:
    """Returns the smallest latency, RAM and flash that the space reaches, each minimised on its own."""
    return Costs(
        latency_ms=smallest_latency_ms(supernet, options),
        ram_bytes=_smallest_ram(supernet, options),
        flash_bytes=supernet.base_costs().flash_bytes + _smallest_sum(options, "flash_bytes"),
    )


def smallest_latency_ms(supernet: Supernet, options: list[CellOptions]) -> float:
    """Returns the smallest latency that the space reaches."""
    return supernet.base_costs().latency_ms + _smallest_sum(options, "latency_ms")


def infeasible(supernet: Supernet, bounds: Bounds, options: list[CellOptions]) -> InfeasibleError:
    """Returns the error for bounds that no architecture keeps: what the space reaches, and which limits are too low."""
    smallest = smallest_costs(supernet, options)._asdict()
    power_mw = supernet.board.active_power_mw
    if power_mw is not None:
        smallest["energy_mj"] = smallest["latency_ms"] * power_mw / 1000.0
    short = tuple(cost for cost, limit in bounds.asked.items() if smallest[cost] > limit.most)
    reach = (
        f"the smallest that the search space can reach on {supernet.board.name} is {_up(smallest['latency_ms'])} ms, "
        f"{_up(smallest['ram_bytes'] / 1024)} KB of RAM and {_up(smallest['flash_bytes'] / 1024)} KB of flash"
        + (f" and {_up(smallest['energy_mj'])} mJ" if "energy_mj" in bounds.asked else "")
    )
    if supernet.margin == UPPER:
        reach += ", latency with its margin"
    names = {"latency_ms": "max_latency_ms", "ram_bytes": "max_ram_kb", "flash_bytes": "max_flash_kb"}
    names["energy_mj"] = "max_energy_mj"
    if short:
        what = f"{' and '.join(names[name] for name in short)} too low: {reach}"
    else:
        what = f"each limit can be kept on its own, but not all at once: {reach}, each with another architecture"
    time, channels = supernet.cells[0].in_size
    message = (
        f"No architecture keeps {bounds} for windows of {time} samples and {channels} channels: {what}. "
        "Raise the limit, shorten or decimate the windows, or drop channels."
    )
    return InfeasibleError(message, smallest, short)


def _up(value: float) -> str:
    """Formats `value` with two decimals, rounded up, so that it can be used as a limit."""
    return f"{math.ceil(value * 100) / 100:.2f}"


def _smallest_sum(options: list[CellOptions], name: str) -> float:
    return float(costs_to_go(options)[0][name][0])


def _smallest_ram(supernet: Supernet, options: list[CellOptions]) -> float:
    """Finds the least RAM of any architecture, by branch and bound.

    Sums over the cells are lower bounds; only an architecture's own graph shows how many bytes its buffers take.
    """
    base = supernet.base_costs().ram_bytes
    to_go = costs_to_go(options)
    least, examined = np.inf, 0

    def visit(rows: list[int], width: int, live_bytes: float, tail_bytes: float) -> None:
        nonlocal least, examined
        if len(rows) == len(options):
            graph = architecture_of(supernet, options, rows).graph()
            least, examined = min(least, estimate_graph(graph, supernet.board).ram_bytes), examined + 1
            return
        option, rest = options[len(rows)], to_go[len(rows) + 1]
        members = np.flatnonzero(option.in_width == width)
        out_width = option.out_width[members]
        live = np.maximum(live_bytes, option.costs["live_bytes"][members])
        tail = tail_bytes + option.costs["tail_bytes"][members]
        bound = base + np.maximum(live, rest["live_bytes"][out_width]) + tail + rest["tail_bytes"][out_width]
        for index in np.argsort(bound, kind="stable"):
            if bound[index] >= least or examined >= CANDIDATES:
                return
            visit([*rows, int(members[index])], int(out_width[index]), float(live[index]), float(tail[index]))

    visit([], 0, 0.0, 0.0)
    return least
