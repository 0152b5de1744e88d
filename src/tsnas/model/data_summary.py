"""What a fit keeps of its data and of its versions, so that a report can tell of them later, without the data."""

from __future__ import annotations

import importlib.metadata
import platform
import warnings
from typing import Any

import numpy as np

import tsnas
from tsnas.data import validation_splits

PACKAGES = {"tensorflow": "tensorflow", "tf_keras": "tf_keras"}


def summarise(
    x: np.ndarray,
    codes: np.ndarray,
    classes: np.ndarray,
    groups: np.ndarray | None,
    validation_windows: int | None,
    fraction: float,
    seed: int,
) -> dict[str, Any]:
    """Counts of the windows that a fit was given, as plain values.

    Args:
        x: array (windows, time, channels).
        codes: int array (windows,), class codes.
        classes: array of the class labels.
        groups: array (windows,), or None.
        validation_windows: int, windows that the caller gave for validation, or None if they were split off.
        fraction: float, share that was split off.
        seed: int, the seed of the fit.

    Returns:
        dict of `"windows"`, `"time"`, `"channels"`, `"class_counts"` (in the order of the classes), `"groups"` (their
        number, or None) and `"validation"`: `"how"` (`"given"`, `"by group"` or `"by class"`), `"windows"` (a list,
        one entry for each split), `"groups"` (likewise, or None) and `"fraction"` (None if they were given).
    """
    windows, time, channels = x.shape
    if validation_windows is None:
        validation = _split(codes, groups, fraction, seed)
    else:
        validation = {"how": "given", "windows": [validation_windows], "groups": None, "fraction": None}
    return {
        "windows": windows,
        "time": time,
        "channels": channels,
        "class_counts": np.bincount(codes, minlength=len(classes)).tolist(),
        "groups": None if groups is None else len(np.unique(groups)),
        "validation": validation,
    }


def versions() -> dict[str, str]:
    """Versions of what a fit runs on."""
    found = {name: importlib.metadata.version(package) for name, package in PACKAGES.items()}
    return {
        "tsnas": tsnas.__version__,
        **found,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
    }


def _split(codes: np.ndarray, groups: np.ndarray | None, fraction: float, seed: int) -> dict[str, Any]:
    with warnings.catch_warnings():
        # The fit itself has warned already.
        warnings.simplefilter("ignore")
        splits = validation_splits(codes, groups, fraction, seed=seed)
    by_group = groups is not None and not any(np.isin(groups[val], groups[train]).any() for train, val in splits)
    return {
        "how": "by group" if by_group else "by class",
        "windows": [len(val) for _, val in splits],
        "groups": [len(np.unique(groups[val])) for _, val in splits] if by_group and groups is not None else None,
        "fraction": fraction,
    }
