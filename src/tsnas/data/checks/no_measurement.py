"""Checks for values that are no measurement: spikes, stuck bits, and markers such as -1 or 65535."""

from __future__ import annotations

import dataclasses

import numpy as np

from tsnas.data.checks.material import Material
from tsnas.data.checks.report import Finding
from tsnas.data.wild import MIDDLE, are_wild, reach, tally
from tsnas.system.words import listed, number, plural

# What programs and sensors write where they have no value.
MARKERS = frozenset(
    [-1, -99, -127, -128, -255, -999, -1000, -9999, -32767, -32768, -99999, -(2**31)]
    + [0, 127, 255, 511, 999, 1023, 2047, 4095, 8190, 8191, 9999, 16383, 32767, 65535, 99999, 2**31 - 1, 2**32 - 1]
)
# A marker lies so far from all other values, as a part of the range of the middle nine tenths,
LEAST_GAP = 0.5
# and is not what a sensor mostly shows, nor chance.
MOST_MARKED = 0.5
FEWEST_MARKED = 3
FEWEST_DISTINCT = 20
MOST_NAMED = 3
SPIKES = "spikes"


def measurement_findings(material: Material) -> list[Finding]:
    """Returns findings about values that are probably no measurement, at most one for each channel."""
    found = []
    for index, name in enumerate(material.names):
        values = material.rows[:, index]
        if np.isfinite(values).all() and (values != values[0]).any():
            finding = _find_wild(material, index, name) or _find_marker(values, name)
            if finding:
                found.append(finding)
    return found


def without_wild(material: Material, findings: list[Finding]) -> Material:
    """Returns the material with NaN for the wild values of channels that have a finding about them."""
    wild = {finding.numbers["channel"] for finding in findings if finding.kind == SPIKES}
    if not wild:
        return material
    rows = material.rows.copy()
    for index in (index for index, name in enumerate(material.names) if name in wild):
        ends = reach(rows[:, index])
        rows[(rows[:, index] < ends.lower) | (rows[:, index] > ends.upper), index] = np.nan
    return dataclasses.replace(material, rows=rows)


def _find_wild(material: Material, index: int, name: str) -> Finding | None:
    values = material.rows[:, index]
    ends = reach(values)
    outside = (values < ends.lower) | (values > ends.upper)
    if not outside.any() or not are_wild(tally(np.split(values, material.starts[1:]), ends)):
        return None
    count = int(outside.sum())
    ordinary = float(values[~outside].std(dtype=np.float64))
    whole = float(values.std(dtype=np.float64))
    distinct, often = np.unique(values[outside], return_counts=True)
    order = np.argsort(-often, kind="stable")[:MOST_NAMED]
    named = [f"{number(float(distinct[one]))} ({plural(int(often[one]), 'time')})" for one in order]
    share = 1 - ordinary**2 / whole**2
    pieces = np.unique(material.piece_of_row[outside])
    where = f"in {plural(len(pieces), material.kind)}, the first at {_place(material, int(np.argmax(outside)))}"
    return Finding(
        "warning",
        SPIKES,
        f"Channel {name} has {plural(count, 'value')} of {len(values):,} far from all others, such as "
        f"{listed(named)}, {where}: as of a loose wire, a failed read or a stuck bit. They make {_percent(share)} of "
        f"its variance (its deviation is {number(whole)} with them, {number(ordinary)} without). A fit standardises "
        "the channel without them; repair those parts, or leave them out.",
        {
            "channel": name,
            "count": count,
            "values": [float(distinct[one]) for one in order],
            "share_of_variance": share,
            "std": whole,
            "std_without": ordinary,
        },
    )


def _place(material: Material, row: int) -> str:
    piece = int(material.piece_of_row[row])
    sample = row - int(material.starts[piece])
    return f"sample {sample} of {material.sources[piece] if material.sources else f'{material.kind} {piece}'}"


def _percent(share: float) -> str:
    return "more than 99.9%" if share > 0.999 else f"{100 * share:.3g}%"


def _find_marker(values: np.ndarray, name: str) -> Finding | None:
    distinct, often = np.unique(values, return_counts=True)
    if len(distinct) < FEWEST_DISTINCT:
        return None
    for value, count, rest in (
        (float(distinct[0]), int(often[0]), values[values > distinct[0]]),
        (float(distinct[-1]), int(often[-1]), values[values < distinct[-1]]),
    ):
        low, high = np.percentile(rest, MIDDLE)
        gap = rest.min() - value if value < rest.min() else value - rest.max()
        if value in MARKERS and FEWEST_MARKED <= count <= MOST_MARKED * len(values) and gap > LEAST_GAP * (high - low):
            of_all = _percent(count / len(values))
            share = 1 - float(rest.var(dtype=np.float64)) / float(values.var(dtype=np.float64))
            return Finding(
                "warning",
                "marker",
                f"Channel {name} is exactly {number(value)} in {plural(count, 'sample')} ({of_all}), "
                f"far from all others ({number(float(rest.min()))} to {number(float(rest.max()))}): probably a mark of "
                f"a missing value rather than a measurement. It makes {_percent(max(share, 0.0))} of the variance; "
                "leave such cells empty, or leave the channel out.",
                {"channel": name, "value": value, "count": count},
            )
    return None
