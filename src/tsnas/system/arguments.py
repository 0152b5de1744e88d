"""What counts as a number among arguments that may be anything."""

from __future__ import annotations

import math
import numbers
from typing import Any


def is_whole(value: Any, least: int) -> bool:
    """Whether it is a whole number, of Python or NumPy, of at least `least`; a bool is none.

    Example:
        >>> is_whole(3, 1), is_whole(3.0, 1), is_whole(True, 1)
        (True, False, False)
    """
    return isinstance(value, numbers.Integral) and not isinstance(value, bool) and int(value) >= least


def is_number(value: Any) -> bool:
    """Whether it is a finite real number, of Python or NumPy, that a float can hold; a bool is none."""
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
