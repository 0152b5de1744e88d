"""Builders of a network, operator by operator: of its cost graph, and of its Keras model."""

from __future__ import annotations

from typing import Any, Protocol

import tf_keras as keras

from tsnas.errors import SettingError
from tsnas.graph.graph import GraphBuilder
from tsnas.graph.ops import Add, Conv2D, GlobalAveragePooling2D, Softmax
from tsnas.graph.shapes import Shape
from tsnas.system.arguments import is_int


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


class CostBuilder:
    """Builder of a cost graph.

    Args:
        time: int, window length in samples.
        channels: int, number of channels of a window.
        classes: int, number of classes.
    """

    def __init__(self, time: int, channels: int, classes: int):
        self.classes = classes
        self.graph = GraphBuilder((time, channels, 1))
        self.input = self.graph.input
        self.shapes: dict[str, Shape] = {self.input: (time, channels, 1)}

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


class KerasBuilder:
    """Builder of a Keras model; convolution, batch normalisation and ReLU are separate layers, as tfmot requires.

    Args:
        time, channels, classes: as in `CostBuilder`.
        members: int, number of networks whose mean logits are the answer.
        dropout: float in [0, 1), dropout before the classifier in training.
        seed: int or None, seed of the weights and of the dropout.
    """

    def __init__(self, time: int, channels: int, classes: int, members: int, dropout: float, seed: int | None):
        self.classes, self.members = classes, members
        self.dropout = dropout
        self.seed = seed
        self.input = keras.Input((time, channels, 1), name="windows")

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


def _he_normal(gain: float, seed: int | None) -> keras.initializers.Initializer:
    """Returns He's initializer with its weights times a gain."""
    if gain == 1.0:
        return keras.initializers.HeNormal(seed)
    return keras.initializers.VarianceScaling(2.0 * gain**2, "fan_in", "truncated_normal", seed)
