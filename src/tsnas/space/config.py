"""Settings of the search space: how many cells there are, and which filters and kernels each may have."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from tsnas.errors import SettingError
from tsnas.system.arguments import is_int, is_number

Taps = tuple[int, int]  # length and dilation of a filter along time

# The kinds of networks that windows choose between.
LOCAL, DILATED = "local", "dilated"

_LEAST = {
    "minimum_time": 1,
    "minimum_sensors": 1,
    "extra_fusion_cells": 0,
    "time_conv_cells": 0,
    "least_channels": 1,
    "members": 1,
}


@dataclasses.dataclass(frozen=True)
class SpaceConfig:
    """Settings of a search space. Apart from the dropout, the defaults are the paper's for every data set.

    Args:
        time_reduce_filters: int, largest number of filters (f_max) of a Time-Reduce cell. Defaults to 16.
        time_reduce_granularity: int, step between their numbers of filters (g). Defaults to 4.
        fusion_filters: int, f_max of a Sensor-Fusion cell. Defaults to 64.
        fusion_granularity: int, g of a Sensor-Fusion cell. Defaults to 8.
        kernel_sizes: tuple of odd ints, lengths of the temporal filters. Defaults to (3, 5, 7).
        time_reduce_kernel_sizes: tuple of odd ints, lengths of the filters in Time-Reduce cells. A filter that is
            shorter than the stride skips some of the samples. Defaults to None, the same as `kernel_sizes`.
        minimum_time: int, number of samples below which Time-Reduce cells do not shorten a window (ts_ml). Defaults to
            16.
        minimum_sensors: int, number of channels below which Sensor-Fusion cells do not reduce them (ts_ms; the paper
            calls a channel a sensor). Defaults to 5.
        extra_fusion_cells: int, number of cells of stride 1 after each cell that halves the channels (sf_s). Defaults
            to 2.
        first_stride: int, 1, 2 or 4, stride over time of the first Time-Reduce cell; with 4 there is one cell fewer,
            and with 1 there is none, so that all filters see windows at full length. Defaults to 2, as in the paper.
        collapse: bool, whether the first Sensor-Fusion cell combines all channels in one step, instead of halving their
            number as the paper does. Defaults to False.
        time_conv_cells: int, number of Time-Convolution cells, which filter over time at full length once all channels
            are combined. With any, there are no Sensor-Fusion cells but the one that combines several channels.
            Defaults to 0, as in the paper.
        time_conv_filters: int, f_max of a Time-Convolution cell. Defaults to 64.
        time_conv_granularity: int, g of a Time-Convolution cell. Defaults to 8.
        time_conv_taps: tuple of (kernel, dilation), lengths and dilations of the filters in Time-Convolution cells; the
            lengths are odd. Defaults to ((5, 1), (5, 2), (5, 4), (5, 8)).
        least_channels: int, number of channels below which this part of a search space is left out, if others remain.
            Defaults to 1.
        most_channels: int or None, number of channels above which it is left out likewise. Defaults to None, no bound.
        min_slack: float, this part of a search space is searched only if the latency limit is at least this multiple of
            its smallest network's latency; of the parts that qualify, those with the largest value are searched. Of
            parts with the same value, the first one decides. Defaults to 0.
        members: int, number of networks of one architecture that answer together, by the mean of their logits; each is
            trained by itself. Limits are on all of them. Defaults to 1, as in the paper.
        dropout: float in [0, 1), dropout between the cells of the supernet while it is trained. Defaults to 0.1; with
            the paper's 0.3, a supernet that is trained for a few hundred steps is less accurate.

    Raises:
        SettingError: a number of filters that is not a multiple of its granularity, an even kernel size, or a value out
            of range.

    Example:
        >>> SpaceConfig(fusion_filters=32).fusion_widths
        (8, 16, 24, 32)

    Source: sections 5 and 7.1 of the MicroNAS paper.
    """

    time_reduce_filters: int = 16
    time_reduce_granularity: int = 4
    fusion_filters: int = 64
    fusion_granularity: int = 8
    kernel_sizes: tuple[int, ...] = (3, 5, 7)
    time_reduce_kernel_sizes: tuple[int, ...] | None = None
    minimum_time: int = 16
    minimum_sensors: int = 5
    extra_fusion_cells: int = 2
    first_stride: int = 2
    collapse: bool = False
    time_conv_cells: int = 0
    time_conv_filters: int = 64
    time_conv_granularity: int = 8
    time_conv_taps: tuple[Taps, ...] = ((5, 1), (5, 2), (5, 4), (5, 8))
    least_channels: int = 1
    most_channels: int | None = None
    min_slack: float = 0.0
    members: int = 1
    dropout: float = 0.1

    def __post_init__(self):
        object.__setattr__(self, "kernel_sizes", _checked_kernels("kernel_sizes", self.kernel_sizes))
        if self.time_reduce_kernel_sizes is not None:
            name = "time_reduce_kernel_sizes"
            object.__setattr__(self, name, _checked_kernels(name, self.time_reduce_kernel_sizes))
        object.__setattr__(self, "time_conv_taps", _checked_taps(self.time_conv_taps))
        for prefix in ("time_reduce", "fusion", "time_conv"):
            for name in (f"{prefix}_filters", f"{prefix}_granularity"):
                if not is_int(getattr(self, name), 1):
                    raise SettingError(f"{name}={getattr(self, name)!r} must be a whole number of at least 1.")
            filters = getattr(self, f"{prefix}_filters")
            granularity = getattr(self, f"{prefix}_granularity")
            if filters % granularity:
                raise SettingError(
                    f"{prefix}_filters={filters} must be a positive multiple of {prefix}_granularity={granularity}, "
                    f"such as {max(1, (filters + granularity // 2) // granularity) * granularity}."
                )
        for name, least in _LEAST.items():
            if not is_int(getattr(self, name), least):
                raise SettingError(f"{name}={getattr(self, name)!r} must be a whole number of at least {least}.")
        if not is_int(self.first_stride, 1) or self.first_stride not in (1, 2, 4):
            raise SettingError(f"first_stride={self.first_stride!r} must be 1, 2 or 4.")
        most = self.most_channels
        if most is not None and not is_int(most, self.least_channels):
            raise SettingError(
                f"most_channels={most!r} must be a whole number of at least least_channels={self.least_channels}, or "
                "None for no bound."
            )
        if not isinstance(self.collapse, bool):
            raise SettingError(f"collapse={self.collapse!r} must be True or False.")
        if not (is_number(self.min_slack) and self.min_slack >= 0):
            raise SettingError(f"min_slack={self.min_slack!r} must be a number of at least 0.")
        if not (is_number(self.dropout) and 0 <= self.dropout < 1):
            raise SettingError(f"dropout={self.dropout!r} must be a number in [0, 1).")
        for field in dataclasses.fields(self):
            if isinstance(getattr(self, field.name), np.generic):
                # JSON has no NumPy numbers.
                object.__setattr__(self, field.name, getattr(self, field.name).item())

    @property
    def time_reduce_widths(self) -> tuple[int, ...]:
        """Numbers of filters that a Time-Reduce cell may have, in ascending order."""
        return _widths(self.time_reduce_filters, self.time_reduce_granularity)

    @property
    def fusion_widths(self) -> tuple[int, ...]:
        """Numbers of filters that a Sensor-Fusion cell may have, in ascending order."""
        return _widths(self.fusion_filters, self.fusion_granularity)

    @property
    def time_conv_widths(self) -> tuple[int, ...]:
        """Numbers of filters that a Time-Convolution cell may have, in ascending order."""
        return _widths(self.time_conv_filters, self.time_conv_granularity)

    @property
    def reach(self) -> str | None:
        """Reach of the Time-Convolution cells: `"dilated"` if some of their filters have a dilation, `"local"` if all
        see a few samples in a row at full length (`first_stride=1`), None for anything else."""
        if self.time_conv_cells and any(dilation > 1 for _, dilation in self.time_conv_taps):
            return DILATED
        return LOCAL if self.time_conv_cells and self.first_stride == 1 else None

    def suits(self, channels: int) -> bool:
        """Returns whether this part is for windows of so many channels.

        Args:
            channels: int, number of channels of a window.

        Returns:
            bool, whether it is between `least_channels` and `most_channels`.
        """
        return self.least_channels <= channels <= (self.most_channels or channels)

    def time_strides(self, time: int) -> tuple[int, ...]:
        """Returns the strides of the Time-Reduce cells for windows of `time` samples.

        Their product is 2 ** floor(log2(time / minimum_time)), but at least 2: windows shorter than twice the minimum
        keep one cell, because nothing else in the network filters each channel on its own. With `first_stride=1` there
        are none.

        Args:
            time: int, window length in samples.

        Returns:
            tuple of int, one stride for each cell.
        """
        if self.first_stride == 1:
            return ()
        halvings = max(1, math.floor(math.log2(time / self.minimum_time)))
        if self.first_stride == 4 and halvings > 1:
            return (4,) + (2,) * (halvings - 2)
        return (2,) * halvings

    def fusion_strides(self, channels: int) -> tuple[int, ...]:
        """Returns the strides of the Sensor-Fusion cells.

        The number of channels is halved at least once, and as long as the half is not below `minimum_sensors`; each
        cell that halves it is followed by `extra_fusion_cells` cells of stride 1. The paper's
        floor(log2(sensors / minimum_sensors)) gives no cell for 9 channels, although its results have them. A single
        channel cannot be halved, so its first cell has stride 1 too. With `collapse`, the stride of the first cell is
        the number of channels, and nothing is left to halve. With Time-Convolution cells, there is no other cell, and
        none at all for a single channel.

        Args:
            channels: int, number of channels of a window.

        Returns:
            tuple of int, one stride for each cell.
        """
        if self.time_conv_cells:
            return (channels,) if channels > 1 else ()
        if self.collapse:
            return (channels,) + (1,) * self.extra_fusion_cells
        halvings, width = 0, -(-channels // 2)
        while width >= self.minimum_sensors:
            halvings, width = halvings + 1, -(-width // 2)
        first = 2 if channels > 1 else 1
        return ((first,) + (1,) * self.extra_fusion_cells) * max(1, halvings)

    def layout(self, time: int, channels: int) -> SpaceConfig:
        """Returns the settings for windows of shape (time, channels) in a form in which equal spaces are equal.

        Args:
            time: int, window length in samples.
            channels: int, number of channels of a window.

        Returns:
            A `SpaceConfig` with the default `first_stride` and `collapse` if these make no difference to such windows.
        """
        first_stride, collapse = dataclasses.replace(self, first_stride=2), dataclasses.replace(self, collapse=False)
        same_time = first_stride.time_strides(time) == self.time_strides(time)
        same_channels = collapse.fusion_strides(channels) == self.fusion_strides(channels)
        return dataclasses.replace(
            self,
            first_stride=2 if same_time else self.first_stride,
            collapse=False if same_channels else self.collapse,
        )

    def kernels_for(self, time: int) -> tuple[int, ...]:
        """Returns the kernel lengths that are useful on `time` samples: beyond 2 * time - 1 there is only padding.

        Args:
            time: int, number of samples at the input of the cell.

        Returns:
            tuple of int, lengths of kernels.
        """
        return _useful(self.kernel_sizes, time)

    def time_conv_taps_for(self, time: int) -> tuple[Taps, ...]:
        """Returns the (kernel, dilation) pairs that are useful on `time` samples, as `kernels_for` does.

        Args:
            time: int, number of samples at the input of the cell.

        Returns:
            tuple of (kernel, dilation).
        """
        useful = tuple(taps for taps in self.time_conv_taps if (taps[0] - 1) * taps[1] + 1 <= 2 * time - 1)
        return useful or (min(self.time_conv_taps, key=lambda taps: (taps[0] - 1) * taps[1]),)

    def time_reduce_kernels_for(self, time: int) -> tuple[int, ...]:
        """Returns the kernel lengths of a Time-Reduce cell that are useful on `time` samples.

        Args:
            time: int, number of samples at the input of the cell.

        Returns:
            tuple of int, lengths of kernels.
        """
        return _useful(self.time_reduce_kernel_sizes or self.kernel_sizes, time)

    def to_json(self) -> dict:
        """Returns a dict of plain JSON values, which `from_json` reads."""
        values = dataclasses.asdict(self)
        return {name: _as_list(value) for name, value in values.items()}

    @classmethod
    def from_json(cls, config: dict) -> SpaceConfig:
        """Returns the settings that `to_json` described.

        Args:
            config: dict; earlier versions wrote `min_slack` as `least_room`.

        Returns:
            A `SpaceConfig`.
        """
        values: dict[str, Any] = {_FORMER_NAMES.get(name, name): _as_tuple(value) for name, value in config.items()}
        return cls(**values)


def _as_list(value: Any) -> Any:
    """Returns tuples, and those in them, as lists, as JSON has them; anything else unchanged."""
    return list(map(_as_list, value)) if isinstance(value, tuple) else value


def _as_tuple(value: Any) -> Any:
    """Returns lists of JSON, and those in them, as tuples; anything else unchanged."""
    return tuple(map(_as_tuple, value)) if isinstance(value, list) else value


# Names that settings had in earlier versions, whose saved folders are still read.
_FORMER_NAMES = {"least_room": "min_slack"}


def _checked_kernels(name: str, value: Any) -> tuple[int, ...]:
    """Returns the distinct lengths of kernels in ascending order; raises SettingError for anything else."""
    try:
        kernels = list(value)
    except TypeError:
        kernels = []
    if not kernels or not all(is_int(k, 1) and k % 2 for k in kernels):
        raise SettingError(f"{name}={value!r} must be odd positive lengths, such as (3, 5, 7).")
    return tuple(sorted({int(k) for k in kernels}))


def _checked_taps(value: Any) -> tuple[Taps, ...]:
    """Returns distinct (kernel, dilation) pairs in ascending order; raises SettingError for anything else."""
    try:
        pairs = [tuple(pair) for pair in value]
    except TypeError:
        pairs = []
    if not pairs or not all(
        len(pair) == 2 and is_int(pair[0], 1) and pair[0] % 2 and is_int(pair[1], 1) for pair in pairs
    ):
        raise SettingError(
            f"time_conv_taps={value!r} must be pairs of an odd positive length and a dilation of at least 1, such as "
            "((5, 1), (5, 4))."
        )
    return tuple(sorted({(int(kernel), int(dilation)) for kernel, dilation in pairs}))


def _useful(kernels: tuple[int, ...], time: int) -> tuple[int, ...]:
    return tuple(k for k in kernels if k <= 2 * time - 1) or (min(kernels),)


def _widths(f_max: int, granularity: int) -> tuple[int, ...]:
    return tuple(range(granularity, f_max + 1, granularity))
