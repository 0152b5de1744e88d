"""Training recipes: how much a network is regularised, which the data decide."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What keeps a network from learning the training users by heart.

    Args:
        dropout: float in [0, 1), dropout after each cell.
        channel_mixing: float, see `train_float`.
    """

    dropout: float
    channel_mixing: float


# Where users differ more than classes do, much dropout is worth a point of macro-F1; elsewhere it costs several.
RECIPES = {"light": Recipe(0.1, 0.0), "strong": Recipe(0.3, 0.1)}
