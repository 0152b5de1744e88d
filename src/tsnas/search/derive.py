"""Exact derivation: finds, among all architectures within the limits, the one that the alphas prefer.

The costs of an architecture are sums over its cells (latency, persistent bytes, flash) and a maximum (bytes that are
alive at once), and the costs of a cell depend only on its own decisions and on the width of its input. So dynamic
programming from cell to cell, with one set of partial architectures for each width, covers the whole space without
visiting its architectures one by one.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from tsnas.cost.bounds import Bounds, Costs
from tsnas.cost.estimate import Estimate, estimate_graph
from tsnas.cost.memory import base_planning_bytes
from tsnas.search.feasibility import infeasible
from tsnas.search.options import CellOptions, architecture_of, cell_options, costs_to_go
from tsnas.space.architecture import Architecture
from tsnas.space.supernet import Supernet

# Number of bins of latency and RAM below the limit; the best partial architecture of each bin is kept.
LATENCY_BINS = 1000
RAM_BINS = 40
# Number of architectures that are checked one by one on their own cost graphs.
CANDIDATES = 200


@dataclasses.dataclass(frozen=True)
class Candidate:
    """An architecture within the limits, with its costs.

    Args:
        architecture: the `Architecture`.
        estimate: its `Estimate` on the board.
        regret: float, how far it is from the architecture that the alphas prefer, whose regret is 0; see
            `CellOptions.regret`. Defaults to None, unknown.
        path: tuple of int, index into `CellOptions.choices` for each cell. Defaults to (): it comes from no supernet.
    """

    architecture: Architecture
    estimate: Estimate
    regret: float | None = None
    path: tuple[int, ...] = ()


def derive(supernet: Supernet, bounds: Bounds, options: list[CellOptions] | None = None) -> Candidate:
    """Finds the architecture within the bounds that is nearest to what the supernet's alphas prefer.

    If the preferred options of all decisions make up an architecture within the bounds, it is that one. Otherwise it is
    the one with the least sum of log(p_best / p_taken) over its decisions, up to the resolution of the bins. Its costs
    are checked on its own cost graph.

    Args:
        supernet: `Supernet` with alphas.
        bounds: `Bounds` to keep.
        options: list of the `cell_options` of each cell. Defaults to None: they are computed.

    Returns:
        A `Candidate`.

    Raises:
        InfeasibleError: no architecture of the space keeps the bounds.
    """
    # The cells say what latencies are: with their margin or without.
    bounds = dataclasses.replace(bounds, margin=supernet.margin)
    options = options or [cell_options(cell) for cell in supernet.cells]
    # What is left for the sums over the cells: the bounds less what every architecture needs.
    room = Costs(*(most - base for most, base in zip(bounds.upper, supernet.base_costs(), strict=True)))
    while True:
        candidates = _complete(options, room)
        if not len(candidates.width):
            raise infeasible(supernet, bounds, options)
        used = []
        for index in np.lexsort((candidates.latency_ms, candidates.regret))[:CANDIDATES]:
            architecture = architecture_of(supernet, options, candidates.rows[index])
            estimate = estimate_graph(architecture.graph(), supernet.board)
            if bounds.share(estimate.costs_at(bounds.margin)) <= 1.0:
                taken = zip(options, candidates.rows[index], strict=True)
                path = tuple(int(option.choice[row]) for option, row in taken)
                return Candidate(architecture, estimate, float(candidates.regret[index]), path)
            used.append(estimate)
        # The sums have another precision and no gaps between buffers, so allow a little less.
        room = _tightened(room, bounds, used)


def _tightened(room: Costs, bounds: Bounds, estimates: list[Estimate]) -> Costs:
    """Returns less room, by the least excess of any of `estimates`, all of which are too large."""

    def less(had: float, most: float, used: tuple[float, ...]) -> float:
        return had if math.isinf(most) else had - max(min(used) - most, 1e-6 * most)

    used = zip(*(estimate.costs_at(bounds.margin) for estimate in estimates), strict=True)
    return Costs(*map(less, room, bounds.upper, used))


@dataclasses.dataclass
class _Partial:
    """Partial architectures up to some cell; entry i of each array is one partial architecture."""

    width: np.ndarray
    latency_ms: np.ndarray
    live_bytes: np.ndarray
    tail_bytes: np.ndarray
    planning_bytes: np.ndarray
    flash_bytes: np.ndarray
    regret: np.ndarray
    rows: np.ndarray  # (partial architectures, cells so far): row of CellOptions taken in each cell

    @property
    def ram_bytes(self) -> np.ndarray:
        return np.maximum(self.live_bytes, self.planning_bytes) + self.tail_bytes

    def select(self, keep) -> _Partial:
        return _Partial(*(getattr(self, field.name)[keep] for field in dataclasses.fields(self)))


def _complete(options: list[CellOptions], room: Costs) -> _Partial:
    """Returns complete architectures within the room, including the one of least regret; none if nothing fits."""
    zero = np.zeros(1)
    planning = np.full(1, float(base_planning_bytes()))
    partial = _Partial(np.zeros(1, int), zero, zero, zero, planning, zero, zero, np.zeros((1, 0), int))
    for option, to_go in zip(options, costs_to_go(options)[1:], strict=True):
        partial = _thinned(_fitting(_extended(partial, option), room, to_go), room)
        if not len(partial.width):
            break
    return partial


def _extended(partial: _Partial, option: CellOptions) -> _Partial:
    """Combines every partial architecture with every option that its width allows."""
    regret = option.regret()
    keep = _undominated(option, regret)
    pairs = [
        np.stack([a.ravel() for a in np.meshgrid(left, keep[option.in_width[keep] == width], indexing="ij")])
        for width in np.unique(partial.width)
        for left in [np.flatnonzero(partial.width == width)]
    ]
    left, right = np.concatenate(pairs, axis=1)
    costs = option.costs
    return _Partial(
        width=option.out_width[right],
        latency_ms=partial.latency_ms[left] + costs["latency_ms"][right],
        live_bytes=np.maximum(partial.live_bytes[left], costs["live_bytes"][right]),
        tail_bytes=partial.tail_bytes[left] + costs["tail_bytes"][right],
        planning_bytes=partial.planning_bytes[left] + costs["planning_bytes"][right],
        flash_bytes=partial.flash_bytes[left] + costs["flash_bytes"][right],
        regret=partial.regret[left] + regret[right],
        rows=np.concatenate([partial.rows[left], right[:, None]], axis=1),
    )


def _undominated(option: CellOptions, regret: np.ndarray) -> np.ndarray:
    """Returns the rows for which no other row of the same widths is as good in every cost and in regret."""
    values = np.stack([*option.costs.values(), regret], axis=1)
    kept = []
    key = option.in_width * (option.out_width.max() + 1) + option.out_width
    for pair in np.unique(key):
        rows = np.flatnonzero(key == pair)
        block = values[rows]
        no_worse = (block[:, None] <= block[None]).all(-1)
        better = no_worse & (
            (block[:, None] < block[None]).any(-1) | (np.arange(len(rows))[:, None] < np.arange(len(rows)))
        )
        kept.append(rows[~better.any(0)])
    return np.concatenate(kept)


def _fitting(partial: _Partial, room: Costs, to_go: dict[str, np.ndarray]) -> _Partial:
    """Drops the partial architectures that cannot be completed within the room."""
    width = partial.width
    head_bytes = np.maximum(
        np.maximum(partial.live_bytes, to_go["live_bytes"][width]),
        partial.planning_bytes + to_go["planning_bytes"][width],
    )
    return partial.select(
        (partial.latency_ms + to_go["latency_ms"][width] <= room.latency_ms)
        & (head_bytes + partial.tail_bytes + to_go["tail_bytes"][width] <= room.ram_bytes)
        & (partial.flash_bytes + to_go["flash_bytes"][width] <= room.flash_bytes)
    )


def _thinned(partial: _Partial, room: Costs) -> _Partial:
    """Keeps the least regret of each bin of width, latency, RAM and flash, if it beats all cheaper ones."""
    if not len(partial.width):
        return partial
    ram_bytes = partial.ram_bytes
    bins = np.stack(
        [
            partial.width,
            _binned(ram_bytes, room.ram_bytes, RAM_BINS),
            _binned(partial.flash_bytes, room.flash_bytes, RAM_BINS),
            _binned(partial.latency_ms, room.latency_ms, LATENCY_BINS),
        ]
    )
    order = np.lexsort((partial.latency_ms, partial.regret, bins[3], bins[2], bins[1], bins[0]))
    group = np.cumsum(np.r_[0, (np.diff(bins[:3, order]) != 0).any(0)])
    # One running minimum serves all groups, because each group starts far below the previous one.
    regret = partial.regret[order] - group * (partial.regret.max() + 1.0)
    least = np.minimum.accumulate(regret)
    kept = list(order[np.r_[True, regret[1:] < least[:-1]]])
    # The cheapest of each width are kept, because they may be the only ones that fit.
    for width in np.unique(partial.width):
        members = np.flatnonzero(partial.width == width)
        kept += [members[values[members].argmin()] for values in (partial.latency_ms, ram_bytes, partial.flash_bytes)]
    return partial.select(np.unique(kept))


def _binned(values, bound, n_bins):
    if not np.isfinite(bound):
        return np.zeros(len(values), int)
    return np.ceil(values / bound * n_bins).astype(int)
