"""Finds the channels that are the x, y and z axes of one sensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from tsnas.data.lazy_windows import AnyWindows
from tsnas.data.moments import moments
from tsnas.errors import SettingError
from tsnas.system.arguments import is_int

Axes = tuple[tuple[int, int, int], ...]

AUTO = "auto"
# The axes of one sensor share a unit, so their values are of similar magnitude: the root mean square of one axis is at
# most this many times the standard deviation of another.
LARGEST_RATIO = 10.0


def find_axes(axes: Any, x: AnyWindows) -> Axes:
    """Returns the triples of channels that are the x, y and z axes of one sensor.

    Args:
        axes: None for no triples; a sequence of triples of channels, such as `[(0, 1, 2), (3, 4, 5)]`; or `"auto"`: if
            the number of channels is a multiple of three, the consecutive triples of channels of similar magnitude.
        x: array (windows, time, channels), or `Windows`, in raw sensor units; of more than 65,536 so many are drawn.

    Returns:
        tuple of triples of int.

    Raises:
        SettingError: `axes` is none of these, or a channel does not exist or is in two triples.

    Example:
        >>> find_axes("auto", x)        # x: (3000, 128, 6), an accelerometer and a gyroscope
        ((0, 1, 2), (3, 4, 5))
    """
    channels = x.shape[2]
    if axes is None:
        return ()
    if isinstance(axes, str):
        if axes != AUTO:
            raise _error(axes, channels)
        if channels % 3:
            return ()
        found = moments(x)
        size, spread = np.hypot(found.mean, found.std), found.std
        rows = ((first, first + 1, first + 2) for first in range(0, channels, 3))
        return tuple(row for row in rows if size[list(row)].max() <= LARGEST_RATIO * spread[list(row)].min())
    try:
        triples = [tuple(triple) for triple in axes]
    except TypeError:
        raise _error(axes, channels) from None
    flat = [channel for triple in triples for channel in triple]
    whole = all(is_int(channel, 0) for channel in flat)
    if any(len(triple) != 3 for triple in triples) or not whole or len(set(flat)) < len(flat):
        raise _error(axes, channels)
    if flat and max(flat) >= channels:
        raise _error(axes, channels)
    return tuple((int(x), int(y), int(z)) for x, y, z in triples)


def _error(axes: Any, channels: int) -> SettingError:
    return SettingError(
        f"axes={axes!r} must be 'auto', None, or triples of channels that are the x, y and z of one sensor, such as "
        f"[(0, 1, 2)], with each channel from 0 to {channels - 1} at most once."
    )
