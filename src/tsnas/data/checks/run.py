"""check: all that can be seen of data before a search."""

from __future__ import annotations

from typing import Any

import numpy as np

from tsnas.data.checks.classes import class_counts, class_findings, held_out_findings
from tsnas.data.checks.leakage import between_findings, leakage_findings
from tsnas.data.checks.material import Material, material
from tsnas.data.checks.report import SEVERITIES, DataReport, Finding
from tsnas.data.checks.units import unit_findings
from tsnas.data.checks.values import summarise_channels, value_findings
from tsnas.data.signal import Signal
from tsnas.errors import WindowShapeError

LARGEST_JITTER = 0.2


def check(
    data: Any, y: Any = None, groups: Any = None, *, signal: Signal | None = None, test: Any = None
) -> DataReport:
    """Looks at data as an engineer would before training: sensors, classes, groups, leaks.

    Nothing is changed. Values may be NaN or infinite here; that is a finding.

    Args:
        data: `RecordingSet`; array (windows, time, channels), or (windows, time) for one channel; or a list of
            recordings, which are arrays (time, channels).
        y: labels, one for each window or recording, or for each recording an array (time,). Defaults to None; a
            `RecordingSet` has its own.
        groups: one value for each window or recording. Defaults to None; a `RecordingSet` has its own.
        signal: `Signal`, how recordings will be cut, so that windows are counted. Defaults to None: samples are.
        test: what is held out for testing: a `RecordingSet`, or `(data, y)` or `(data, y, groups)`. Defaults to None.

    Returns:
        `DataReport`.

    Raises:
        DataError: data, labels or groups of a wrong shape or type.
        SettingError: labels or groups beside a `RecordingSet`, which has its own.

    Example:
        >>> report = tsnas.data.check(x, y, groups)
        >>> print(report)
        >>> report.ok
    """
    train = material(data, y, groups, signal)
    channels = summarise_channels(train)
    counts = {} if train.labels is None else class_counts(train.labels, train.groups)
    findings = value_findings(train, channels) + unit_findings(train) + _jitter(train)
    if counts:
        findings += class_findings(train, counts)
    findings += leakage_findings(train)
    if test is not None:
        findings += _test(train, counts, test, signal)
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return DataReport(train.heading, channels, counts, train.noun, train.notes, tuple(findings))


def _test(train: Material, counts: dict, test: Any, signal: Signal | None) -> list[Finding]:
    parts = test if isinstance(test, tuple) else (test,)
    data, y, groups = (*parts, None, None)[:3]
    held = material(data, y, groups, signal)
    if held.rows.shape[1] != train.rows.shape[1]:
        raise WindowShapeError(
            f"The test data have {held.rows.shape[1]} channels, but the training data {train.rows.shape[1]}."
        )
    found = between_findings(train, held)
    if held.labels is not None and counts:
        found += held_out_findings(counts, class_counts(held.labels, held.groups))
    values = value_findings(held, summarise_channels(held))
    return found + [
        Finding(one.severity, one.kind, f"Test data: {one.message}", one.numbers)
        for one in values
        if one.kind == "missing"
    ]


def _jitter(material: Material) -> list[Finding]:
    jitter = np.array(material.jitter)
    uneven = jitter > LARGEST_JITTER
    if not uneven.any():
        return []
    worst = int(jitter.argmax())
    return [
        Finding(
            "info",
            "jitter",
            f"Steps between time stamps vary by {100 * jitter[worst]:.0f}% in {material.sources[worst]}, and by more "
            f"than {100 * LARGEST_JITTER:.0f}% in {uneven.sum():,} of {len(jitter):,} recordings. Firmware samples "
            "evenly; if the stamps are those of a phone or a radio link and the sensor is even, read without them and "
            "give rate_hz.",
            {"worst": float(jitter[worst]), "recordings": int(uneven.sum())},
        )
    ]
