"""Features of operators for the latency model: counts of the steps that each makes its kernel do.

Fitting (`tsnas.cost.fit`) and prediction (`tsnas.cost.latency`) both call `op_features`, so they cannot drift apart.
The counts follow the loops of the CMSIS-NN int8 kernels: a convolution copies the taps of each output pixel into a
buffer (im2col), multiplies two output pixels with two output channels at a time, four inputs per step, and requantises
each output element; a 1x1 convolution with stride 1 skips the copy. A dilated convolution runs the same loops: it
copies taps that stand further apart, of which more lie in the padding. `tsnas.cost.depthwise` has the depthwise ones.
"""

from __future__ import annotations

from tsnas.cost.depthwise import depthwise_features
from tsnas.cost.derived import derived_steps
from tsnas.cost.taps import valid_taps
from tsnas.graph.ops import (
    DERIVED_KINDS,
    Add,
    BatchedConv2D,
    Conv2D,
    DepthwiseConv2D,
    GlobalAveragePooling2D,
    GroupedConv2D,
    Op,
    OtherOp,
    Softmax,
    is_dilated,
)

CONV2D = "conv2d"
CONV2D_1X1 = "conv2d_1x1"
# Key of the interpreter's overhead per kind of operator, beside the kernels' coefficients.
INVOKE = "invoke"

# Weight bytes of an operator from which a cache in front of the flash begins to miss, and above which it always misses.
CACHE_FREE_BYTES = 1500
CACHE_FULL_BYTES = 16000
# Data cache in front of the flash of an STM32F4: 8 lines of 16 bytes.
FLASH_DATA_CACHE_BYTES = 128

# What the measured convolutions cover.
MEASURED_TIME_KERNELS = ((1, 1), (3, 1), (5, 1), (7, 1))
MEASURED_STRIDES = ((1, 1), (2, 1), (1, 2))
MOST_SENSORS = 30
MOST_CHANNELS = 64

# Fixed ratios between steps of the same kernel, read off its loops and trimmed on the records of the one board that has
# odd shapes. They let a board be fitted from records that hold no odd shapes.
# An odd output channel, as a share of a pair of them: it cannot share its loads with a neighbour.
ODD_CHANNEL_MACS = 0.56
# Set-up of the loop over channel pairs, as a share of an output pixel; and that of a last odd channel.
NO_PAIR_PIXEL = -0.31
ODD_CHANNEL_PIXEL = 0.10
# For inputs that do not fill the last word, by count modulo 4, per step of the scalar loop: its entry (pair, odd
# channel), the unaligned weights of each full step (pair, odd channel), and the bytes left over of each copied tap.
REST_ENTRY = (0.0, 0.32, 1.03, 0.0)
REST_ENTRY_ODD_CHANNEL = (0.0, 0.085, 0.085, 0.085)
REST_STEP_ODD_CHANNEL = 0.3
UNALIGNED_STEP = (0.0, 0.42, 0.13, 0.55)
UNALIGNED_STEP_ODD_CHANNEL = (0.0, 0.345, 0.09, 0.345)
REST_COPY = (0.0, 0.52, 0.87, 1.035)
# 1x1 kernel: summing the weights for the input offset, per weight, as a share of a 16-input step; set-up of an output
# channel, as a share of an output element.
OFFSET_SUM_PER_WEIGHT = 0.045
CHANNEL_SETUP = 1.3

# Kernels that boards have coefficients for.
FEATURE_NAMES = {
    CONV2D: (
        "call",
        "output_pixels",
        "kernel_rows",
        "valid_taps",
        "padded_inputs",
        "copied_words",
        "output_elements",
        "mac_steps",
        "remainder_steps",
        "cache_misses",
    ),
    CONV2D_1X1: ("call", "output_elements", "mac_steps", "remainder_steps", "cache_misses", "line_misses"),
    Add.kind: ("call", "elements"),
    GlobalAveragePooling2D.kind: ("call", "elements"),
    Softmax.kind: ("call", "elements"),
}


def uses_1x1_kernel(op: Conv2D) -> bool:
    """Returns whether CMSIS-NN runs this convolution with its 1x1 kernel, which needs no im2col and no scratch."""
    taps_and_steps = op.kernel_h, op.kernel_w, op.stride_h, op.stride_w, op.dilation_h, op.dilation_w
    return set(taps_and_steps) == {1} and op.in_c % 4 == 0


def op_features(op: Op) -> tuple[str, tuple[float, ...]]:
    """Returns the kernel that runs an operator, and how often it does each of its steps.

    Args:
        op: operator descriptor.

    Returns:
        (key of `FEATURE_NAMES`, or of `tsnas.cost.depthwise.DEPTHWISE_FEATURE_NAMES` for a depthwise convolution;
        counts in the order of those names); all counts are >= 0. Any other operator without measurements is counted in
        the steps of a measured kernel; see `tsnas.cost.derived`.

    Raises:
        TypeError: `op` is not a descriptor of `tsnas.graph.ops`.

    Example:
        >>> op_features(Softmax(6))
        ('softmax', (1.0, 6))
    """
    if isinstance(op, Conv2D):
        return _conv2d_features(op)
    if isinstance(op, OtherOp):
        return derived_features(op)
    if isinstance(op, (Add, GlobalAveragePooling2D)):
        return op.kind, (1.0, op.h * op.w * op.c)
    if isinstance(op, Softmax):
        return op.kind, (1.0, op.c)
    if isinstance(op, DepthwiseConv2D):
        return depthwise_features(op)
    return derived_features(op)


def derived_features(op: Op) -> tuple[str, tuple[float, ...]]:
    """Returns the steps that `derived_steps` counts for an operator without measurements, in the form of `op_features`.

    Args:
        op: operator descriptor.

    Returns:
        (key of `FEATURE_NAMES`, counts in the order of those names).

    Raises:
        TypeError: `op` is not such a descriptor.
    """
    steps = derived_steps(op)
    return CONV2D, tuple(steps.get(name, 0.0) for name in FEATURE_NAMES[CONV2D])


def basis(op: Op) -> str:
    """Returns the basis of the figures of an operator.

    Args:
        op: operator descriptor.

    Returns:
        `"model"`: the kernel was fitted to measurements that cover such shapes; `"extrapolated"`: it was fitted, but
        nothing like this shape was measured (valid padding, other kernels and strides, an odd number of output
        pixels, more than 64 channels, an odd number of filters in a 1x1 convolution); `"emulated"`: no board has
        measured it, but its instructions were counted on an emulated core (a dilation, a depthwise convolution);
        `"derived"`: neither.

    Example:
        >>> basis(Conv2D(32, 4, 8, 8, 3, 1)), basis(Conv2D(32, 4, 8, 8, 3, 3)), basis(Reshape((4, 2, 8), (1, 1, 64)))
        ('model', 'extrapolated', 'derived')
        >>> basis(Conv2D(32, 1, 8, 8, 3, 1, dilation_h=4)), basis(DepthwiseConv2D(32, 1, 8, 1, 3, 1))
        ('emulated', 'emulated')
    """
    if isinstance(op, DepthwiseConv2D) or (isinstance(op, Conv2D) and is_dilated(op)):
        return "emulated"
    if op.kind in DERIVED_KINDS or isinstance(op, GroupedConv2D | BatchedConv2D | OtherOp):
        return "derived"
    if not isinstance(op, Conv2D):
        return "model"
    out_h, out_w, out_c = op.out_shape
    kernel, strides = (op.kernel_h, op.kernel_w), (op.stride_h, op.stride_w)
    covered = (
        (op.padding == "same" or kernel == (1, 1))
        and (kernel in MEASURED_TIME_KERNELS or (op.kernel_h == 1 and op.kernel_w <= MOST_SENSORS))
        and strides in MEASURED_STRIDES
        and out_h * out_w % 2 == 0
        and max(op.in_c, out_c) <= MOST_CHANNELS
        and not (uses_1x1_kernel(op) and out_c % 2)
    )
    return "model" if covered else "extrapolated"


def _conv2d_features(op: Conv2D) -> tuple[str, tuple[float, ...]]:
    out_h, taps_h = valid_taps(op.in_h, op.kernel_h, op.stride_h, op.padding, op.dilation_h)
    out_w, taps_w = valid_taps(op.in_w, op.kernel_w, op.stride_w, op.padding, op.dilation_w)
    pixels = out_h * out_w
    # A last odd pixel goes through a loop of its own that costs about as much as a pair.
    pixel_pairs = (pixels + 1) // 2
    depth = op.kernel_h * op.kernel_w * op.in_c
    weight_reads = pixel_pairs * op.weights
    miss_share = (op.weights - CACHE_FREE_BYTES) / (CACHE_FULL_BYTES - CACHE_FREE_BYTES)
    cache_misses = weight_reads * min(max(miss_share, 0.0), 1.0)
    if uses_1x1_kernel(op):
        return CONV2D_1X1, (
            *_conv2d_1x1_steps(op, pixels, pixel_pairs, depth),
            cache_misses,
            weight_reads * (2 * depth >= FLASH_DATA_CACHE_BYTES),
        )
    taps = taps_h * taps_w
    return CONV2D, (
        1.0,
        pixels * (1.0 + NO_PAIR_PIXEL * (op.out_c == 1) + ODD_CHANNEL_PIXEL * (op.out_c % 2)),
        pixels * op.kernel_h,
        taps,
        (pixels * op.kernel_h * op.kernel_w - taps) * op.in_c,
        taps * (op.in_c // 4),
        pixels * op.out_c,
        pixel_pairs * _channel_pairs(op.out_c) * (depth // 4),
        _remainder_steps(op, pixel_pairs, depth) + taps * REST_COPY[op.in_c % 4],
        cache_misses,
    )


def _conv2d_1x1_steps(op: Conv2D, pixels: int, pixel_pairs: int, depth: int) -> tuple[float, ...]:
    steps = pixel_pairs * _channel_pairs(op.out_c)
    return (
        1.0,
        (pixels + CHANNEL_SETUP) * op.out_c,
        steps * (depth // 16) + OFFSET_SUM_PER_WEIGHT * op.weights,
        steps * (depth % 16),
    )


def _remainder_steps(op: Conv2D, pixel_pairs: int, depth: int) -> float:
    """Steps for the inputs that four at a time leave over, and for the weights that they leave unaligned."""
    full, rest = divmod(depth, 4)
    pair = rest + REST_ENTRY[rest] + full * UNALIGNED_STEP[rest]
    odd = REST_STEP_ODD_CHANNEL * rest + REST_ENTRY_ODD_CHANNEL[rest] + full * UNALIGNED_STEP_ODD_CHANNEL[rest]
    return pixel_pairs * (op.out_c // 2 * pair + op.out_c % 2 * odd)


def _channel_pairs(out_c: int) -> float:
    return out_c // 2 + ODD_CHANNEL_MACS * (out_c % 2)
