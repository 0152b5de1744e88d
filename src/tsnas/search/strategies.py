"""How candidates are found: the paper's search, its baselines, and random draws."""

from __future__ import annotations

import dataclasses

from tsnas.errors import SettingError


@dataclasses.dataclass(frozen=True)
class Strategy:
    """One way to find candidates; every one of them keeps the limits, whatever the strategy.

    Args:
        pseudo_prob: `"gumbel"`, `"softmax"` or `"sampled"`, how a supernet decides while it trains; None trains no
            supernet.
        hardware_loss: bool, whether the decisions feel what they cost on the board.
    """

    pseudo_prob: str | None
    hardware_loss: bool


STRATEGIES = {
    "sampled": Strategy("sampled", True),
    "micronas": Strategy("gumbel", True),
    "gumbel": Strategy("gumbel", False),
    "darts": Strategy("softmax", False),
    "random": Strategy(None, False),
}


def strategy_named(name: str) -> Strategy:
    """The strategy of that name.

    Raises:
        SettingError: no strategy has this name.

    Example:
        >>> strategy_named("darts").hardware_loss
        False
    """
    if name not in STRATEGIES:
        raise SettingError(f"strategy={name!r} must be one of {', '.join(map(repr, STRATEGIES))}.")
    return STRATEGIES[name]
