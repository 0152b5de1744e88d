"""Runs all checks of the data before a search: `check`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tsnas.data.checks.classes import class_counts, class_findings, held_out_findings
from tsnas.data.checks.leakage import between_findings, leakage_findings
from tsnas.data.checks.material import Material, make_material
from tsnas.data.checks.no_measurement import measurement_findings, without_wild
from tsnas.data.checks.no_sensor import sensor_findings
from tsnas.data.checks.report import SEVERITIES, DataReport, Finding
from tsnas.data.checks.units import unit_findings
from tsnas.data.checks.values import summarise_channels, value_findings
from tsnas.data.signal import Signal
from tsnas.errors import WindowShapeError

LARGEST_JITTER = 0.2


def check(
    data: Any, y: Any = None, groups: Any = None, *, signal: Signal | None = None, test: Any = None
) -> DataReport:
    """Examines data as an engineer would before training: sensors, classes, groups, leakage.

    The data are not changed. Values may be NaN or infinite; that is reported as a finding.

    Args:
        data: `RecordingSet`; array (windows, time, channels), or (windows, time) for one channel; or a list of
            recordings, which are arrays (time, channels).
        y: labels, one for each window or recording, or for each recording an array (time,). Defaults to None; a
            `RecordingSet` has its own.
        groups: one value for each window or recording. Defaults to None; a `RecordingSet` has its own.
        signal: `Signal` by which recordings will be cut, so that windows are counted. Defaults to None: samples are
            counted.
        test: data held out for testing: a `RecordingSet`, `(data, y)` or `(data, y, groups)`. Defaults to None.

    Returns:
        `DataReport`.

    Raises:
        DataError: the data, labels or groups have a wrong shape or type.
        SettingError: labels or groups are given in addition to a `RecordingSet`, which has its own.

    Example:
        >>> report = tsnas.data.check(x, y, groups)
        >>> print(report)
        >>> report.ok
    """
    train = make_material(data, y, groups, signal)
    channels = summarise_channels(train)
    counts = {} if train.labels is None else class_counts(train.labels, train.groups)
    findings = sensor_findings(train) + measurement_findings(train)
    # What has another explanation needs no second one: a code stays as it is, but no sensor has hung.
    explained = {finding.numbers["channel"] for finding in findings if finding.severity == "warning"}
    findings += [one for one in value_findings(train, channels) if one.numbers.get("channel") not in explained]
    findings += unit_findings(without_wild(train, findings)) + _check_jitter(train)
    if counts:
        findings += class_findings(train, counts)
    findings += leakage_findings(train)
    if test is not None:
        findings += _check_test_data(train, counts, test, signal)
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return DataReport(train.heading, channels, counts, train.noun, train.notes, tuple(findings))


def _check_test_data(train: Material, counts: dict, test: Any, signal: Signal | None) -> list[Finding]:
    parts = test if isinstance(test, tuple) else (test,)
    data, y, groups = (*parts, None, None)[:3]
    held = make_material(data, y, groups, signal)
    if held.rows.shape[1] != train.rows.shape[1]:
        raise WindowShapeError(
            f"The test data have {held.rows.shape[1]} channels, but the training data have {train.rows.shape[1]}; pass "
            "the same channels for both."
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


def _check_jitter(material: Material) -> list[Finding]:
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
            f"than {100 * LARGEST_JITTER:.0f}% in {uneven.sum():,} of {len(jitter):,} recordings. The firmware samples "
            "evenly; if the time stamps come from a phone or a radio link but the sensor samples evenly, read the data "
            "without them and give rate_hz.",
            {"worst": float(jitter[worst]), "recordings": int(uneven.sum())},
        )
    ]
