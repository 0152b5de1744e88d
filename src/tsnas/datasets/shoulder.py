"""Shoulder exercises recorded with a smartwatch: ten subjects, seven exercises, six channels at 50 Hz."""

from __future__ import annotations

import importlib.resources

import numpy as np

from tsnas.datasets.checks import check_steps
from tsnas.errors import SettingError

TEST_SUBJECTS = (8, 9, 10)

Part = tuple[np.ndarray, np.ndarray, np.ndarray]


def load_data(window: int = 128, step: int = 64) -> tuple[Part, Part]:
    """Loads windows of the shoulder exercises, with subjects 1 to 7 for training and 8 to 10 for testing.

    Each of the 140 recordings (10 subjects, 7 exercises, 2 sides) is cut into windows separately; a remainder at its
    end is dropped. Channels: acceleration x, y, z with gravity (ax, ay, az; the source states no unit, the values fit
    g) and angular rate x, y, z (wx, wy, wz; the values fit rad/s). Nothing is normalised.

    Args:
        window: int, time steps per window. Defaults to 128 (2.56 s).
        step: int, time steps from one window to the next. Defaults to 64, so that windows overlap by half.

    Returns:
        `((x_train, y_train, groups_train), (x_test, y_test, groups_test))`, where x is a float32 array of shape
        (windows, window, 6), y holds the exercises "PEN", "ABD", "FEL", "IR", "ER", "TRAP" and "ROW" as str, and
        groups the subjects 1 to 10 as int32.

    Raises:
        SettingError: `window` or `step` is not a whole number of at least 1, or no recording is as long as `window`.

    Example:
        >>> (x_train, y_train, groups_train), (x_test, y_test, groups_test) = load_data()
        >>> x_train.shape
        (2460, 128, 6)

    Source: the PyPI package seglearn 1.2.5 (BSD 3-clause, copyright 2018 David M. Burns; see the licence beside the
    data); study: D. M. Burns et al., arXiv:1802.01489.
    """
    check_steps(window=window, step=step)
    with (
        importlib.resources.files("tsnas.datasets").joinpath("files/shoulder.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as stored,
    ):
        samples = stored["samples"] * stored["scale"]
        lengths, labels, subjects = stored["lengths"], stored["y"], stored["subject"]
    if window > lengths.max():
        raise SettingError(
            f"window must be at most {lengths.max()} time steps, the length of the longest recording, not {window}"
        )

    recordings = np.split(samples, np.cumsum(lengths)[:-1])
    counts = np.maximum((lengths - window) // step + 1, 0)
    x = np.stack(
        [
            recording[start * step : start * step + window]
            for recording, count in zip(recordings, counts, strict=True)
            for start in range(count)
        ]
    )
    y, groups = np.repeat(labels, counts), np.repeat(subjects, counts)
    test = np.isin(groups, TEST_SUBJECTS)
    return (x[~test], y[~test], groups[~test]), (x[test], y[test], groups[test])
