"""Architecture: a complete network of the search space, and the cost graph and Keras model that are built from it.

Both are built by one walk over the cells (`Architecture.walk`), so the graph whose costs are computed cannot drift from
the model that is trained.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Protocol

import tensorflow as tf
import tf_keras as keras

from tsnas.cost.placement import placed
from tsnas.errors import SettingError
from tsnas.graph.graph import Graph, GraphBuilder
from tsnas.graph.ops import Add, Conv2D, GlobalAveragePooling2D, Softmax
from tsnas.graph.shapes import Shape
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


class Builder(Protocol):
    """Interface that `Architecture.walk` needs; its methods, but for `channels`, add operators and return their output.

    The taps of a convolution stand `dilation` samples apart; a dilated one has strides of 1, as Keras requires.
    """

    input: Any

    def conv(
        self,
        name: str,
        x: Any,
        filters: int,
        kernel: tuple[int, int],
        strides: tuple[int, int] = (1, 1),
        relu: bool = True,
        dilation: int = 1,
    ) -> Any: ...

    def add(self, name: str, a: Any, b: Any) -> Any: ...

    def channels(self, x: Any) -> int: ...

    def logits(self, prefix: str, x: Any) -> Any: ...

    def softmax(self, x: Any) -> Any: ...


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
            builder: object with the methods of `tsnas.space.architecture.Builder`, such as one that builds a Keras
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
        builder = _CostBuilder(self)
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
        builder = _KerasBuilder(self, dropout, seed)
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


def _time_dilation(name: str, kernel: tuple[int, int], strides: tuple[int, int], dilation: int) -> int:
    """Returns the dilation of a convolution over time: 1 for a single tap, which has no neighbours.

    Raises:
        SettingError: a dilation below 1, or one above 1 together with a stride, which Keras cannot build.
    """
    if not is_int(dilation, 1):
        raise SettingError(f"Convolution {name!r} has dilation={dilation!r}; it must be a whole number of at least 1.")
    if dilation > 1 and tuple(strides) != (1, 1):
        raise SettingError(
            f"Convolution {name!r} has dilation={dilation} and strides {tuple(strides)}; Keras allows only one of them "
            "to be above 1. Put the stride into a convolution of its own."
        )
    return dilation if kernel[0] > 1 else 1


class _CostBuilder:
    """Builds the cost graph."""

    def __init__(self, architecture: Architecture):
        self.classes = architecture.classes
        self.graph = GraphBuilder((architecture.time, architecture.channels, 1))
        self.input = self.graph.input
        self.shapes: dict[str, Shape] = {self.input: (architecture.time, architecture.channels, 1)}

    def _add(self, name, op, *inputs):
        self.shapes[name] = op.out_shape
        return self.graph.add(name, op, *inputs)

    def conv(self, name, x, filters, kernel, strides=(1, 1), relu=True, dilation=1):
        dilation = _time_dilation(name, kernel, strides, dilation)
        (kernel_h, kernel_w), (stride_h, stride_w) = kernel, strides
        window = kernel_h, kernel_w, stride_h, stride_w
        op = Conv2D(*self.shapes[x], filters, *window, activation="relu" if relu else "none", dilation_h=dilation)
        return self._add(name, op, x)

    def add(self, name, a, b):
        return self._add(name, Add(*self.shapes[a]), a, b)

    def channels(self, x):
        return self.shapes[x][1]

    def logits(self, prefix, x):
        x = self.conv(f"{prefix}classes", x, self.classes, (1, 1), relu=False)
        return self._add(f"{prefix}mean", GlobalAveragePooling2D(*self.shapes[x]), x)

    def softmax(self, x):
        return self._add("softmax", Softmax(self.classes), x)


class _KerasBuilder:
    """Builds the Keras model; convolution, batch normalisation and ReLU are separate layers, as tfmot requires."""

    def __init__(self, architecture: Architecture, dropout: float, seed: int | None):
        self.classes, self.members = architecture.classes, architecture.members
        self.dropout = dropout
        self.seed = seed
        self.input = keras.Input((architecture.time, architecture.channels, 1), name="windows")

    def _next_seed(self) -> int | None:
        # Two layers must not share a seed: they would start out alike.
        if self.seed is not None:
            self.seed += 1
        return self.seed

    def conv(self, name, x, filters, kernel, strides=(1, 1), relu=True, dilation=1, gain=1.0):
        conv = keras.layers.Conv2D(
            filters,
            kernel,
            strides,
            "same",
            dilation_rate=(_time_dilation(name, kernel, strides, dilation), 1),
            use_bias=not relu,
            kernel_initializer=_he_normal(gain, self._next_seed()),
            name=name,
        )
        x = conv(x)
        if not relu:
            return x
        x = keras.layers.BatchNormalization(name=f"{name}_bn")(x)
        return keras.layers.ReLU(name=f"{name}_relu")(x)

    def add(self, name, a, b):
        return keras.layers.Add(name=name)([a, b])

    def channels(self, x):
        return x.shape[2]

    def logits(self, prefix, x):
        if self.dropout:
            x = keras.layers.Dropout(self.dropout, seed=self._next_seed())(x)
        # No ReLU on the logits: clipped at zero, they could only vote for a class, never against it.
        # Those of a member are its share of a sum.
        x = self.conv(f"{prefix}classes", x, self.classes, (1, 1), relu=False, gain=1.0 / self.members)
        return keras.layers.GlobalAveragePooling2D(name=f"{prefix}mean")(x)

    def softmax(self, x):
        return keras.layers.Softmax(name="softmax")(x)


def _he_normal(gain: float, seed: int | None) -> keras.initializers.Initializer:
    """Returns He's initializer with its weights times a gain."""
    if gain == 1.0:
        return keras.initializers.HeNormal(seed)
    return keras.initializers.VarianceScaling(2.0 * gain**2, "fan_in", "truncated_normal", seed)
