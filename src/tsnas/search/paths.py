"""Paths through the supernet of a part of a search space: exact costs, neighbours, and walks inside bounds."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np

from tsnas.cost.bounds import Bounds, Costs
from tsnas.cost.estimate import estimate_graph
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


@dataclasses.dataclass(frozen=True, eq=False)
class Part:
    """A part of a search space: a supernet, and all options of its cells.

    Args:
        supernet: `Supernet`.
        options: list of the `CellOptions` of each of its cells.
        least_room: float, the `Paths.room` that it asks for; see `tsnas.search.parts.fitting`. Defaults to 0.
    """

    supernet: Supernet
    options: list[CellOptions]
    least_room: float = 0.0

    @classmethod
    def of(cls, supernet: Supernet, least_room: float = 0.0) -> Part:
        """Returns the part whose networks are all those of a supernet."""
        return cls(supernet, [cell_options(cell) for cell in supernet.cells], least_room)


class Paths:
    """The paths through a part of a search space; each is a tuple with one index into `CellOptions.choices` per cell.

    Args:
        part: `Part`.
        bounds: `Bounds` to keep.

    Attributes:
        nearest: `Candidate`, what the alphas like best, when this is made, of all that keeps the bounds.

    Raises:
        InfeasibleError: no path keeps the bounds.

    Example:
        >>> paths = Paths(Part.of(supernet), Limits(max_latency_ms=30).on(supernet.board))
        >>> paths.use(paths.walk(paths.start, 100, rng))
        0.93
    """

    def __init__(self, part: Part, bounds: Bounds):
        self.part, self.bounds = part, bounds
        self.supernet, self.options = part.supernet, part.options
        self.nearest = derive(part.supernet, bounds, part.options)
        self._neighbours = [functools.lru_cache(maxsize=None)(_Neighbours(option)) for option in part.options]
        # Cells without a choice are left out.
        sizes = np.array([len(option.choices) - 1 for option in part.options], float) > 0
        self._cell_probs = sizes / max(sizes.sum(), 1.0)

    @property
    def room(self) -> float:
        """The bound on latency in units of the smallest that there is; infinite without one."""
        return self.bounds.upper.latency_ms / smallest_latency_ms(self.supernet, self.options)

    @property
    def start(self) -> Path:
        """A path that keeps the bounds."""
        return self.nearest.path

    def within(self, bounds: Bounds) -> Paths:
        """Returns the paths through the same part that keep other bounds; raises InfeasibleError if none does."""
        return Paths(self.part, bounds)

    def use(self, path: Path) -> float:
        """Returns the largest share of a bound that a path uses, by sums over its cells; above 1 it does not fit."""
        return self.bounds.share(self._costs(path))

    def _costs(self, path: Path) -> Costs:
        latency_ms, tail_bytes, flash_bytes = self.supernet.base_costs()
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
        return Costs(latency_ms, max(live_bytes, planning_bytes) + tail_bytes, flash_bytes)

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
        """Returns the largest share of a bound that an architecture uses, by its own cost graph."""
        return self.bounds.share(candidate.estimate.costs)

    def candidate(self, path: Path) -> Candidate | None:
        """Returns the architecture of a path; None if its own cost graph is over a bound."""
        architecture = self.supernet.architecture(self._choices(path))
        estimate = estimate_graph(architecture.graph(), self.supernet.board)
        if self.bounds.share(estimate.costs) > 1.0:
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
