"""Finished model: predictions, saving and loading, and the facts that are kept with it."""

from tsnas.model.model import Model

__all__ = ["Model"]
