"""Convolution: the shapes and counts that follow from the fields of a convolution, of whichever kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsnas.graph.shapes import Shape, conv_output_size


class Convolution:
    """Base of the descriptors of convolutions, which add `out_c` and `weights`."""

    in_h: int
    in_w: int
    in_c: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    padding: str
    dilation_h: int
    dilation_w: int

    if TYPE_CHECKING:
        # Fields of some kinds, computed for others; a property here would be the default of the field.
        @property
        def out_c(self) -> int: ...
        @property
        def weights(self) -> int: ...

    @property
    def in_shapes(self) -> tuple[Shape, ...]:
        """Shapes of the inputs, each (height, width, channels)."""
        return ((self.in_h, self.in_w, self.in_c),)

    @property
    def out_shape(self) -> Shape:
        """Shape of the output (height, width, channels)."""
        return (
            conv_output_size(self.in_h, self.kernel_h, self.stride_h, self.padding, self.dilation_h),
            conv_output_size(self.in_w, self.kernel_w, self.stride_w, self.padding, self.dilation_w),
            self.out_c,
        )

    @property
    def params(self) -> int:
        """Number of weights and biases."""
        return self.weights + self.out_c

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        out_h, out_w, _ = self.out_shape
        return out_h * out_w * self.weights
