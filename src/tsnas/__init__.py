"""tsnas: search neural networks for time-series classification on microcontrollers.

Give windows of sensor data, a board and limits on latency and memory; get a trained int8 TensorFlow
Lite model that keeps them, and the proof that it does.
"""

import importlib
import os
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# oneDNN builds its kernels anew for every shape, and a search has another shape at each step: without it a step takes
# half the time. It counts only where TensorFlow was not imported before.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

# Name to module: TensorFlow takes seconds to import, so nothing is loaded before it is used.
_PUBLIC = {
    "Architecture": "tsnas.space.architecture",
    "AutoClassifier": "tsnas.classifier",
    "Board": "tsnas.cost.board",
    "Limits": "tsnas.cost.limits",
    "ParetoSearch": "tsnas.pareto.pareto_search",
    "Signal": "tsnas.data.signal",
    "SignalSearch": "tsnas.outer.signal_search",
    "SpaceConfig": "tsnas.space.config",
    "board_names": "tsnas.cost.board",
    "estimate_tflite": "tsnas.cost.estimate",
    "load": "tsnas.classifier",
    "load_board": "tsnas.cost.board",
}
_MODULES = ("callbacks", "cost", "data", "datasets", "errors")

__all__ = [
    "Architecture",
    "AutoClassifier",
    "Board",
    "Limits",
    "ParetoSearch",
    "Signal",
    "SignalSearch",
    "SpaceConfig",
    "__version__",
    "board_names",
    "callbacks",
    "cost",
    "data",
    "datasets",
    "errors",
    "estimate_tflite",
    "load",
    "load_board",
]

if TYPE_CHECKING:
    from tsnas import callbacks, cost, data, datasets, errors
    from tsnas.classifier import AutoClassifier, load
    from tsnas.cost.board import Board, board_names, load_board
    from tsnas.cost.estimate import estimate_tflite
    from tsnas.cost.limits import Limits
    from tsnas.data.signal import Signal
    from tsnas.outer.signal_search import SignalSearch
    from tsnas.pareto.pareto_search import ParetoSearch
    from tsnas.space.architecture import Architecture
    from tsnas.space.config import SpaceConfig


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    if name in _MODULES:
        return importlib.import_module(f"tsnas.{name}")
    raise AttributeError(f"module 'tsnas' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
