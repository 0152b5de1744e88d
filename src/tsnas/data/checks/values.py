"""Checks each channel by itself: missing, constant, clipped and still values."""

from __future__ import annotations

import numpy as np

from tsnas.data.checks.material import Material
from tsnas.data.checks.report import ChannelSummary, Finding
from tsnas.system.words import listed, number, plural

# This many consecutive samples at an end of the range are clipped; noise rarely reaches it twice in a row.
RUN_CLIPPED = 3
# A channel with fewer distinct values, such as a switch, is at the ends of its range by nature.
FEWEST_VALUES = 20
LEAST_CLIPPED = 0.001
# A sensor has noise, so this many equal consecutive samples mean that it has stopped.
RUN_STILL = 32
LEAST_STILL = 0.01
LOOKED_AT = 100_000


def summarise_channels(material: Material) -> tuple[ChannelSummary, ...]:
    """Computes the statistics of each channel.

    Args:
        material: `Material`.

    Returns:
        tuple of `ChannelSummary`.
    """
    starts = material.starts
    shortest = min(RUN_STILL, int(material.lengths.max()))
    return tuple(
        _summarise(name, material.rows[:, index], starts, shortest) for index, name in enumerate(material.names)
    )


def _summarise(name: str, values: np.ndarray, starts: np.ndarray, shortest: int) -> ChannelSummary:
    finite = np.isfinite(values)
    known = values[finite]
    if not len(known):
        return ChannelSummary(name, np.nan, np.nan, np.nan, np.nan, 0.0, (), 0.0, len(values), False)
    low, high = float(known.min()), float(known.max())
    clipped = still = 0.0
    ends: tuple[float, ...] = ()
    if low < high:
        lengths, first = _find_runs(values, starts)
        at_end = (first == low) | (first == high)
        long = lengths >= RUN_CLIPPED
        if len(np.unique(known[:: max(1, len(known) // LOOKED_AT)])) >= FEWEST_VALUES:
            clipped = float(lengths[at_end & long].sum() / len(values))
            ends = tuple(end for end in (low, high) if (first[long] == end).any())
        still = float(lengths[~at_end & (lengths >= shortest) & np.isfinite(first)].sum() / len(values))
    mean, std = float(known.mean(dtype=np.float64)), float(known.std(dtype=np.float64))
    missing = int(len(values) - len(known))
    return ChannelSummary(name, low, high, mean, std if low < high else 0.0, clipped, ends, still, missing, low == high)


def _find_runs(values: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the lengths and values of runs of equal values; a run ends where its piece does."""
    begins = np.concatenate([[True], values[1:] != values[:-1]])
    begins[starts] = True
    first = np.flatnonzero(begins)
    return np.diff(np.append(first, len(values))), values[first]


def value_findings(material: Material, channels: tuple[ChannelSummary, ...]) -> list[Finding]:
    """Returns the findings that follow from the statistics of the channels."""
    return [
        *_check_missing(material, channels),
        *_check_constant(channels),
        *_check_clipped(channels),
        *_check_still(channels),
    ]


def _check_missing(material: Material, channels: tuple[ChannelSummary, ...]) -> list[Finding]:
    missing = {channel.name: channel.missing for channel in channels if channel.missing}
    if not missing:
        return []
    total = sum(missing.values())
    bad = ~np.isfinite(material.rows).all(axis=1)
    pieces = len(np.unique(material.piece_of_row[bad]))
    where = f"{pieces:,} of {len(material.lengths):,} {material.kind}s"
    return [
        Finding(
            "error",
            "missing",
            f"{plural(total, 'value')} {'is' if total == 1 else 'are'} NaN or infinite, in {where}, "
            f"{'channel' if len(missing) == 1 else 'channels'} {listed(list(missing))}; a search refuses them: leave "
            f"those {material.kind}s out, or fill the gaps.",
            {"values": total, "pieces": pieces, "channels": missing},
        )
    ]


def _check_constant(channels: tuple[ChannelSummary, ...]) -> list[Finding]:
    return [
        Finding(
            "warning",
            "constant",
            f"Channel {channel.name} is {number(channel.minimum)} in every sample, so it carries no information but "
            "costs time on the board; leave it out, and check whether the sensor was on.",
            {"channel": channel.name, "value": channel.minimum},
        )
        for channel in channels
        if channel.constant
    ]


def _check_clipped(channels: tuple[ChannelSummary, ...]) -> list[Finding]:
    return [
        Finding(
            "warning",
            "clipped",
            f"Channel {channel.name} stays at {listed([number(end) for end in channel.clipped_at])}, "
            f"{'the end' if len(channel.clipped_at) == 1 else 'the ends'} of its range, for {RUN_CLIPPED} samples or "
            f"more in {100 * channel.clipped:.1f}% of all samples: the sensor is probably clipped; record with a wider "
            "range.",
            {"channel": channel.name, "share": channel.clipped, "at": channel.clipped_at},
        )
        for channel in channels
        if channel.clipped >= LEAST_CLIPPED
    ]


def _check_still(channels: tuple[ChannelSummary, ...]) -> list[Finding]:
    return [
        Finding(
            "warning",
            "still",
            f"Channel {channel.name} does not change for {RUN_STILL} samples or a whole window in "
            f"{100 * channel.still:.1f}% of all samples: the sensor may have hung, or rows were filled in; look at "
            "those parts, and leave them out.",
            {"channel": channel.name, "share": channel.still},
        )
        for channel in channels
        if channel.still >= LEAST_STILL
    ]
