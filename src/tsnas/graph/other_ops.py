"""Descriptors of operators that only other people's models bring, and of which their shapes alone are kept."""

from __future__ import annotations

import dataclasses
from typing import Any

from tsnas.graph.convolution import Convolution
from tsnas.graph.shapes import AnyShape


@dataclasses.dataclass(frozen=True)
class OtherOp:
    """An operator that is described by its shapes: it moves values, or computes each by itself.

    Args:
        kind: str, name of TFLite's operator in lower case, such as `"concatenation"`.
        in_shapes: tuple of shapes of its inputs that are computed; any rank, without a batch of 1.
        out_shapes: tuple of shapes of its outputs.
        params: int, weights and biases. Defaults to 0.
        macs: int, operations of one inference. Defaults to 0, for operators that only move values.
        scratch: tuple of int, bytes of the buffers that TensorFlow Lite Micro's kernel asks for. Defaults to ().
        constants: int, constant tensors that it reads. Defaults to 0.
        filters: int, output channels with a multiplier and a shift of their own. Defaults to 0.

    Example:
        >>> OtherOp("concatenation", ((8, 1, 4), (8, 1, 2)), ((8, 1, 6),)).out_shape
        (8, 1, 6)
    """

    kind: str
    in_shapes: tuple[AnyShape, ...]
    out_shapes: tuple[AnyShape, ...]
    params: int = 0
    macs: int = 0
    scratch: tuple[int, ...] = ()
    constants: int = 0
    filters: int = 0

    @property
    def out_shape(self) -> AnyShape:
        """Shape of the first output."""
        return self.out_shapes[0]


@dataclasses.dataclass(frozen=True)
class GroupedConv2D(Convolution):
    """An int8 convolution whose filters see only the channels of their group, with bias and a fused activation.

    Args:
        in_h, in_w, in_c: int, input shape (height, width, channels).
        out_c: int, number of filters.
        groups: int, number of groups; divides `in_c` and `out_c`.
        kernel_h, kernel_w: int, kernel size.
        stride_h, stride_w: int, strides. Defaults to 1.
        padding: `"same"` or `"valid"`. Defaults to `"same"`.
        activation: `"relu"` or `"none"`. Defaults to `"relu"`.
        dilation_h, dilation_w: int, distance of neighbouring taps, in elements of the input. Default to 1.
    """

    in_h: int
    in_w: int
    in_c: int
    out_c: int
    groups: int
    kernel_h: int
    kernel_w: int
    stride_h: int = 1
    stride_w: int = 1
    padding: str = "same"
    activation: str = "relu"
    dilation_h: int = 1
    dilation_w: int = 1

    kind = "grouped_conv2d"

    @property
    def weights(self) -> int:
        """Number of weights without biases; also their bytes, as int8."""
        return self.kernel_h * self.kernel_w * (self.in_c // self.groups) * self.out_c


@dataclasses.dataclass(frozen=True)
class BatchedConv2D:
    """A convolution of a batch of several: what the converter makes of a dilated one whose batch is left open.

    Args:
        batch: int, number of inputs.
        conv: descriptor of the convolution of one of them, depthwise or not.
    """

    batch: int
    conv: Any

    kind = "batched_conv2d"

    @property
    def in_shapes(self) -> tuple[AnyShape, ...]:
        return ((self.batch, *self.conv.in_shapes[0]),)

    @property
    def out_shape(self) -> AnyShape:
        return (self.batch, *self.conv.out_shape)

    @property
    def out_c(self) -> int:
        return int(self.conv.out_c)

    @property
    def weights(self) -> int:
        """Number of weights without biases; also their bytes, as int8."""
        return int(self.conv.weights)

    @property
    def params(self) -> int:
        return int(self.conv.params)

    @property
    def macs(self) -> int:
        return self.batch * int(self.conv.macs)
