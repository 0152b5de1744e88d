"""Strategies that find candidates: random draws, evolution, the paper's search and its baselines, keras-tuner."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

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

    @property
    def has_supernet(self) -> bool:
        """Whether a supernet is trained."""
        return self.kind in ("evolution", "differentiable")


STRATEGIES = {
    "random": Strategy("random"),
    "evolution": Strategy("evolution"),
    "micronas": Strategy("differentiable"),
    "gumbel": Strategy("differentiable", hardware_loss=False),
    "darts": Strategy("differentiable", "softmax", hardware_loss=False),
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


def check_callbacks(name: str, callbacks: Sequence[Any]) -> None:
    """Checks that callbacks of a search have a search to be called in.

    Args:
        name: str, name of a strategy.
        callbacks: sequence of callbacks.

    Raises:
        SettingError: there are callbacks, but the strategy trains no supernet.
    """
    if callbacks and not strategy_named(name).has_supernet:
        searching = [repr(other) for other, strategy in STRATEGIES.items() if strategy.has_supernet]
        raise SettingError(
            f"{len(callbacks)} callback(s) were given, but strategy={name!r} trains no supernet, so none would be "
            f"called. Leave them out, or choose {', '.join(searching[:-1])} or {searching[-1]}."
        )
