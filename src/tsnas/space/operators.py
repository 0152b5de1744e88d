"""All operators that a search space can contain, derived from the geometry of its cells."""

from __future__ import annotations

from tsnas.graph.ops import Add, Conv2D, GlobalAveragePooling2D, Op, Softmax
from tsnas.space.config import SpaceConfig
from tsnas.space.spaces import distinct_spaces


def space_ops(time: int, channels: int, classes: int, *parts: SpaceConfig) -> list[Op]:
    """Returns the operators of all architectures of a space, each once, in the order of the cells.

    Args:
        time: int, window length in samples.
        channels: int, number of channels of a window.
        classes: int, number of classes.
        *parts: `SpaceConfig`, parts of the space; those for other numbers of channels are left out.
            Defaults to the paper's settings.

    Returns:
        list of operator descriptors.

    Example:
        >>> len(space_ops(128, 9, 6))
        510
    """
    ops = [
        op
        for part in distinct_spaces(parts or [SpaceConfig()], time, channels)
        for op in _part_ops(time, channels, classes, part)
    ]
    return list(dict.fromkeys(ops))


def _part_ops(time: int, channels: int, classes: int, config: SpaceConfig) -> list[Op]:
    ops: list[Op] = []
    height, width = time, channels
    widths: tuple[int, ...] = (1,)

    def convs(in_w: int, from_widths, to_widths, kernel, strides, dilation=1) -> None:
        (kernel_h, kernel_w), (stride_h, stride_w) = kernel, strides
        window = kernel_h, kernel_w, stride_h, stride_w
        ops.extend(Conv2D(height, in_w, a, b, *window, dilation_h=dilation) for a in from_widths for b in to_widths)

    for stride in config.time_strides(time):
        for kernel in config.time_reduce_kernels_for(height):
            convs(width, widths, config.time_reduce_widths, (kernel, 1), (stride, 1))
        height, widths = -(-height // stride), config.time_reduce_widths
    for stride in config.fusion_strides(channels):
        convs(width, widths, config.fusion_widths, (1, skip_width(stride)), (1, stride))
        convs(width, widths, config.fusion_widths, (1, width), (1, stride))
        width, widths = -(-width // stride), config.fusion_widths
        for kernel in config.kernels_for(height):
            convs(width, widths, widths, (kernel, 1), (1, 1))
        ops.extend(Add(height, width, filters) for filters in widths)
    for _ in range(config.time_conv_cells):
        for length, dilation in config.time_conv_taps_for(height):
            convs(width, widths, config.time_conv_widths, (length, 1), (1, 1), dilation)
        widths = config.time_conv_widths
    ops.extend(Conv2D(height, width, filters, classes, 1, 1, activation="none") for filters in widths)
    if config.members > 1:
        ops.append(Add(1, 1, classes))
    return [*ops, GlobalAveragePooling2D(height, width, classes), Softmax(classes)]


def skip_width(stride: int) -> int:
    """Returns the kernel width of a skip convolution: 1, or the stride if that is larger than 2, to skip no channel."""
    return stride if stride > 2 else 1
