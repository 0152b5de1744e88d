"""Import of all that workers need, in the process that they are forked from; TensorFlow computes nothing here."""

import gc

from tsnas.system.quiet import import_tensorflow

import_tensorflow()

import tsnas.job.comparison  # noqa: E402
import tsnas.job.training  # noqa: E402
import tsnas.search.rounds  # noqa: E402, F401

# A worker that looks for garbage among what is here would write to, and so copy, the memory that all share.
gc.collect()
gc.freeze()
