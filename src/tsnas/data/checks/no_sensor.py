"""Checks whether channels are sensors: clocks, counters and codes, from which a model can read the class."""

from __future__ import annotations

import numpy as np

from tsnas.data.checks.material import RECORDING, Material
from tsnas.data.checks.report import Finding
from tsnas.data.suspects import COPY, DERIVED, Series, Suspect, find_suspects


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
