"""tsnas: searches for neural networks that classify time series on microcontrollers.

From windows of sensor data, a board, and limits on latency and memory, it makes a trained int8 TensorFlow Lite model
that is verified to keep them.
"""

import os

import lazy_loader

from tsnas.system.garbage import uncollected

# oneDNN rebuilds its kernels for every shape, and each step of a search has a new one: without oneDNN a step takes half
# the time. The variable has an effect only if TensorFlow has not been imported yet.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

# TensorFlow takes seconds to import, so each of the public names, listed in __init__.pyi, is loaded when first used.
_load, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> object:
    with uncollected():
        return _load(name)
