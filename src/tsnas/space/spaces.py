"""Named search spaces: the parts of each, and the choice of those that differ for windows of one shape."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from tsnas.errors import SettingError
from tsnas.space.config import SpaceConfig

# A single channel leaves latency for many filters and long kernels. What it shows is a shape in time, which dilated
# kernels see as a whole and at full resolution. Limits too tight for that leave the parts for many channels.
ONE_CHANNEL = SpaceConfig(
    time_reduce_filters=32,
    time_reduce_granularity=8,
    time_reduce_kernel_sizes=(5, 9, 15),
    minimum_time=64,
    time_conv_cells=4,
    most_channels=1,
    min_slack=2.0,
)

ONE_CHANNEL_LOOSE = dataclasses.replace(
    ONE_CHANNEL,
    time_reduce_filters=64,
    time_reduce_granularity=16,
    time_conv_filters=128,
    time_conv_granularity=16,
    min_slack=8.0,
)
# Filters of a few samples at full length, whatever the order of what they find: the other kind of network. Of some
# twenty windows it may learn far more, or far less; a plain model on the windows says which
# (`tsnas.plain.locality`).
_LOCAL: dict[str, Any] = {"first_stride": 1, "time_conv_taps": ((3, 1), (5, 1), (7, 1)), "members": 2}
PAPER_SPACE = "micronas"
SPACES = {
    # Few filters on each channel, then all channels combined in one step, then many filters over time, where they are
    # cheap. Under tight limits such networks are more accurate than the paper's, under loose ones just as accurate
    # (docs/benchmarks.md). Kernels of length 3 on single channels make networks worse, except under the tightest
    # limits. Under loose limits, a first stride of 2 and fewer cells over all channels make them better.
    "tsnas": (
        SpaceConfig(time_reduce_kernel_sizes=(5, 7), first_stride=4, collapse=True, min_slack=1.5),
        SpaceConfig(first_stride=4, collapse=True),
        SpaceConfig(
            time_reduce_kernel_sizes=(5, 7), collapse=True, extra_fusion_cells=1, least_channels=2, min_slack=3.0
        ),
        # Two networks of half the latency are as good as one, and better where windows are few, unless half of the
        # latency is too little: the contest tells.
        ONE_CHANNEL,
        dataclasses.replace(ONE_CHANNEL, members=2),
        dataclasses.replace(ONE_CHANNEL, **_LOCAL),
        # Under loose limits those parts end long before they do. More filters make networks better, and several of them
        # are better than one.
        dataclasses.replace(ONE_CHANNEL_LOOSE, members=3),
        dataclasses.replace(ONE_CHANNEL_LOOSE, **_LOCAL),
    ),
    PAPER_SPACE: (SpaceConfig(),),
}


def space_configs(space: str | SpaceConfig | Sequence[SpaceConfig]) -> tuple[SpaceConfig, ...]:
    """Returns the parts of a search space; each of them has a supernet of its own.

    Args:
        space: name of a space, `SpaceConfig`, or list of `SpaceConfig`.

    Returns:
        tuple of `SpaceConfig`, each once.

    Raises:
        SettingError: an unknown name, or a value of another type.

    Example:
        >>> space_configs("micronas") == (SpaceConfig(),)
        True
    """
    if isinstance(space, SpaceConfig):
        return (space,)
    if isinstance(space, str) and space in SPACES:
        return SPACES[space]
    if isinstance(space, list | tuple) and space and all(isinstance(part, SpaceConfig) for part in space):
        return tuple(dict.fromkeys(space))
    names = ", ".join(map(repr, SPACES))
    raise SettingError(f"space={space!r} must be one of {names}, a tsnas.SpaceConfig, or a list of tsnas.SpaceConfig.")


def space_to_json(space: str | SpaceConfig | Sequence[SpaceConfig]) -> str | dict | list[dict]:
    """Returns an argument of `space_configs` as a plain JSON value, which `space_from_json` reads."""
    if isinstance(space, str):
        return space
    return space.to_json() if isinstance(space, SpaceConfig) else [part.to_json() for part in space]


def space_from_json(space: str | dict | list[dict]) -> str | SpaceConfig | list[SpaceConfig]:
    """Returns the space that `space_to_json` described."""
    if isinstance(space, str):
        return space
    return SpaceConfig.from_json(space) if isinstance(space, dict) else [SpaceConfig.from_json(part) for part in space]


def distinct_spaces(spaces: Sequence[SpaceConfig], time: int, channels: int) -> list[SpaceConfig]:
    """Returns the parts of a space that differ for windows of shape (time, channels); some parts may coincide.

    Parts that do not suit so many channels are left out, unless none does.
    """
    suited = [space for space in spaces if space.suits(channels)] or spaces
    return list(dict.fromkeys(space.layout(time, channels) for space in suited))
