"""Reads a data set from a .npz file of arrays."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import zipfile
from collections.abc import Mapping

import numpy as np

from tsnas.data import Channels
from tsnas.errors import DatasetFileError, SettingError
from tsnas.system.files import NPZ_ERRORS

OF_CHANNELS = ("channels", "units", "rate_hz")


@dataclasses.dataclass(frozen=True)
class Dataset:
    """Windows and labels for training and, optionally, for testing.

    Args:
        x_train: array of shape (windows, time, channels) or (windows, time).
        y_train: array of shape (windows,), the labels.
        groups_train: array of shape (windows,) that says which windows belong together, such as the subject. Defaults
            to None.
        x_test, y_test, groups_test: the same for testing. Default to None.
        channels: `Channels` of the windows. Defaults to None: names are not known.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    groups_train: np.ndarray | None = None
    x_test: np.ndarray | None = None
    y_test: np.ndarray | None = None
    groups_test: np.ndarray | None = None
    channels: Channels | None = None


def load_npz(path: str | os.PathLike[str]) -> Dataset:
    """Reads a data set from a .npz file, as written by `numpy.savez`.

    The file holds `x_train` (windows, time, channels) or (windows, time) and `y_train` (windows,). Optional are
    `x_test` and `y_test`, and `groups_train` and `groups_test` (windows,), which may also be named `subject_train` and
    `subject_test`. Integer windows are multiplied by the array `scale` (one value, or one per channel) if there is one.
    Names (`channels`), `units` and `rate_hz` are for reports and firmware. The search checks the values of windows and
    labels later.

    Args:
        path: str or path of the file.

    Returns:
        `Dataset`.

    Raises:
        DatasetFileError: the file is missing, is not a .npz file, lacks an array, or holds pickled objects.

    Example:
        >>> data = load_npz("gestures.npz")
        >>> data.x_train.shape
        (2460, 128, 6)
    """
    path = pathlib.Path(path)
    if not os.path.isfile(path):
        raise DatasetFileError(f"data file {path} does not exist; give the path of a .npz file")
    if not zipfile.is_zipfile(path):
        raise DatasetFileError(
            f"data file {path} is not a .npz file or is truncated; write it with numpy.savez_compressed"
        )
    wanted = {"x_train", "y_train", "x_test", "y_test", "scale"}
    wanted |= {f"{name}_{part}" for name in ("groups", "subject") for part in ("train", "test")}
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in wanted.intersection(file.files)}
            found = file.files
            channels = _channels(file, arrays)
    except ValueError:
        raise DatasetFileError(
            f"data file {path} holds an array of Python objects; save arrays of numbers or strings only"
        ) from None
    except NPZ_ERRORS as error:
        raise DatasetFileError(f"data file {path} cannot be read: {error}; write it again") from None

    missing = [name for name in ("x_train", "y_train") if name not in arrays]
    missing += [b for a, b in (("x_test", "y_test"), ("y_test", "x_test")) if a in arrays and b not in arrays]
    if missing:
        raise DatasetFileError(
            f"data file {path} lacks {', '.join(missing)}; it holds {', '.join(found) or 'nothing'}, but needs "
            "x_train and y_train, and both or neither of x_test and y_test"
        )
    return Dataset(
        x_train=_apply_scale(arrays["x_train"], arrays.get("scale"), path),
        y_train=arrays["y_train"],
        groups_train=arrays.get("groups_train", arrays.get("subject_train")),
        x_test=_apply_scale(arrays["x_test"], arrays.get("scale"), path) if "x_test" in arrays else None,
        y_test=arrays.get("y_test"),
        groups_test=arrays.get("groups_test", arrays.get("subject_test")),
        channels=channels,
    )


def _channels(file: Mapping[str, np.ndarray], arrays: dict[str, np.ndarray]) -> Channels | None:
    """Returns what the file says of its channels; None if it says nothing that can be used, as no search needs it."""
    try:
        given, said, rate = (file.get(name) for name in OF_CHANNELS)
    except (ValueError, *NPZ_ERRORS):
        return None
    shape = arrays["x_train"].shape if "x_train" in arrays else ()
    if given is None or np.size(given) != (shape[2] if len(shape) == 3 else 1):
        return None
    names = np.atleast_1d(given).astype(str).tolist()
    units = np.atleast_1d(said).astype(str).tolist() if said is not None and np.size(said) == len(names) else []
    known = rate is not None and np.size(rate) == 1 and rate.dtype.kind in "iuf" and float(rate.item()) > 0
    try:
        return Channels(tuple(names), tuple(units), float(rate.item()) if rate is not None and known else None)
    except SettingError:
        return None


def _apply_scale(x: np.ndarray, scale: np.ndarray | None, path: pathlib.Path) -> np.ndarray:
    """Multiplies integer windows by their scale; returns other windows as they are."""
    if scale is None or x.dtype.kind not in "iu":
        return x
    if scale.dtype.kind not in "iuf" or (scale.size != 1 and scale.shape != x.shape[2:]):
        raise DatasetFileError(
            f"data file {path} has a scale of shape {scale.shape} and dtype {scale.dtype}, but needs one number, or "
            f"one per channel of windows of shape {x.shape}"
        )
    return x * scale.astype(np.float32)
