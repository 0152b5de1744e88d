"""Finalists of a search: the derived architecture, and others that fit, drawn near it and far from it."""

from __future__ import annotations

import numpy as np

from tsnas.cost.limits import Limits
from tsnas.search.derive import Derived, derive
from tsnas.search.options import CellOptions, cell_options
from tsnas.space.supernet import Supernet

# Of so many architectures drawn at random, the one that uses most of the tightest limit is taken.
DRAWS = 8


def finalists(supernet: Supernet, limits: Limits, first: Derived, count: int, seed: int) -> list[Derived]:
    """Distinct architectures that keep the limits, `first` first.

    The others are drawn in turn with all options equally likely, and by the alphas' own probabilities.

    Args:
        supernet: searched `Supernet`; its alphas are left as they are.
        limits: `Limits` to keep.
        first: `Derived` from the alphas.
        count: int, how many there shall be; there are fewer where the limits leave no others.
        seed: int, seed of the draws.

    Returns:
        list of `Derived`.
    """
    options = [cell_options(cell) for cell in supernet.cells]
    rng = np.random.default_rng(seed)
    found = [first]
    for index in range(count - 1):
        drawn = [_draw(supernet, limits, options, float(index % 2), rng) for _ in range(DRAWS)]
        known = {derived.architecture for derived in found}
        fresh = [derived for derived in drawn if derived.architecture not in known]
        if fresh:
            found.append(max(fresh, key=lambda derived: utilisation(derived, limits)))
    return found


def utilisation(derived: Derived, limits: Limits) -> float:
    """Largest share of a limit that an architecture uses; 0 without limits."""
    used = (
        (derived.estimate.latency_ms, limits.max_latency_ms),
        (derived.estimate.ram_bytes, limits.max_ram_bytes),
        (derived.estimate.flash_bytes, limits.max_flash_bytes),
    )
    return max((value / limit for value, limit in used if limit is not None), default=0.0)


def _draw(
    supernet: Supernet, limits: Limits, options: list[CellOptions], weight: float, rng: np.random.Generator
) -> Derived:
    """One fitting architecture, by the Gumbel trick: the best after noise is a draw by the probabilities."""
    groups = supernet.decision_groups()
    kept = [group.alpha.numpy() for group in groups]
    try:
        for group, alpha in zip(groups, kept, strict=True):
            group.alpha.assign(weight * alpha + rng.gumbel(size=alpha.shape))
        return derive(supernet, limits, options)
    finally:
        for group, alpha in zip(groups, kept, strict=True):
            group.alpha.assign(alpha)
