"""Channels one by one: missing, constant, clipped and still values."""

from __future__ import annotations

import numpy as np

from tsnas.data.checks.material import Material
from tsnas.data.checks.report import ChannelSummary, Finding
from tsnas.system.words import listed, number, plural

# So many samples in a row at the end of the range are clipped; noise seldom meets it twice.
RUN_CLIPPED = 3
# A channel with fewer values, such as a switch, is at its ends by nature.
FEWEST_VALUES = 20
LEAST_CLIPPED = 0.001
# So many equal samples in a row of a sensor that has noise are a sensor that has stopped.
RUN_STILL = 32
LEAST_STILL = 0.01
LOOKED_AT = 100_000


def summarise_channels(material: Material) -> tuple[ChannelSummary, ...]:
    """Figures of each channel.

    Args:
        material: `Material`.

    Returns:
        tuple of `ChannelSummary`.
    """
    starts = material.starts
    shortest = min(RUN_STILL, int(material.lengths.max()))
    return tuple(_summary(name, material.rows[:, index], starts, shortest) for index, name in enumerate(material.names))


def _summary(name: str, values: np.ndarray, starts: np.ndarray, shortest: int) -> ChannelSummary:
    finite = np.isfinite(values)
    known = values[finite]
    if not len(known):
        return ChannelSummary(name, np.nan, np.nan, np.nan, np.nan, 0.0, (), 0.0, len(values), False)
    low, high = float(known.min()), float(known.max())
    clipped = still = 0.0
    ends: tuple[float, ...] = ()
    if low < high:
        lengths, first = _runs(values, starts)
        at_end = (first == low) | (first == high)
        long = lengths >= RUN_CLIPPED
        if len(np.unique(known[:: max(1, len(known) // LOOKED_AT)])) >= FEWEST_VALUES:
            clipped = float(lengths[at_end & long].sum() / len(values))
            ends = tuple(end for end in (low, high) if (first[long] == end).any())
        still = float(lengths[~at_end & (lengths >= shortest) & np.isfinite(first)].sum() / len(values))
    mean, std = float(known.mean(dtype=np.float64)), float(known.std(dtype=np.float64))
    missing = int(len(values) - len(known))
    return ChannelSummary(name, low, high, mean, std if low < high else 0.0, clipped, ends, still, missing, low == high)


def _runs(values: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lengths of runs of equal values, none of which goes beyond a piece, and the value of each."""
    begins = np.concatenate([[True], values[1:] != values[:-1]])
    begins[starts] = True
    first = np.flatnonzero(begins)
    return np.diff(np.append(first, len(values))), values[first]


def value_findings(material: Material, channels: tuple[ChannelSummary, ...]) -> list[Finding]:
    """What the figures of the channels say."""
    return [*_missing(material, channels), *_constant(channels), *_clipped(channels), *_still(channels)]


def _missing(material: Material, channels: tuple[ChannelSummary, ...]) -> list[Finding]:
    missing = {channel.name: channel.missing for channel in channels if channel.missing}
    if not missing:
        return []
    bad = ~np.isfinite(material.rows).all(axis=1)
    pieces = len(np.unique(material.piece_of_row[bad]))
    where = f"{pieces:,} of {len(material.lengths):,} {material.kind}s"
    return [
        Finding(
            "error",
            "missing",
            f"{plural(sum(missing.values()), 'value')} NaN or infinite, in {where}, channel {listed(list(missing))}; "
            "a search refuses them: leave those out, or fill the gaps.",
            {"values": sum(missing.values()), "pieces": pieces, "channels": missing},
        )
    ]


def _constant(channels: tuple[ChannelSummary, ...]) -> list[Finding]:
    return [
        Finding(
            "warning",
            "constant",
            f"Channel {channel.name} is {number(channel.minimum)} in every sample, so it tells nothing and costs time "
            "on the board; leave it out, and look whether the sensor was on.",
            {"channel": channel.name, "value": channel.minimum},
        )
        for channel in channels
        if channel.constant
    ]


def _clipped(channels: tuple[ChannelSummary, ...]) -> list[Finding]:
    return [
        Finding(
            "warning",
            "clipped",
            f"Channel {channel.name} stays at {listed([number(end) for end in channel.clipped_at])}, the end of its "
            f"range, for {RUN_CLIPPED} samples or more in {100 * channel.clipped:.1f}% of all samples: the sensor is "
            "probably clipped; record with a wider range.",
            {"channel": channel.name, "share": channel.clipped, "at": channel.clipped_at},
        )
        for channel in channels
        if channel.clipped >= LEAST_CLIPPED
    ]


def _still(channels: tuple[ChannelSummary, ...]) -> list[Finding]:
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
