"""The clock of budgets and deadlines: read in one place, so that a test can turn it."""

from __future__ import annotations

import time


def monotonic() -> float:
    """Returns seconds since some moment, as `time.monotonic` does.

    Call it through its module, `clock.monotonic()`: a test puts another function in its place.
    """
    return time.monotonic()
