"""Checks whether channels are sensors: clocks, counters and codes, from which a model can read the class."""

from __future__ import annotations

import warnings

import numpy as np

from tsnas.data.checks.material import RECORDING, Material
from tsnas.data.checks.report import Finding
from tsnas.data.lazy_windows import AnyWindows
from tsnas.data.suspects import COPY, DERIVED, Series, Suspect, find_suspects

# Windows of a fit that are looked at.
MOST_WINDOWS = 512


def sensor_findings(material: Material) -> list[Finding]:
    """Returns a finding for each channel that is probably no sensor."""
    return [
        Finding(
            "info" if suspect.kind in (DERIVED, COPY) else "warning",
            "no sensor",
            describe(suspect, material.names[suspect.index]),
            {"channel": material.names[suspect.index], "is": suspect.kind},
        )
        for suspect in find_suspects(_make_series(material))
    ]


def warn_of_channels(x: AnyWindows, codes: np.ndarray, groups: np.ndarray | None) -> None:
    """Warns (`UserWarning`) of channels of windows to train on from which a class could be read without any sensor.

    Args:
        x: array (windows, time, channels), or `Windows`, of which at most 512 are looked at.
        codes: int array (windows,), class codes.
        groups: array (windows,), or None.
    """
    rows = np.sort(np.random.default_rng(0).permutation(len(x))[:MOST_WINDOWS])
    windows = np.asarray(x[rows], np.float32)
    owners = None if groups is None else np.unique(groups, return_inverse=True)[1][rows]
    material = Series(
        windows.reshape(-1, windows.shape[2]),
        np.full(len(rows), windows.shape[1]),
        tuple(map(str, range(windows.shape[2]))),
        np.repeat(codes[rows], windows.shape[1]),
        None if owners is None else np.repeat(owners, windows.shape[1]),
        are_recordings=False,
    )
    for suspect in find_suspects(material):
        if suspect.kind not in (DERIVED, COPY):
            warnings.warn(describe(suspect, material.names[suspect.index]), stacklevel=4)


def describe(suspect: Suspect, name: str) -> str:
    """Returns what is odd about a channel, what a model would do with it, and what helps."""
    return f"Channel {name} {suspect.reason}: {suspect.harm}. Leave it out of the channels unless it is a sensor."


def _make_series(material: Material) -> Series:
    def codes(values: np.ndarray | None) -> np.ndarray | None:
        if values is None:
            return None
        return np.repeat(np.unique(values, return_inverse=True)[1], material.lengths)

    classes = codes(material.piece_labels) if material.row_labels is None else material.row_labels
    return Series(
        material.rows,
        material.lengths,
        material.names,
        None if classes is None else np.unique(classes, return_inverse=True)[1],
        codes(material.piece_groups),
        are_recordings=material.kind == RECORDING,
    )
