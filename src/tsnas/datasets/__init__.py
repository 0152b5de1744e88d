"""Data sets: `shoulder`, `uci_har` and `skoda`, each with `load_data()`, and `load_npz()` for your own files."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
