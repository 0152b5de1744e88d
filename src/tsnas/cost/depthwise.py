"""Features of depthwise convolutions: counts of the steps of the four int8 kernels that CMSIS-NN has for them.

- The **fast** kernel runs where each channel has one filter and nothing is dilated. It copies the taps of a pixel into
  a buffer (im2col), multiplies four channels with two taps at a time, and treats channels that four leave over alone.
- The **3x3** kernel is a variant of it for that size, without a buffer.
- The kernel for **multiples of four** filters per channel goes tap by tap, with four filters at a time.
- The **general** kernel goes tap by tap and filter by filter; all dilated ones run it.

Only the fast kernel reads padding: it clears the place of such a tap. The others leave taps in the padding out.
"""

from __future__ import annotations

from tsnas.cost.taps import valid_taps
from tsnas.graph.ops import DepthwiseConv2D, is_dilated

FAST, FAST_3X3 = "depthwise_conv2d", "depthwise_conv2d_3x3"
BY_FOUR, GENERAL = "depthwise_conv2d_by_four", "depthwise_conv2d_general"

DEPTHWISE_FEATURE_NAMES = {
    FAST: (
        "call",
        "output_rows",
        "output_pixels",
        "kernel_rows",
        "valid_taps",
        "padded_inputs",
        "copied_words",
        "copied_rest",
        "channel_groups",
        "mac_steps",
        "odd_taps",
        "rest_channels",
        "rest_macs",
    ),
    FAST_3X3: (
        "call",
        "output_rows",
        "output_pixels",
        "channel_groups",
        "group_rows",
        "group_taps",
        "rest_channels",
        "rest_rows",
        "rest_taps",
    ),
    BY_FOUR: ("call", "output_rows", "output_pixels", "channels", "filter_groups", "group_rows", "group_taps"),
    GENERAL: (
        "call",
        "output_rows",
        "output_pixels",
        "channels",
        "output_elements",
        "dilated_elements",
        "element_rows",
        "element_taps",
    ),
}


def depthwise_kernel(op: DepthwiseConv2D) -> str:
    """Returns the kernel that CMSIS-NN runs for a depthwise convolution, a key of `DEPTHWISE_FEATURE_NAMES`."""
    if not is_dilated(op):
        if op.depth_multiplier == 1:
            return FAST_3X3 if (op.kernel_h, op.kernel_w) == (3, 3) else FAST
        if op.depth_multiplier % 4 == 0:
            return BY_FOUR
    return GENERAL


def depthwise_features(op: DepthwiseConv2D) -> tuple[str, tuple[float, ...]]:
    """Returns the kernel that runs a depthwise convolution, and how often it does each of its steps.

    Args:
        op: `DepthwiseConv2D`.

    Returns:
        (key of `DEPTHWISE_FEATURE_NAMES`, counts in the order of those names); all counts are >= 0.

    Example:
        >>> depthwise_features(DepthwiseConv2D(8, 1, 4, 1, 3, 1, dilation_h=2))
        ('depthwise_conv2d_general', (1, 8, 8, 32, 32, 32, 80, 80))
    """
    out_h, taps_h = valid_taps(op.in_h, op.kernel_h, op.stride_h, op.padding, op.dilation_h)
    out_w, taps_w = valid_taps(op.in_w, op.kernel_w, op.stride_w, op.padding, op.dilation_w)
    pixels, rows, taps = out_h * out_w, taps_h * out_w, taps_h * taps_w
    kernel = depthwise_kernel(op)
    start = (1, out_h, pixels)
    if kernel == FAST:
        depth = op.kernel_h * op.kernel_w
        groups, rest = divmod(op.in_c, 4)
        copies = (rows, taps, (pixels * depth - taps) * op.in_c, taps * groups, taps * rest)
        products = (pixels * groups, pixels * groups * (depth // 2), pixels * groups * (depth % 2))
        return kernel, (*start, *copies, *products, pixels * rest, pixels * rest * depth)
    if kernel == FAST_3X3:
        groups, rest = divmod(op.in_c, 4)
        return kernel, (*start, *(n * count for count in (groups, rest) for n in (pixels, rows, taps)))
    if kernel == BY_FOUR:
        groups = op.out_c // 4
        return kernel, (*start, pixels * op.in_c, *(n * groups for n in (pixels, rows, taps)))
    elements = pixels * op.out_c
    dilated_axes = (op.dilation_h > 1) + (op.dilation_w > 1)
    steps = (pixels * op.in_c, elements, elements * dilated_axes, rows * op.out_c, taps * op.out_c)
    return kernel, (*start, *steps)
