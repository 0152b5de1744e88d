"""Checks of arguments that may be anything: integers and finite numbers."""

from __future__ import annotations

import math
import numbers
from typing import Any


def is_int(value: Any, least: int) -> bool:
    """Returns whether a value is an integer of at least `least`, of Python or NumPy; a bool is not.

    Example:
        >>> is_int(3, 1), is_int(3.0, 1), is_int(True, 1)
        (True, False, False)
    """
    return isinstance(value, numbers.Integral) and not isinstance(value, bool) and int(value) >= least


def is_number(value: Any) -> bool:
    """Returns whether a value is a finite real number that a float can hold, of Python or NumPy; a bool is not."""
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
