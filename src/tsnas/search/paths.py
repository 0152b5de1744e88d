"""Paths through the supernet of a part of a search space: exact costs, neighbours, and walks within bounds."""

from __future__ import annotations

import bisect
import dataclasses
import functools
import math
from collections.abc import Callable, Hashable, Sequence

import numpy as np

from tsnas.cost.bounds import Bounds, Costs
from tsnas.cost.estimate import estimate_graph
from tsnas.cost.memory import base_planning_bytes
from tsnas.search.derive import Candidate, derive
from tsnas.search.feasibility import smallest_latency_ms
from tsnas.search.options import CellOptions, cell_options
from tsnas.space.supernet import Supernet

Path = tuple[int, ...]

# Number of steps after which a walk may have reached any part of the space, and the strongest drive towards the limits;
# without a drive, walks within loose limits would hardly ever come near them.
FAR_STEPS, MOST_DRIVE = 300, 20.0
# An architecture that uses at least this fraction of its tightest limit uses the limits well.
WELL_USED = 0.9


@dataclasses.dataclass(frozen=True, eq=False)
class Part:
    """A part of a search space: a supernet and all options of its cells, which are built when they are first needed.

    Args:
        make: function without arguments that builds the `Supernet`.
        min_slack: float, least `Paths.slack` at which it is searched; see `tsnas.search.parts.fitting`. Defaults to 0.
        kind: hashable, the same for parts that differ by the number of members alone. Defaults to None.
        reach: str or None, `SpaceConfig.reach` of its networks. Defaults to None.
    """

    make: Callable[[], Supernet]
    min_slack: float = 0.0
    kind: Hashable = None
    reach: str | None = None

    @classmethod
    def of(cls, supernet: Supernet, min_slack: float = 0.0, kind: Hashable = None) -> Part:
        """Returns the part that consists of all networks of a supernet."""
        return cls(lambda: supernet, min_slack, kind)

    @functools.cached_property
    def supernet(self) -> Supernet:
        """The `Supernet`, always the same."""
        return self.make()

    @functools.cached_property
    def options(self) -> list[CellOptions]:
        """The `CellOptions` of each cell."""
        return [cell_options(cell) for cell in self.supernet.cells]


class Paths:
    """Paths through a part of a search space; a path is a tuple with one index into `CellOptions.choices` per cell.

    Args:
        part: `Part`.
        bounds: `Bounds` to keep.

    Attributes:
        nearest: `Candidate`, the one within the bounds that the alphas prefer at the time of construction.

    Raises:
        InfeasibleError: no path is within the bounds.

    Example:
        >>> paths = Paths(Part.of(supernet), Limits(max_latency_ms=30).on(supernet.board))
        >>> paths.use(paths.walk(paths.start, 100, rng))
        0.93
    """

    def __init__(self, part: Part, bounds: Bounds):
        # The cells say what latencies are: with their margin or without.
        self.part, self.bounds = part, dataclasses.replace(bounds, margin=part.supernet.margin)
        self.supernet, self.options = part.supernet, part.options
        self._base_costs = part.supernet.base_costs()
        self.nearest = derive(part.supernet, bounds, part.options)
        self._neighbours = [functools.lru_cache(maxsize=None)(_Neighbours(option)) for option in part.options]
        # Cells without a choice have no neighbours.
        sizes = np.array([len(option.choices) - 1 for option in part.options], float) > 0
        self._cell_ends = (sizes.cumsum() / max(sizes.sum(), 1.0)).tolist()

    @property
    def slack(self) -> float:
        """Latency bound divided by the smallest latency in this part; infinite without a bound."""
        return self.bounds.upper.latency_ms / smallest_latency_ms(self.supernet, self.options)

    @property
    def start(self) -> Path:
        """A path within the bounds."""
        return self.nearest.path

    def within(self, bounds: Bounds) -> Paths:
        """Returns the paths through the same part within other bounds; raises InfeasibleError if there are none."""
        return Paths(self.part, bounds)

    def use(self, path: Path) -> float:
        """Returns the largest fraction of a bound that a path uses, by sums over its cells; above 1 it does not fit."""
        return self.bounds.share(self._costs(path))

    def _costs(self, path: Path) -> Costs:
        latency_ms, tail_bytes, flash_bytes = self._base_costs
        live_bytes, planning_bytes = 0.0, float(base_planning_bytes())
        width = 0
        for option, choice in zip(self.options, path, strict=True):
            row = width * len(option.choices) + choice
            own_ms, own_live, own_tail, own_planning, own_flash, widths = option.numbers
            latency_ms += own_ms[row]
            tail_bytes += own_tail[row]
            flash_bytes += own_flash[row]
            planning_bytes += own_planning[row]
            live_bytes = max(live_bytes, own_live[row])
            width = widths[row]
        return Costs(latency_ms, max(live_bytes, planning_bytes) + tail_bytes, flash_bytes)

    def neighbour(self, path: Path, rng: np.random.Generator) -> Path:
        """Returns the path with one decision changed at random; it may be over a bound."""
        if not self._cell_ends[-1]:
            return path
        # As `rng.choice` with probabilities does it, which takes ten times as long.
        cell = bisect.bisect_right(self._cell_ends, rng.random())
        near = self._neighbours[cell](path[cell])
        return (*path[:cell], int(near[rng.integers(len(near))]), *path[cell + 1 :])

    def walk(self, path: Path, steps: int, rng: np.random.Generator, drive: float = 0.0) -> Path:
        """Returns the end of a random walk that never leaves the bounds.

        Args:
            path: path to start from; it must be within the bounds.
            steps: int, number of neighbours that are tried.
            rng: NumPy generator.
            drive: float, strength of the drive towards the bounds: a step that lowers `use` by d is taken with
                probability exp(-drive * d). Defaults to 0, no drive.
        """
        use = self.use(path)
        for _ in range(steps):
            tried = self.neighbour(path, rng)
            tried_use = self.use(tried)
            if tried_use <= 1.0 and rng.random() < math.exp(drive * (tried_use - use)):
                path, use = tried, tried_use
        return path

    def draw(self, rng: np.random.Generator) -> Path:
        """Draws a random path within the bounds, at a random distance from them."""
        return self.walk(self.start, FAR_STEPS, rng, rng.uniform(0.0, MOST_DRIVE))

    def draw_near(self, rng: np.random.Generator) -> Path:
        """Draws a random path within the bounds, as near to them as walks come."""
        return self.walk(self.start, FAR_STEPS, rng, MOST_DRIVE)

    def cross(self, one: Path, other: Path, rng: np.random.Generator) -> Path:
        """Returns a path that takes each cell from one parent or the other; it may be over a bound."""
        return tuple(a if rng.random() < 0.5 else b for a, b in zip(one, other, strict=True))

    def settings(self, path: Path) -> list[int]:
        """Returns the settings that `Supernet.path` takes for a path."""
        return self.supernet.path_settings(self._choices(path))

    def use_of(self, candidate: Candidate) -> float:
        """Returns the largest fraction of a bound that an architecture uses, by its own cost graph."""
        return self.bounds.share(candidate.estimate.costs_at(self.bounds.margin))

    def candidate(self, path: Path) -> Candidate | None:
        """Returns the architecture of a path; None if its own cost graph is over a bound."""
        architecture = self.supernet.architecture(self._choices(path))
        estimate = estimate_graph(architecture.graph(), self.supernet.board)
        if self.bounds.share(estimate.costs_at(self.bounds.margin)) > 1.0:
            return None
        regret = sum(option.choice_regret()[choice] for option, choice in zip(self.options, path, strict=True))
        return Candidate(architecture, estimate, float(regret), path)

    def settle(self, population: Sequence[Path]) -> None:
        """Sets the alphas by a population: to the log of the frequency of each option in it."""
        for index, option in enumerate(self.options):
            taken = [option.choices[path[index]] for path in population]
            for name, group in option.cell.groups.items():
                # Half a count, spread evenly, so that no option has a probability of zero.
                counts = np.full(len(group.options), 0.5 / len(group.options))
                for choice in taken:
                    if name in choice:
                        counts[choice[name]] += 1.0
                group.alpha.assign(np.log(counts / counts.sum()))

    def _choices(self, path: Path) -> list[dict[str, int]]:
        return [option.choices[choice] for option, choice in zip(self.options, path, strict=True)]


class _Neighbours:
    """Finds the choices of a cell that differ from a given one in a single decision that affects both."""

    def __init__(self, option: CellOptions):
        names = list(option.cell.groups)
        self._decisions = np.array([[choice.get(name, -1) for name in names] for choice in option.choices], int)

    def __call__(self, choice: int) -> np.ndarray:
        own = self._decisions[choice]
        differ = (self._decisions != own) & (self._decisions >= 0) & (own >= 0)
        near = np.flatnonzero(differ.sum(axis=1) <= 1)
        return near[near != choice]
