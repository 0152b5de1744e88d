"""How candidates are found: evolution, the paper's search, its baselines, keras-tuner's oracles, random draws."""

from __future__ import annotations

import dataclasses

from tsnas.errors import SettingError


@dataclasses.dataclass(frozen=True)
class Strategy:
    """One way to find candidates; every one of them keeps the limits, whatever the strategy.

    Args:
        kind: `"evolution"` of paths through a supernet, `"differentiable"` for a supernet that learns its decisions,
            `"random"` for no supernet at all, `"tuner"` for an oracle of keras-tuner.
        pseudo_prob: `"gumbel"` or `"softmax"`, how a differentiable supernet decides while it trains.
        hardware_loss: bool, whether its decisions feel what they cost on the board.
    """

    kind: str
    pseudo_prob: str = "gumbel"
    hardware_loss: bool = True


STRATEGIES = {
    "evolution": Strategy("evolution"),
    "micronas": Strategy("differentiable"),
    "gumbel": Strategy("differentiable", hardware_loss=False),
    "darts": Strategy("differentiable", "softmax", hardware_loss=False),
    "random": Strategy("random"),
    "bayesian": Strategy("tuner"),
    "hyperband": Strategy("tuner"),
}


def strategy_named(name: str) -> Strategy:
    """The strategy of that name.

    Raises:
        SettingError: no strategy has this name.

    Example:
        >>> strategy_named("darts").hardware_loss
        False
    """
    if not isinstance(name, str) or name not in STRATEGIES:
        raise SettingError(f"strategy={name!r} must be one of {', '.join(map(repr, STRATEGIES))}.")
    return STRATEGIES[name]
