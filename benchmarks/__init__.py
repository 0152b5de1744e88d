"""Studies that measure what the documentation states; each is run by `python -m benchmarks.NAME`."""

import tsnas  # noqa: F401 (before TensorFlow, whose kernels it chooses)
