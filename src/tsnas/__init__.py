"""tsnas: searches for neural networks that classify time series on microcontrollers.

Give windows of sensor data, a board and limits on latency and memory; get a trained int8 TensorFlow
Lite model that keeps them, and the proof that it does.
"""

import os

import lazy_loader

# oneDNN builds its kernels anew for every shape, and a search has another shape at each step: without it a step takes
# half the time. It counts only where TensorFlow was not imported before.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

# TensorFlow takes seconds to import, so each of the public names, listed in __init__.pyi, is loaded when first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
