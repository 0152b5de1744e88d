"""Shapes of dilated and depthwise convolutions to count on emulated cores: a seeded draw for each kernel."""

from __future__ import annotations

import numpy as np

from tsnas.graph.ops import Conv2D, DepthwiseConv2D, Op

SEED = 0
PER_KERNEL = 160
# What one operator may take on an emulated board: multiply-accumulates, and bytes of its tensors.
MOST_MACS, MOST_BYTES = 2_000_000, 400_000
PADDINGS = ("same", "same", "valid")


def draw_shapes(per_kernel: int = PER_KERNEL, seed: int = SEED) -> list[Op]:
    """Shapes for each kernel of depthwise convolutions, dilated ones included, and dilated convolutions."""
    draw = _Draw(seed)
    ops: list[Op] = []
    for _ in range(per_kernel):
        ops += [
            draw.depthwise((1,)),
            draw.depthwise((1,), size3=True),
            draw.depthwise((4, 8)),
            draw.depthwise((1, 1, 1, 2, 3), dilated=True),
            draw.depthwise((2, 3, 6)),
            draw.conv(),
        ]
    return list(dict.fromkeys(ops))


class _Draw:
    """Random shapes: windows of 16 to 1,000 samples, and pictures as other people's models have them."""

    def __init__(self, seed: int):
        self._rng = np.random.default_rng(seed)

    def _one_of(self, *values: int) -> int:
        return int(self._rng.choice(values))

    def _between(self, low: int, high: int) -> int:
        """A whole number whose logarithm is uniform."""
        return round(float(np.exp(self._rng.uniform(np.log(low), np.log(high)))))

    def _channels(self) -> int:
        if self._rng.random() < 0.7:
            return self._one_of(4, 8, 12, 16, 24, 32, 48, 64)
        return int(self._rng.integers(1, 65))

    def depthwise(self, multipliers: tuple[int, ...], dilated: bool = False, size3: bool = False) -> DepthwiseConv2D:
        """A depthwise convolution, along time or over a picture."""
        while True:
            along_time = not size3 and self._rng.random() < 0.7
            stride_h = self._one_of(1, 1, 2, 3, 4)
            if along_time:
                h, w = self._between(16, 1000), self._one_of(1, 1, 1, 3, 6)
                kernel, stride_w = (int(self._rng.integers(2, 42)), 1), 1
            else:
                h, w = self._between(4, 60), int(self._rng.integers(3, 30))
                kernel = (3, 3) if size3 else (int(self._rng.integers(1, 8)), int(self._rng.integers(1, 8)))
                stride_w = stride_h
            dilation_h = dilation_w = 1
            if dilated:
                dilation_h = int(self._rng.integers(2, 17))
                dilation_w = 1 if along_time else int(self._rng.integers(1, 4))
                if self._rng.random() < 0.8:
                    stride_h = stride_w = 1
            channels = self._channels() if self._rng.random() < 0.9 else self._one_of(96, 128, 192, 256)
            multiplier, padding = self._one_of(*multipliers), PADDINGS[self._one_of(0, 1, 2)]
            op = DepthwiseConv2D(
                h, w, channels, multiplier, *kernel, stride_h, stride_w, padding, "relu", dilation_h, dilation_w
            )
            if _fits(op):
                return op

    def conv(self) -> Conv2D:
        """A convolution that is dilated along time."""
        while True:
            h, w = self._between(16, 1000), self._one_of(1, 1, 1, 3, 6)
            in_c = 1 if self._rng.random() < 0.15 else self._channels()
            kernel, dilation = int(self._rng.integers(3, 16)), int(self._rng.integers(2, 33))
            padding = PADDINGS[self._one_of(0, 1, 2)]
            op = Conv2D(h, w, in_c, self._channels(), kernel, 1, 1, 1, padding, "relu", dilation, 1)
            if _fits(op):
                return op


def _fits(op: Conv2D | DepthwiseConv2D) -> bool:
    out_h, out_w, out_c = op.out_shape
    if min(out_h, out_w) < 1:
        return False
    return op.macs <= MOST_MACS and op.in_h * op.in_w * op.in_c + out_h * out_w * out_c + op.weights < MOST_BYTES
