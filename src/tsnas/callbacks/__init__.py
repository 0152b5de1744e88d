"""Callbacks: expected costs in the logs of a search, early stopping, progress bars, and a bridge for Keras 3."""

import lazy_loader

from tsnas.system.quiet import import_tensorflow

# Before the modules that import TensorFlow, which would say a lot about processors and GPUs.
import_tensorflow()

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
