"""Import of all that workers need, in the process that they are forked from; TensorFlow computes nothing here."""

import gc

from tsnas.system.garbage import uncollected
from tsnas.system.quiet import import_tensorflow

with uncollected():
    import_tensorflow()

    import tsnas.job.comparison
    import tsnas.job.training
    import tsnas.search.rounds  # noqa: F401

# A worker that looks for garbage among what is here would write to, and so copy, the memory that all share. The
# imports leave hardly any garbage: a look now would take longer than some of them.
gc.freeze()
