"""Architecture: a complete network of the search space, and the cost graph and Keras model that are built from it.

Both are built by one walk over the cells (`Architecture.walk`), so the graph whose costs are computed cannot drift from
the model that is trained.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import tensorflow as tf
import tf_keras as keras

from tsnas.cost.placement import placed
from tsnas.errors import SettingError
from tsnas.graph.graph import Graph
from tsnas.space.builders import Builder, CostBuilder, KerasBuilder
from tsnas.space.operators import skip_width
from tsnas.system.arguments import is_int


@dataclasses.dataclass(frozen=True)
class TimeReduce:
    """A derived Time-Reduce cell: one (kernel, 1) convolution with a stride over time (figure 5 of the paper)."""

    kernel: int
    filters: int
    stride: int = 2

    kind = "time_reduce"


@dataclasses.dataclass(frozen=True)
class SensorFusion:
    """A derived Sensor-Fusion cell (figure 6 of the paper).

    Args:
        filters: int, number of filters of every path that reaches the output.
        kernels: tuple of int, lengths of the temporal branches that are on; may be empty.
        mid_filters: int, number of filters of the (1, channels) convolution before the branches; not used without any.
        skip: bool, whether the skip convolution is on. A cell needs a branch or the skip convolution.
        stride: int, stride over the channels.
    """

    filters: int
    kernels: tuple[int, ...]
    mid_filters: int
    skip: bool
    stride: int

    kind = "sensor_fusion"


@dataclasses.dataclass(frozen=True)
class TimeConv:
    """A derived Time-Convolution cell: one (kernel, 1) convolution, whose taps stand `dilation` samples apart."""

    filters: int
    kernel: int
    dilation: int = 1

    kind = "time_conv"


Cell = TimeReduce | SensorFusion | TimeConv
_CELLS: dict[str, type] = {cell.kind: cell for cell in (TimeReduce, SensorFusion, TimeConv)}


@dataclasses.dataclass(frozen=True)
class Architecture:
    """A complete network of the search space; no decision is left open, and it needs no supernet.

    Args:
        time: int, window length in samples.
        channels: int, number of channels of a window.
        classes: int, number of classes.
        cells: tuple of `TimeReduce`, `SensorFusion` and `TimeConv`, in order; the output cell is implied by `classes`.
        members: int, number of networks with these cells whose mean logits are the answer; each is trained by itself.
            Defaults to 1.

    Raises:
        SettingError: a Sensor-Fusion cell with neither a branch nor the skip convolution, or no member.

    Example:
        >>> net = Architecture(128, 9, 6, (TimeReduce(5, 8), SensorFusion(16, (3,), 8, True, stride=2)))
        >>> net == Architecture.from_json(net.to_json())
        True
        >>> len(net.graph().nodes)
        7
        >>> net.build().output_shape
        (None, 6)
    """

    time: int
    channels: int
    classes: int
    cells: tuple[Cell, ...]
    members: int = 1

    def __post_init__(self):
        if not is_int(self.members, 1):
            raise SettingError(f"members={self.members!r} must be a whole number of at least 1.")
        for index, cell in enumerate(self.cells):
            if isinstance(cell, SensorFusion) and not cell.kernels and not cell.skip:
                raise SettingError(
                    f"Cell {index} ({cell}) has no path: give it a kernel in `kernels`, or `skip=True`, or drop it."
                )

    @property
    def sensors(self) -> int:
        """Former name of `channels`."""
        return self.channels

    def to_json(self) -> dict:
        """Returns a dict of plain JSON values, which `from_json` reads."""
        cells = [{"kind": cell.kind} | dataclasses.asdict(cell) for cell in self.cells]
        for cell in cells:
            if "kernels" in cell:
                cell["kernels"] = list(cell["kernels"])
        # The key is the former name, so that earlier versions can read it too.
        found = {"time": self.time, "sensors": self.channels, "classes": self.classes, "cells": cells}
        return found if self.members == 1 else found | {"members": self.members}

    @classmethod
    def from_json(cls, config: dict) -> Architecture:
        """Returns the architecture that `to_json` described.

        Args:
            config: dict.

        Returns:
            An `Architecture`.
        """
        cells = []
        for fields in config["cells"]:
            fields = {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
            cells.append(_CELLS[fields.pop("kind")](**fields))
        size = config["time"], config["sensors"], config["classes"]
        return cls(*size, tuple(cells), config.get("members", 1))

    @property
    def member(self) -> Architecture:
        """The network of a single member."""
        return dataclasses.replace(self, members=1)

    def walk(self, builder: Builder) -> Any:
        """Adds every operator to `builder` in the order in which the board runs them, and returns the output.

        The skip convolution runs first, and each branch is added as soon as it is computed, so that as few tensors as
        possible are alive at once. Likewise the logits of each member are added before the next one runs.

        Args:
            builder: object with the methods of `tsnas.space.builders.Builder`, such as one that builds a Keras
                model or a cost graph.

        Returns:
            The output of the network, of the type that the builder uses for tensors.
        """
        sums = None
        for member in range(self.members):
            prefix = member_prefix(member)
            logits = builder.logits(prefix, self._walk_cells(builder, prefix))
            sums = logits if sums is None else builder.add(f"{prefix}sum", sums, logits)
        return builder.softmax(sums)

    def _walk_cells(self, builder: Builder, prefix: str) -> Any:
        x = builder.input
        for index, cell in enumerate(self.cells):
            name = f"{prefix}{cell.kind}_{index}"
            if isinstance(cell, TimeReduce):
                x = builder.conv(name, x, cell.filters, (cell.kernel, 1), (cell.stride, 1))
            elif isinstance(cell, TimeConv):
                x = builder.conv(name, x, cell.filters, (cell.kernel, 1), dilation=cell.dilation)
            else:
                x = _walk_sensor_fusion(builder, name, cell, x)
        return x

    def graph(self) -> Graph:
        """Returns the cost graph: operators in execution order, and tensors with their offsets in the arena."""
        builder = CostBuilder(self.time, self.channels, self.classes)
        return placed(builder.graph.build(self.walk(builder)))

    @tf.autograph.experimental.do_not_convert
    def build(self, dropout: float = 0.0, seed: int | None = None) -> keras.Model:
        """Builds the plain Keras model, with fresh weights.

        Args:
            dropout: float in [0, 1), dropout before the classifier in training. There is none between the cells, where
                it would shift the statistics that batch normalisation learns. Defaults to 0.
            seed: int or None, seed of the weights and of the dropout. Defaults to None.

        Returns:
            A `keras.Model` from standardised windows (batch, time, channels, 1) to probabilities (batch, classes).
        """
        builder = KerasBuilder(self.time, self.channels, self.classes, self.members, dropout, seed)
        return keras.Model(builder.input, self.walk(builder), name="tsnas")

    def describe(self) -> list[str]:
        """Returns one line of text for each cell."""
        lines = []
        for cell in self.cells:
            if isinstance(cell, TimeReduce):
                lines.append(f"Time-Reduce: {cell.filters} filters of ({cell.kernel}, 1), stride {cell.stride}")
                continue
            if isinstance(cell, TimeConv):
                dilated = f", dilation {cell.dilation}" if cell.dilation > 1 else ""
                lines.append(f"Time-Convolution: {cell.filters} filters of ({cell.kernel}, 1){dilated}")
                continue
            paths = [f"({k}, 1)" for k in cell.kernels]
            main = f"{cell.mid_filters} filters over the channels, then {' + '.join(paths)}" if paths else ""
            skip = "skip convolution" if cell.skip else ""
            parts = " + ".join(part for part in (main, skip) if part)
            lines.append(f"Sensor-Fusion: {parts} to {cell.filters} filters, stride {cell.stride}")
        together = "" if self.members == 1 else f"; the mean of {self.members} such networks answers"
        return lines + [f"Output: {self.classes} classes{together}"]


def member_prefix(member: int) -> str:
    """Returns what the names of a member's layers begin with; those of the first one are those of a single network."""
    return f"member{member + 1}_" if member else ""


def _walk_sensor_fusion(builder: Builder, name: str, cell: SensorFusion, x: Any) -> Any:
    out = None
    if cell.skip:
        out = builder.conv(f"{name}_skip", x, cell.filters, (1, skip_width(cell.stride)), (1, cell.stride))
    if cell.kernels:
        mid = builder.conv(f"{name}_mid", x, cell.mid_filters, (1, builder.channels(x)), (1, cell.stride))
    for kernel in cell.kernels:
        branch = builder.conv(f"{name}_branch{kernel}", mid, cell.filters, (kernel, 1))
        out = branch if out is None else builder.add(f"{name}_add{kernel}", out, branch)
    return out
