"""Paths through a supernet as rows of integers: their exact costs, which of them fit, and their neighbours."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np

from tsnas.cost.estimate import estimate_graph
from tsnas.cost.limits import Limits
from tsnas.cost.memory import base_planning_bytes
from tsnas.search.derive import Candidate, derive
from tsnas.search.feasibility import smallest_latency_ms
from tsnas.search.options import CellOptions, cell_options
from tsnas.space.supernet import Supernet

Path = tuple[int, ...]

# A walk of so many steps ends anywhere in the space; most that it is drawn towards the limits, where loose limits would
# else hardly ever be used.
FAR_STEPS, MOST_DRIVE = 300, 20.0
# From this share of the tightest limit on, an architecture is said to use the limits well.
WELL_USED = 0.9


class Paths:
    """All paths through a supernet; each is a tuple with one index into `CellOptions.choices` for each cell.

    Args:
        supernet: `Supernet`.
        limits: `Limits` to keep.
        options: `cell_options` of each of its cells, if at hand. Defaults to None.
        least_room: float, the `room` that they ask for; see `tsnas.search.parts.fitting`. Defaults to 0.

    Example:
        >>> paths = Paths(supernet, limits)
        >>> paths.use(paths.walk(paths.start, 100, rng))
        0.93
    """

    def __init__(
        self,
        supernet: Supernet,
        limits: Limits,
        options: Sequence[CellOptions] | None = None,
        least_room: float = 0.0,
    ):
        self.supernet = supernet
        self.limits = limits
        self.least_room = least_room
        options = [cell_options(cell) for cell in supernet.cells] if options is None else options
        self.options = options
        self._neighbours = [functools.lru_cache(maxsize=None)(_Neighbours(option)) for option in options]
        # Cells without a choice are left out.
        sizes = np.array([len(option.choices) - 1 for option in options], float) > 0
        self._cell_probs = sizes / max(sizes.sum(), 1.0)

    @functools.cached_property
    def nearest(self) -> Candidate:
        """The architecture within the limits that the alphas liked best when this was first asked for.

        Raises:
            InfeasibleError: there is none.
        """
        return derive(self.supernet, self.limits, list(self.options))

    @functools.cached_property
    def room(self) -> float:
        """The limit on latency in units of the smallest that there is; infinite without one."""
        limit_ms = self.limits.latency_for(self.supernet.board)
        return math.inf if limit_ms is None else limit_ms / smallest_latency_ms(self.supernet, list(self.options))

    @property
    def start(self) -> Path:
        """Some path that keeps the limits; raises InfeasibleError if none does."""
        return self.nearest.path

    def within(self, limits: Limits) -> Paths:
        """The same paths under other limits."""
        return Paths(self.supernet, limits, self.options, self.least_room)

    def use(self, path: Path) -> float:
        """Largest share of a limit that a path uses, by the sums over its cells; above 1 it does not fit."""
        return self.limits.share_used(self.supernet.board, *self._costs(path))

    def _costs(self, path: Path) -> tuple[float, float, float]:
        base = self.supernet.base_costs()
        latency_ms, tail_bytes, flash_bytes = base["latency_ms"], base["ram_bytes"], base["flash_bytes"]
        live_bytes, planning_bytes = 0.0, float(base_planning_bytes())
        width = 0
        for option, choice in zip(self.options, path, strict=True):
            row = width * len(option.choices) + choice
            latency_ms += option.costs["latency_ms"][row]
            tail_bytes += option.costs["tail_bytes"][row]
            flash_bytes += option.costs["flash_bytes"][row]
            planning_bytes += option.costs["planning_bytes"][row]
            live_bytes = max(live_bytes, option.costs["live_bytes"][row])
            width = option.out_width[row]
        return latency_ms, max(live_bytes, planning_bytes) + tail_bytes, flash_bytes

    def neighbour(self, path: Path, rng: np.random.Generator) -> Path:
        """The same path with one other decision, drawn at random; it may not fit."""
        if not self._cell_probs.any():
            return path
        cell = rng.choice(len(path), p=self._cell_probs)
        near = self._neighbours[cell](path[cell])
        return (*path[:cell], int(near[rng.integers(len(near))]), *path[cell + 1 :])

    def walk(self, path: Path, steps: int, rng: np.random.Generator, drive: float = 0.0) -> Path:
        """Where a random walk ends that never leaves the limits.

        Args:
            path: where it starts; it must fit.
            steps: int, how many neighbours are tried.
            rng: NumPy generator.
            drive: float, how much the walk is drawn towards the limits: a step that uses a share d less of them is
                taken with probability exp(-drive * d). Defaults to 0, not at all.
        """
        use = self.use(path)
        for _ in range(steps):
            tried = self.neighbour(path, rng)
            tried_use = self.use(tried)
            if tried_use <= 1.0 and rng.random() < np.exp(drive * (tried_use - use)):
                path, use = tried, tried_use
        return path

    def drawn(self, rng: np.random.Generator) -> Path:
        """A random path that fits, some of them near the limits and some not."""
        return self.walk(self.start, FAR_STEPS, rng, rng.uniform(0.0, MOST_DRIVE))

    def drawn_near(self, rng: np.random.Generator) -> Path:
        """A random path that fits, as near the limits as walks come."""
        return self.walk(self.start, FAR_STEPS, rng, MOST_DRIVE)

    def crossed(self, one: Path, other: Path, rng: np.random.Generator) -> Path:
        """Each cell of one or of the other; it may not fit."""
        return tuple(a if rng.random() < 0.5 else b for a, b in zip(one, other, strict=True))

    def settings(self, path: Path) -> list[int]:
        """What `Supernet.path` takes."""
        return self.supernet.path_settings(self._choices(path))

    def use_of(self, candidate: Candidate) -> float:
        """Largest share of a limit that an architecture uses, by its own cost graph."""
        estimate = candidate.estimate
        costs = (estimate.latency_ms, estimate.ram_bytes, estimate.flash_bytes)
        return self.limits.share_used(self.supernet.board, *costs)

    def candidate(self, path: Path) -> Candidate | None:
        """The architecture of a path; None if its own cost graph is over a limit."""
        architecture = self.supernet.architecture(self._choices(path))
        estimate = estimate_graph(architecture.graph(), self.supernet.board)
        limits = self.limits
        over = limits.exceeded(
            latency_ms=estimate.latency_ms, ram_bytes=estimate.ram_bytes, flash_bytes=estimate.flash_bytes
        )
        too_slow = (limit := limits.latency_for(self.supernet.board)) is not None and estimate.latency_ms > limit
        if over or too_slow:
            return None
        regret = sum(option.choice_regret()[choice] for option, choice in zip(self.options, path, strict=True))
        return Candidate(architecture, estimate, float(regret), path)

    def settle(self, population: Sequence[Path]) -> None:
        """Sets the alphas to what a population does: the log of how often each option is taken in it."""
        for index, option in enumerate(self.options):
            taken = [option.choices[path[index]] for path in population]
            for name, group in option.cell.groups.items():
                # One part in two, spread evenly: no option is out of the question.
                counts = np.full(len(group.options), 0.5 / len(group.options))
                for choice in taken:
                    if name in choice:
                        counts[choice[name]] += 1.0
                group.alpha.assign(np.log(counts / counts.sum()))

    def _choices(self, path: Path) -> list[dict[str, int]]:
        return [option.choices[choice] for option, choice in zip(self.options, path, strict=True)]


class _Neighbours:
    """The choices of a cell that differ from one of them in a single decision; what does not matter does not differ."""

    def __init__(self, option: CellOptions):
        names = list(option.cell.groups)
        self._decisions = np.array([[choice.get(name, -1) for name in names] for choice in option.choices], int)

    def __call__(self, choice: int) -> np.ndarray:
        own = self._decisions[choice]
        differ = (self._decisions != own) & (self._decisions >= 0) & (own >= 0)
        near = np.flatnonzero(differ.sum(axis=1) <= 1)
        return near[near != choice]
