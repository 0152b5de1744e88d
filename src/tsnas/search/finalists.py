"""Finalists of a search: the derived architecture, and others that fit, drawn near it and far from it."""

from __future__ import annotations

import numpy as np

from tsnas.cost.limits import Limits
from tsnas.search.derive import Derived, derive
from tsnas.search.options import CellOptions, cell_options
from tsnas.space.supernet import Supernet

# Of so many architectures drawn at random, the one that uses most of the tightest limit is taken.
DRAWS = 8
# Most that the largest width of a group may be preferred to its smallest, as half the difference of their logarithms:
# draws without such a bias rarely come near a loose limit.
MOST_BIAS = 3.0


def finalists(supernet: Supernet, limits: Limits, first: Derived | None, count: int, seed: int) -> list[Derived]:
    """Distinct architectures that keep the limits, `first` first.

    The others are drawn in turn at random, and by the alphas' own probabilities; without a `first` all at random. At
    random, small and large options are equally likely in some draws, and large ones more so in others.

    Args:
        supernet: searched `Supernet`; its alphas are left as they are.
        limits: `Limits` to keep.
        first: `Derived` from the alphas, or None if they were not searched.
        count: int, how many there shall be; there are fewer where the limits leave no others.
        seed: int, seed of the draws.

    Returns:
        list of `Derived`.
    """
    options = [cell_options(cell) for cell in supernet.cells]
    rng = np.random.default_rng(seed)
    found = [] if first is None else [first]
    for index in range(count - len(found)):
        by_alphas = first is not None and index % 2 == 1
        drawn = [_draw(supernet, limits, options, by_alphas, rng) for _ in range(DRAWS)]
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
    supernet: Supernet, limits: Limits, options: list[CellOptions], by_alphas: bool, rng: np.random.Generator
) -> Derived:
    """One fitting architecture, by the Gumbel trick: the best after noise is a draw by the probabilities."""
    groups = supernet.decision_groups()
    kept = [group.alpha.numpy() for group in groups]
    bias = rng.uniform(0.0, MOST_BIAS)
    try:
        for group, alpha in zip(groups, kept, strict=True):
            # Widths stand in the order of their size.
            sizes = np.linspace(-1.0, 1.0, len(alpha)) if group.name.endswith("filters") else np.zeros(len(alpha))
            group.alpha.assign((alpha if by_alphas else bias * sizes) + rng.gumbel(size=alpha.shape))
        return derive(supernet, limits, options)
    finally:
        for group, alpha in zip(groups, kept, strict=True):
            group.alpha.assign(alpha)
