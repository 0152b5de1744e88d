"""Import of all that workers need, in the process that they are forked from; TensorFlow computes nothing here."""

import gc

from tsnas.system.garbage import uncollected
from tsnas.system.quiet import import_tensorflow

with uncollected():
    import_tensorflow()

    import tsnas.job.comparison
    import tsnas.job.training
    import tsnas.search.rounds  # noqa: F401

# A worker that looks for garbage among what is here would write to, and so copy, the memory that all share.
gc.collect()
gc.freeze()
# Each graph is made of many objects that stay, among which Python would look for garbage hundreds of times; each call
# ends with a look at all of them.
gc.set_threshold(50_000, 20, 100)
