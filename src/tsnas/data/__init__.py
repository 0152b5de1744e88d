"""Prepares the caller's data for a search: checked windows, encoded labels, validation splits, standardisation."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
