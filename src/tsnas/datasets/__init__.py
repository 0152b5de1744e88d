"""Data sets: `shoulder.load_data()`, and `load_npz()` for the caller's own files."""

from tsnas.datasets import shoulder
from tsnas.datasets.npz import Dataset, load_npz

__all__ = ["Dataset", "load_npz", "shoulder"]
