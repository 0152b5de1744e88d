"""Outer search: finds the window length, sampling rate and channels that are worth their cost."""

from tsnas.system.quiet import import_tensorflow

# Before the modules that import TensorFlow, which would say a lot about processors and GPUs.
import_tensorflow()
