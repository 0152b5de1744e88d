"""Data sets: `shoulder`, `uci_har` and `skoda`, each with `load_data()`, and `load_npz()` for your own files."""

from tsnas.datasets import shoulder, skoda, uci_har
from tsnas.datasets.npz import Dataset, load_npz

__all__ = ["Dataset", "load_npz", "shoulder", "skoda", "uci_har"]
