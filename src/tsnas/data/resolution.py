"""Warns of windows whose differences are lost, or which have none."""

from __future__ import annotations

import warnings

import numpy as np

from tsnas.data.lazy_windows import Windows, parts
from tsnas.data.standardizer import Standardizer
from tsnas.errors import PoorSignalWarning

# A deviation of fewer steps of float32 is as coarse as the int8 input of a network, which has some 40 of them.
FEWEST_STEPS = 32
# Windows that show how finely the values of a channel differ.
LOOKED_AT = 1_000


def warn_of_poor_signal(x: Windows, standardizer: Standardizer) -> None:
    """Warns (`PoorSignalWarning`) of windows that are all the same, and of channels that are too fine for float32.

    Windows are read as float32, and firmware computes in it: of a small signal on a large offset it keeps little.

    Args:
        x: `Windows` (windows, time, channels), raw.
        standardizer: `Standardizer` that was fitted to such windows.
    """
    coarse = coarse_channels(x, standardizer)
    # They may be the same because they are coarse.
    if not coarse and _are_all_same(x):
        warnings.warn(
            f"All {len(x)} windows are the same, so that no model can tell classes apart; check how they were read.",
            PoorSignalWarning,
            stacklevel=2,
        )
    for channel, (mean, deviation, step) in coarse.items():
        warnings.warn(
            f"Channel {channel} lies about {mean:g} and deviates by {deviation:.2g} from it, but windows are read, and "
            f"firmware computes, in float32, which there has steps of {step:.2g}. Subtract {mean:g} from the channel, "
            "in the windows and in the firmware.",
            PoorSignalWarning,
            stacklevel=2,
        )


def coarse_channels(x: Windows, standardizer: Standardizer) -> dict[int, tuple[float, float, float]]:
    """Returns the channels whose deviation has too few steps of float32.

    Args:
        x, standardizer: as in `warn_of_poor_signal`.

    Returns:
        dict of the index of a channel to (mean, deviation, step), in the units of the data.
    """
    kind = np.dtype(x.source.dtype)
    # float32 holds all values of these.
    if kind.itemsize <= 2 or kind == np.float32:
        return {}
    means = np.abs(np.array(standardizer.mean))
    steps = np.spacing(means.astype(np.float32)).astype(float)
    # A constant channel has a deviation of 1, and it may be float32 that has made it constant.
    std = np.array(standardizer.std)
    suspects = np.flatnonzero((std < FEWEST_STEPS * steps) | (std == 1)).tolist()
    if not suspects:
        return {}
    rows = np.linspace(0, len(x) - 1, min(len(x), LOOKED_AT)).astype(int)
    rows = rows if x.rows is None else x.rows[rows]
    windows = np.asarray(x.source[rows])
    found = {}
    for channel in suspects:
        values = windows[..., channel].astype(float)
        deviation = float(values.std())
        if values.min() < values.max() and deviation < FEWEST_STEPS * steps[channel]:
            found[channel] = (float(values.mean()), deviation, float(steps[channel]))
    return found


def _are_all_same(x: Windows) -> bool:
    first = x[:1]
    # Nearly always the first few differ.
    return bool((x[:8] == first).all()) and all((part == first).all() for part in parts(x))
