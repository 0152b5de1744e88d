"""Strategies that find candidates: evolution, the paper's search and its baselines, keras-tuner, random draws."""

from __future__ import annotations

import dataclasses

from tsnas.errors import SettingError


@dataclasses.dataclass(frozen=True)
class Strategy:
    """One way to find candidates; all candidates are within the limits, whatever the strategy.

    Args:
        kind: `"evolution"` of paths through a supernet, `"differentiable"` for a supernet that learns its decisions,
            `"random"` for random draws without a search, `"tuner"` for an oracle of keras-tuner.
        pseudo_prob: `"gumbel"` or `"softmax"`, how a differentiable search weights the options in training. Defaults to
            `"gumbel"`.
        hardware_loss: bool, whether a differentiable search has a loss for costs on the board. Defaults to True.
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
    """Returns the strategy of a name.

    Raises:
        SettingError: an unknown name.

    Example:
        >>> strategy_named("darts").hardware_loss
        False
    """
    if not isinstance(name, str) or name not in STRATEGIES:
        raise SettingError(f"strategy={name!r} must be one of {', '.join(map(repr, STRATEGIES))}.")
    return STRATEGIES[name]
