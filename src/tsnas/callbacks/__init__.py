"""Callbacks: expected costs in the logs of a search, early stopping, progress bars, and a bridge for Keras 3."""

from tsnas.callbacks.foreign import ForeignCallback, as_callbacks
from tsnas.callbacks.live import ConstraintMonitor, EarlyStopOnConvergence
from tsnas.callbacks.progress import ProgressBar
from tsnas.callbacks.search_board import SearchBoard

__all__ = [
    "ConstraintMonitor",
    "EarlyStopOnConvergence",
    "ForeignCallback",
    "ProgressBar",
    "SearchBoard",
    "as_callbacks",
]
