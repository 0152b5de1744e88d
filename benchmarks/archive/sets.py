"""Sets of time series: a folder of .npz files, the shoulder exercises of the package, and UCI-HAR."""

from __future__ import annotations

import dataclasses
import pathlib

import numpy as np

from tsnas.datasets import Dataset, load_npz, shoulder
from tsnas.errors import DatasetFileError

SHOULDER, UCI_HAR = "shoulder", "UCI-HAR"


def find_sets(ucr: str, uci_har: str) -> dict[str, str | None]:
    """Returns the sets that are there, by name.

    Args:
        ucr: str, folder whose .npz files are sets of the UCR archive, each named as its file is.
        uci_har: str, .npz file of UCI-HAR.

    Returns:
        dict of name to path, None for the set that comes with the package. What does not exist is left out.
    """
    found: dict[str, str | None] = {path.stem: str(path) for path in sorted(pathlib.Path(ucr).glob("*.npz"))}
    found[SHOULDER] = None
    if pathlib.Path(uci_har).is_file():
        found[UCI_HAR] = uci_har
    return found


def load_set(path: str | None) -> Dataset:
    """Loads a set, with its official test part; the shoulder exercises and UCI-HAR have other users there.

    Windows are (windows, time, channels).

    Raises:
        DatasetFileError: the file cannot be read, or has no test part.
    """
    if path is None:
        return Dataset(*sum(shoulder.load_data(), ()))
    data = load_npz(path)
    if data.x_test is None:
        raise DatasetFileError(f"data file {path} has no x_test and y_test to score by; add them, or leave it out")
    three_axes = {name: x[..., np.newaxis] for name in ("x_train", "x_test") if (x := getattr(data, name)).ndim == 2}
    return dataclasses.replace(data, **three_axes)
