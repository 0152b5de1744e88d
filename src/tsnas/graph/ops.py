"""Descriptors of the int8 operators whose cost tsnas knows: shapes, strides, and the counts that follow from them.

Shapes are (height, width, channels) without the batch of 1, as TensorFlow Lite names them. In a network of tsnas,
height is time, width the channels of the window, and the channels of TensorFlow Lite are filters.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from tsnas.graph.convolution import Convolution
from tsnas.graph.other_ops import BatchedConv2D, GroupedConv2D, OtherOp
from tsnas.graph.shapes import Shape, conv_output_size


def _repr_without_rare_fields(op: Any) -> str:
    """The text of an operator without fields that most do not need: texts of older operators never change.

    Journals of measurements name operators by it.
    """
    rare = {"dilation_h": 1, "dilation_w": 1, "per_channel": False, "rows": 1}
    values = {field.name: getattr(op, field.name) for field in dataclasses.fields(op)}
    shown = (f"{name}={value!r}" for name, value in values.items() if not (name in rare and value == rare[name]))
    return f"{type(op).__name__}({', '.join(shown)})"


@dataclasses.dataclass(frozen=True)
class Conv2D(Convolution):
    """An int8 convolution with bias, per-channel weights and a fused activation.

    Args:
        in_h, in_w, in_c: int, input shape (height, width, channels).
        out_c: int, number of filters.
        kernel_h, kernel_w: int, kernel size.
        stride_h, stride_w: int, strides. Defaults to 1.
        padding: `"same"` or `"valid"`. Defaults to `"same"`.
        activation: `"relu"` or `"none"`; both clamp, so they cost the same. Defaults to `"relu"`.
        dilation_h, dilation_w: int, distance of neighbouring taps, in elements of the input. Default to 1.

    Example:
        >>> op = Conv2D(in_h=128, in_w=9, in_c=1, out_c=8, kernel_h=5, kernel_w=1, stride_h=2)
        >>> op.out_shape, op.macs
        ((64, 9, 8), 23040)
        >>> Conv2D(128, 1, 8, 8, 5, 1, padding="valid", dilation_h=4).out_shape
        (112, 1, 8)
    """

    in_h: int
    in_w: int
    in_c: int
    out_c: int
    kernel_h: int
    kernel_w: int
    stride_h: int = 1
    stride_w: int = 1
    padding: str = "same"
    activation: str = "relu"
    dilation_h: int = 1
    dilation_w: int = 1

    __repr__ = _repr_without_rare_fields

    kind = "conv2d"

    @property
    def weights(self) -> int:
        """Number of weights without biases; also their bytes, as int8."""
        return self.kernel_h * self.kernel_w * self.in_c * self.out_c


def is_dilated(op: Conv2D | DepthwiseConv2D) -> bool:
    """Returns whether taps of a convolution's kernel stand more than one element apart."""
    return (op.dilation_h, op.dilation_w) != (1, 1)


@dataclasses.dataclass(frozen=True)
class Add:
    """Element-wise int8 addition of two tensors of the same shape.

    Args:
        h, w, c: int, that shape (height, width, channels).
    """

    h: int
    w: int
    c: int

    kind = "add"
    params = 0

    @property
    def in_shapes(self) -> tuple[Shape, ...]:
        """Shapes of the inputs, each (height, width, channels)."""
        return ((self.h, self.w, self.c),) * 2

    @property
    def out_shape(self) -> Shape:
        """Shape of the output (height, width, channels)."""
        return (self.h, self.w, self.c)

    @property
    def macs(self) -> int:
        """Operations of one inference, one for each element."""
        return self.h * self.w * self.c


@dataclasses.dataclass(frozen=True)
class GlobalAveragePooling2D:
    """Mean over height and width: TFLite's MEAN over both spatial axes, int8.

    Args:
        h, w, c: int, shape of the input (height, width, channels).
    """

    h: int
    w: int
    c: int

    kind = "global_average_pooling2d"
    params = 0

    @property
    def in_shapes(self) -> tuple[Shape, ...]:
        """Shapes of the inputs, each (height, width, channels)."""
        return ((self.h, self.w, self.c),)

    @property
    def out_shape(self) -> Shape:
        """Shape of the output (height, width, channels)."""
        return (1, 1, self.c)

    @property
    def macs(self) -> int:
        """Operations of one inference, one for each element."""
        return self.h * self.w * self.c


@dataclasses.dataclass(frozen=True)
class Softmax:
    """Softmax over a vector of int8 logits.

    Args:
        c: int, number of logits.
    """

    c: int

    kind = "softmax"
    params = 0

    @property
    def in_shapes(self) -> tuple[Shape, ...]:
        """Shapes of the inputs, each (height, width, channels)."""
        return ((1, 1, self.c),)

    @property
    def out_shape(self) -> Shape:
        """Shape of the output (height, width, channels)."""
        return (1, 1, self.c)

    @property
    def macs(self) -> int:
        """Operations of one inference, one for each element."""
        return self.c


@dataclasses.dataclass(frozen=True)
class DepthwiseConv2D(Convolution):
    """An int8 depthwise convolution, of each channel by itself, with bias and a fused activation.

    Args:
        in_h, in_w, in_c: int, input shape (height, width, channels).
        depth_multiplier: int, output channels for each input channel.
        kernel_h, kernel_w: int, kernel size.
        stride_h, stride_w: int, strides. Defaults to 1.
        padding: `"same"` or `"valid"`. Defaults to `"same"`.
        activation: `"relu"` or `"none"`. Defaults to `"relu"`.
        dilation_h, dilation_w: int, distance of neighbouring taps, in elements of the input. Default to 1.
    """

    in_h: int
    in_w: int
    in_c: int
    depth_multiplier: int
    kernel_h: int
    kernel_w: int
    stride_h: int = 1
    stride_w: int = 1
    padding: str = "same"
    activation: str = "relu"
    dilation_h: int = 1
    dilation_w: int = 1

    __repr__ = _repr_without_rare_fields

    kind = "depthwise_conv2d"

    @property
    def out_c(self) -> int:
        return self.in_c * self.depth_multiplier

    @property
    def weights(self) -> int:
        """Number of weights without biases; also their bytes, as int8."""
        return self.kernel_h * self.kernel_w * self.out_c


@dataclasses.dataclass(frozen=True)
class FullyConnected:
    """An int8 matrix product of vectors of `in_c` values, with bias and a fused activation.

    Args:
        in_c, out_c: int, values of a vector before and after.
        activation: `"relu"` or `"none"`. Defaults to `"none"`.
        per_channel: bool, whether the weights have a scale for each output. Defaults to False: one for all.
        rows: int, number of vectors, such as the time steps of a sequence. Defaults to 1.
    """

    in_c: int
    out_c: int
    activation: str = "none"
    per_channel: bool = False
    rows: int = 1

    __repr__ = _repr_without_rare_fields

    kind = "fully_connected"

    @property
    def in_shapes(self) -> tuple[Shape, ...]:
        return ((self.rows, 1, self.in_c),)

    @property
    def out_shape(self) -> Shape:
        return (self.rows, 1, self.out_c)

    @property
    def weights(self) -> int:
        """Number of weights without biases; also their bytes, as int8."""
        return self.in_c * self.out_c

    @property
    def params(self) -> int:
        return self.weights + self.out_c

    @property
    def macs(self) -> int:
        return self.weights * self.rows


@dataclasses.dataclass(frozen=True)
class _Pool2D:
    """Base of the pooling layers: a window that moves over height and width, channel by channel."""

    in_h: int
    in_w: int
    in_c: int
    pool_h: int
    pool_w: int
    stride_h: int = 1
    stride_w: int = 1
    padding: str = "valid"
    activation: str = "none"

    params = 0

    @property
    def in_shapes(self) -> tuple[Shape, ...]:
        return ((self.in_h, self.in_w, self.in_c),)

    @property
    def out_shape(self) -> Shape:
        return (
            conv_output_size(self.in_h, self.pool_h, self.stride_h, self.padding),
            conv_output_size(self.in_w, self.pool_w, self.stride_w, self.padding),
            self.in_c,
        )

    @property
    def macs(self) -> int:
        out_h, out_w, out_c = self.out_shape
        return out_h * out_w * out_c * self.pool_h * self.pool_w


class MaxPool2D(_Pool2D):
    """Maximum over a window of height and width, int8."""

    kind = "max_pool2d"


class AveragePool2D(_Pool2D):
    """Mean over a window of height and width, int8."""

    kind = "average_pool2d"


@dataclasses.dataclass(frozen=True)
class Reshape:
    """A change of shape (height, width, channels) that keeps the values; the interpreter copies them."""

    in_shape: Shape
    out_shape: Shape

    kind = "reshape"
    params = 0
    macs = 0

    @property
    def in_shapes(self) -> tuple[Shape, ...]:
        return (self.in_shape,)


@dataclasses.dataclass(frozen=True)
class Pad:
    """Zero padding of an int8 tensor, along height (top, bottom) and width (left, right)."""

    in_h: int
    in_w: int
    in_c: int
    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0

    kind = "pad"
    params = 0
    macs = 0

    @property
    def in_shapes(self) -> tuple[Shape, ...]:
        return ((self.in_h, self.in_w, self.in_c),)

    @property
    def out_shape(self) -> Shape:
        return (self.top + self.in_h + self.bottom, self.left + self.in_w + self.right, self.in_c)


MeasuredOp = Conv2D | Add | GlobalAveragePooling2D | Softmax
Op = (
    MeasuredOp
    | DepthwiseConv2D
    | FullyConnected
    | MaxPool2D
    | AveragePool2D
    | Reshape
    | Pad
    | GroupedConv2D
    | BatchedConv2D
    | OtherOp
)

# Kinds with records from boards; and those that only other people's models bring. Tables of operators have columns for
# these; those of `tsnas.graph.other_ops` are read from files alone.
MEASURED_KINDS = (Conv2D.kind, Add.kind, GlobalAveragePooling2D.kind, Softmax.kind)
DERIVED_KINDS = (
    DepthwiseConv2D.kind,
    FullyConnected.kind,
    MaxPool2D.kind,
    AveragePool2D.kind,
    Reshape.kind,
    Pad.kind,
)
OP_KINDS = MEASURED_KINDS + DERIVED_KINDS
