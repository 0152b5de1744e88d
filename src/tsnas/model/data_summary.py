"""Summary of the data and versions of a fit, kept with its model for reports, which no longer have the data."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Sequence
from typing import Any

import numpy as np

from tsnas.data import AnyWindows
from tsnas.version import __version__

PACKAGES = {"tensorflow": "tensorflow", "tf_keras": "tf_keras"}


def summarise(
    x: AnyWindows,
    codes: np.ndarray,
    classes: np.ndarray,
    groups: np.ndarray | None,
    rows: Sequence[tuple[np.ndarray, np.ndarray]] | None,
    validation_windows: int | None = None,
    fraction: float | None = None,
) -> dict[str, Any]:
    """Summarises the windows that a fit was given.

    Args:
        x: array (windows, time, channels), or `Windows`.
        codes: int array (windows,), class codes.
        classes: array of the class labels.
        groups: array (windows,), or None.
        rows: list of (training, validation), indices of each split; None if the caller gave validation windows.
        validation_windows: int, number of validation windows that the caller gave. Defaults to None.
        fraction: float, fraction of the windows that was split off. Defaults to None.

    Returns:
        dict of `"windows"`, `"time"`, `"channels"`, `"class_counts"` (in the order of the classes), `"groups"` (their
        number, or None) and `"validation"`: `"how"` (`"given"`, `"by group"` or `"by class"`), `"windows"` (a list,
        one entry for each split), `"groups"` (likewise, or None) and `"fraction"` (None if they were given).
    """
    windows, time, channels = x.shape
    if rows is None:
        validation = {"how": "given", "windows": [validation_windows], "groups": None, "fraction": None}
    else:
        validation = _split(groups, rows) | {"fraction": fraction}
    return {
        "windows": windows,
        "time": time,
        "channels": channels,
        "class_counts": np.bincount(codes, minlength=len(classes)).tolist(),
        "groups": None if groups is None else len(np.unique(groups)),
        "validation": validation,
    }


def versions() -> dict[str, str]:
    """Returns the versions of tsnas, its libraries, Python and the platform, by name."""
    found = {name: importlib.metadata.version(package) for name, package in PACKAGES.items()}
    return {
        "tsnas": __version__,
        **found,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
    }


def _split(groups: np.ndarray | None, rows: Sequence[tuple[np.ndarray, np.ndarray]]) -> dict[str, Any]:
    by_group = groups is not None and not any(np.isin(groups[val], groups[train]).any() for train, val in rows)
    return {
        "how": "by group" if by_group else "by class",
        "windows": [len(val) for _, val in rows],
        "groups": [len(np.unique(groups[val])) for _, val in rows] if by_group and groups is not None else None,
    }
