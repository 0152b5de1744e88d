"""Rejection of a job: learned from its windows, whatever network they will be given to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tsnas.data import AnyWindows, Rejection, unpacked
from tsnas.data.lazy_windows import parts
from tsnas.data.rejection import features


def learn_rejection(
    splits: Sequence[Any], rows: Sequence[tuple[np.ndarray, np.ndarray]] | None, everything: Any, other: Any
) -> Rejection:
    """Learns the typical windows of each class from all windows, and the limit from validation windows.

    Args:
        splits, everything: as in `Prepared`.
        rows: list of (training, validation), indices into `everything`; None: the first of `splits` has the validation
            windows.
        other: standardised `Windows` (windows, time, channels, 1) of no class, or None.

    Returns:
        A `Rejection`.
    """
    x, codes, _ = unpacked(everything)
    every = _features_of(x)
    if rows is None:
        x_val, codes_val, _ = unpacked(splits[0][1])
        found = [(every, codes, _features_of(x_val), codes_val)]
    else:
        found = [(every[train], codes[train], every[val], codes[val]) for train, val in rows]
    return Rejection.learn(found, (every, codes), None if other is None else _features_of(other))


def _features_of(x: AnyWindows) -> np.ndarray:
    return np.concatenate([features(part[..., 0]) for part in parts(x)])


def rejection_note(rejection: Rejection) -> str:
    """Returns in words how many windows are rejected."""
    text = f"{rejection.rejected:.1%} of the validation windows are too far from those of all classes"
    return text if rejection.other is None else f"{text}, and {rejection.other:.1%} of the windows of no class"
