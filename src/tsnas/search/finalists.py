"""Finalists: the candidates that a search prefers and random walks around them; without a search, random draws."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from tsnas.search.derive import Candidate
from tsnas.search.paths import WELL_USED, Path, Paths

# Length of the walks from the preferred candidate to its neighbours.
NEAR_STEPS = 6
# Without a search, this fraction of the finalists is drawn near the limits: a contest considers others only if those
# are much worse.
NEAR_SHARE = 0.75
# So many are drawn there for each that is taken, which are those with the most multiply-accumulates: at one latency, or
# in one arena, a network may have twice those of another, and is better the more it has, on average.
DRAWS_PER_PLACE = 8
TRIES = 20


def divide(count: int, parts: int) -> list[int]:
    """Divides `count` finalists among the parts of a search space; the first parts have one more if needed."""
    return [(count + parts - 1 - part) // parts for part in range(parts)]


def finalists(paths: Paths, preferred: Sequence[Candidate], count: int, seed: int) -> list[Candidate]:
    """Selects distinct architectures within the limits for the contest.

    After a search, the first half are candidates that it prefers, each of which differs from those before it in at
    least half of its cells; then neighbours of the first one that use as much of the limits. The other half are drawn
    at random distances from the limits. Without a search, all are drawn, at least three of four near the limits: of
    eight times as many draws, those with the most multiply-accumulates. At least one finalist uses the limits well, if
    walks towards the limits find one.

    Args:
        paths: `Paths` of the supernet.
        preferred: sequence of `Candidate`, the best first; empty without a search.
        count: int, number of finalists; there are fewer if no others are within the limits.
        seed: int, seed of the draws.

    Returns:
        list of `Candidate`.

    Source: Lin et al., MCUNet (2020), section 3.1, which compares search spaces by the FLOPs of what fits.
    """
    rng = np.random.default_rng(seed)
    found: list[Candidate] = []
    by_search = min(count, 1 + count // 2) if preferred else 0
    for candidate in preferred:
        if len(found) < by_search and all(_unlike(candidate.path, other.path) for other in found):
            found.append(candidate)

    def add(draw: Callable[[], Path], wanted: int, least_use: float = 0.0, places: int = 0) -> None:
        for _ in range(TRIES * (places or wanted)):
            if len(found) >= wanted:
                return
            candidate = paths.candidate(draw())
            if candidate is None or paths.use_of(candidate) < least_use:
                continue
            if candidate.architecture not in {other.architecture for other in found}:
                found.append(candidate)

    if preferred:
        least_use = min(WELL_USED, paths.use_of(preferred[0]))
        add(lambda: paths.walk(preferred[0].path, NEAR_STEPS, rng), by_search, least_use)
    else:
        # Limits may be so loose that no walk ends near them.
        least_use = min(WELL_USED, max(paths.use(paths.draw_near(rng)) for _ in range(TRIES // 4)))
        near = math.ceil(NEAR_SHARE * count)
        add(lambda: paths.draw_near(rng), DRAWS_PER_PLACE * near, least_use, near)
        found = sorted(found, key=lambda one: -one.estimate.macs)[:near]
    add(lambda: paths.draw(rng), count)
    if len(found) > 1 and all(paths.use_of(one) < WELL_USED for one in found):
        drawn = (paths.candidate(paths.draw_near(rng)) for _ in range(TRIES))
        found[-1] = next((one for one in drawn if one is not None and paths.use_of(one) >= WELL_USED), found[-1])
    return found


def _unlike(one: Path, other: Path) -> bool:
    return 2 * sum(a != b for a, b in zip(one, other, strict=True)) >= len(one)
