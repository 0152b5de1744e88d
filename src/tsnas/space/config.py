"""The settings of the search space: how many cells, and which filters and kernels each may take."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tsnas.errors import SettingError
from tsnas.system.arguments import is_int, is_number


@dataclasses.dataclass(frozen=True)
class SpaceConfig:
    """Settings of a search space; the defaults are the paper's but for the dropout, for every data set.

    Args:
        time_reduce_filters: int, largest number of filters (f_max) in Time-Reduce cells. Defaults to 16.
        time_reduce_granularity: int, step between filter counts (g) there. Defaults to 4.
        fusion_filters: int, f_max in Sensor-Fusion cells. Defaults to 64.
        fusion_granularity: int, g there. Defaults to 8.
        kernel_sizes: tuple of odd ints, lengths of the temporal filters. Defaults to (3, 5, 7).
        time_reduce_kernel_sizes: tuple of odd ints, lengths of those in Time-Reduce cells; None for the same as
            elsewhere. One that is shorter than the stride never sees some of the samples. Defaults to None.
        minimum_time: int, window length that Time-Reduce cells do not go below (ts_ml). Defaults to 16.
        minimum_sensors: int, sensor count that Sensor-Fusion cells do not go below (ts_ms). Defaults to 5.
        extra_fusion_cells: int, cells of stride 1 after each that halves the sensors (sf_s). Defaults to 2.
        first_stride: int, 2 or 4, stride over time of the first Time-Reduce cell; with 4 there is one cell less.
            Defaults to 2, the paper's.
        collapse: bool, whether the first Sensor-Fusion cell takes all sensors in one step, instead of halving them as
            the paper does. Defaults to False.
        least_room: float, the limit on latency that this part of a search space asks for, in units of what its smallest
            network takes. Of the parts that have the room they ask for, those that ask for the most are searched.
            Defaults to 0.
        dropout: float in [0, 1), dropout between the cells of the supernet while it trains. Defaults to 0.1; with the
            paper's 0.3 a supernet of few hundred steps stays less accurate.

    Raises:
        SettingError: a filter count that is no multiple of its granularity, an even kernel, or a
            value out of range.

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
    least_room: float = 0.0
    dropout: float = 0.1

    def __post_init__(self):
        object.__setattr__(self, "kernel_sizes", _checked_kernels("kernel_sizes", self.kernel_sizes))
        if self.time_reduce_kernel_sizes is not None:
            name = "time_reduce_kernel_sizes"
            object.__setattr__(self, name, _checked_kernels(name, self.time_reduce_kernel_sizes))
        for prefix in ("time_reduce", "fusion"):
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
        for name, least in (("minimum_time", 1), ("minimum_sensors", 1), ("extra_fusion_cells", 0)):
            if not is_int(getattr(self, name), least):
                raise SettingError(f"{name}={getattr(self, name)!r} must be a whole number of at least {least}.")
        if not is_int(self.first_stride, 2) or self.first_stride not in (2, 4):
            raise SettingError(f"first_stride={self.first_stride!r} must be 2 or 4.")
        if not isinstance(self.collapse, bool):
            raise SettingError(f"collapse={self.collapse!r} must be True or False.")
        if not (is_number(self.least_room) and self.least_room >= 0):
            raise SettingError(f"least_room={self.least_room!r} must be a number of at least 0.")
        if not (is_number(self.dropout) and 0 <= self.dropout < 1):
            raise SettingError(f"dropout={self.dropout!r} must be a number in [0, 1).")
        for field in dataclasses.fields(self):
            if isinstance(getattr(self, field.name), np.generic):
                # JSON knows no numbers of NumPy.
                object.__setattr__(self, field.name, getattr(self, field.name).item())

    @property
    def time_reduce_widths(self) -> tuple[int, ...]:
        """Filter counts that a Time-Reduce cell may have, smallest first."""
        return _widths(self.time_reduce_filters, self.time_reduce_granularity)

    @property
    def fusion_widths(self) -> tuple[int, ...]:
        """Filter counts that a Sensor-Fusion cell may have, smallest first."""
        return _widths(self.fusion_filters, self.fusion_granularity)

    def time_strides(self, time: int) -> tuple[int, ...]:
        """Strides of the Time-Reduce cells for windows of `time` samples.

        Their product is 2 ** floor(log2(time / minimum_time)), at least 2. Shorter windows than twice the
        minimum keep one cell: it is the only place that looks at each sensor on its own.

        Args:
            time: int, window length in samples.

        Returns:
            tuple of int, a stride for each cell.
        """
        halvings = max(1, math.floor(math.log2(time / self.minimum_time)))
        if self.first_stride == 4 and halvings > 1:
            return (4,) + (2,) * (halvings - 2)
        return (2,) * halvings

    def fusion_strides(self, sensors: int) -> tuple[int, ...]:
        """Strides of the Sensor-Fusion cells: the sensor axis is halved while the half stays at or above
        `minimum_sensors`, and at least once; each of these cells is followed by `extra_fusion_cells` of stride 1.

        The paper's floor(log2(sensors / minimum_sensors)) gives no cell for 9 sensors, although its results
        have them. One sensor has nothing to halve: its first cell has stride 1 too. With `collapse` the first
        cell has the stride of all sensors, and there are no other halvings.

        Args:
            sensors: int, number of sensor channels.

        Returns:
            tuple of int, a stride for each cell.
        """
        if self.collapse:
            return (sensors,) + (1,) * self.extra_fusion_cells
        halvings, width = 0, -(-sensors // 2)
        while width >= self.minimum_sensors:
            halvings, width = halvings + 1, -(-width // 2)
        first = 2 if sensors > 1 else 1
        return ((first,) + (1,) * self.extra_fusion_cells) * max(1, halvings)

    def layout(self, time: int, sensors: int) -> SpaceConfig:
        """The same space for windows of (time, sensors), written so that equal spaces are equal settings.

        Args:
            time: int, window length in samples.
            sensors: int, number of sensor channels.

        Returns:
            A `SpaceConfig` that has no `first_stride` or `collapse` which make no difference to such windows.
        """
        first_stride, collapse = dataclasses.replace(self, first_stride=2), dataclasses.replace(self, collapse=False)
        same_time = first_stride.time_strides(time) == self.time_strides(time)
        same_sensors = collapse.fusion_strides(sensors) == self.fusion_strides(sensors)
        return dataclasses.replace(
            self,
            first_stride=2 if same_time else self.first_stride,
            collapse=False if same_sensors else self.collapse,
        )

    def kernels_for(self, time: int) -> tuple[int, ...]:
        """Temporal kernels that make sense on `time` samples: a longer one than 2 * time - 1 only adds padding.

        Args:
            time: int, samples that the cell sees.

        Returns:
            tuple of int, lengths of kernels.
        """
        return _of_use(self.kernel_sizes, time)

    def time_reduce_kernels_for(self, time: int) -> tuple[int, ...]:
        """The same for a Time-Reduce cell: `time_reduce_kernel_sizes`, or `kernel_sizes` if there are none.

        Args:
            time: int, samples that the cell sees.

        Returns:
            tuple of int, lengths of kernels.
        """
        return _of_use(self.time_reduce_kernel_sizes or self.kernel_sizes, time)

    def to_json(self) -> dict:
        """A dict of plain JSON values; `from_json` reverses it."""
        values = dataclasses.asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    @classmethod
    def from_json(cls, config: dict) -> SpaceConfig:
        """The settings that `to_json` described.

        Args:
            config: dict.

        Returns:
            A `SpaceConfig`.
        """
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in config.items()
        }
        return cls(**values)


def _checked_kernels(name: str, value: Any) -> tuple[int, ...]:
    """Lengths of kernels, each once, shortest first; raises SettingError for anything else."""
    try:
        kernels = list(value)
    except TypeError:
        kernels = []
    if not kernels or not all(is_int(k, 1) and k % 2 for k in kernels):
        raise SettingError(f"{name}={value!r} must be odd positive lengths, such as (3, 5, 7).")
    return tuple(sorted({int(k) for k in kernels}))


def _of_use(kernels: tuple[int, ...], time: int) -> tuple[int, ...]:
    return tuple(k for k in kernels if k <= 2 * time - 1) or (min(kernels),)


def _widths(f_max: int, granularity: int) -> tuple[int, ...]:
    return tuple(range(granularity, f_max + 1, granularity))


SPACES = {
    # Thin filters on each sensor, then all sensors in one step, then wide filters over time where that is cheap: under
    # tight limits its networks are more accurate than the paper's, under loose ones as accurate (docs/benchmarks.md).
    # Kernels of 3 that look at each sensor alone make worse networks, but for limits that leave little room. Where they
    # leave much, a first stride of 2 and fewer cells over all sensors make better ones.
    "tsnas": (
        SpaceConfig(time_reduce_kernel_sizes=(5, 7), first_stride=4, collapse=True, least_room=1.5),
        SpaceConfig(first_stride=4, collapse=True),
        SpaceConfig(time_reduce_kernel_sizes=(5, 7), collapse=True, extra_fusion_cells=1, least_room=3.0),
    ),
    "micronas": (SpaceConfig(),),
}


def space_configs(space: str | SpaceConfig | Sequence[SpaceConfig]) -> tuple[SpaceConfig, ...]:
    """The parts of a search space that is given by its name, or by its settings; each is searched on its own.

    Raises:
        SettingError: no space has this name, or `space` is none of these.

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
    raise SettingError(f"space={space!r} must be one of {names}, a tsnas.SpaceConfig, or a list of them.")


def space_to_json(space: str | SpaceConfig | Sequence[SpaceConfig]) -> str | dict | list[dict]:
    """What `space_configs` takes, as a plain JSON value; `space_from_json` reverses it."""
    if isinstance(space, str):
        return space
    return space.to_json() if isinstance(space, SpaceConfig) else [part.to_json() for part in space]


def space_from_json(space: str | dict | list[dict]) -> str | SpaceConfig | list[SpaceConfig]:
    """The space that `space_to_json` described."""
    if isinstance(space, str):
        return space
    return SpaceConfig.from_json(space) if isinstance(space, dict) else [SpaceConfig.from_json(part) for part in space]


def distinct_spaces(spaces: Sequence[SpaceConfig], time: int, sensors: int) -> list[SpaceConfig]:
    """Those parts of a space that differ for windows of (time, sensors); short windows of few channels know one."""
    return list(dict.fromkeys(space.layout(time, sensors) for space in spaces))
