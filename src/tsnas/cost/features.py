"""What each operator makes its kernel do, as counts: the inputs of the latency model.

Fitting (`tsnas.cost.fit`) and prediction (`tsnas.cost.latency`) both call `op_features`, so they cannot drift apart.
The counts follow the loops of the CMSIS-NN int8 kernels: a convolution copies the taps of each output pixel into a
buffer (im2col), multiplies two output pixels with two output channels at a time, four inputs per step, and requantises
each output element; a 1x1 convolution with stride 1 skips the copy.
"""

from __future__ import annotations

import functools

from tsnas.cost.ops import Add, Conv2D, GlobalAveragePooling2D, Op, Softmax

CONV2D = "conv2d"
CONV2D_1X1 = "conv2d_1x1"
# Key of the interpreter's overhead per kind of operator, beside the kernels' coefficients.
INVOKE = "invoke"

# Work of an odd output channel, as a share of that of a pair: it cannot share its loads with a neighbour.
ODD_CHANNEL = 0.57
# Weights, in bytes, from which an instruction and data cache begins to miss, and above which it always misses.
CACHE_FREE_BYTES = 1500
CACHE_FULL_BYTES = 16000

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
    CONV2D_1X1: ("call", "output_elements", "mac_steps", "remainder_steps", "cache_misses"),
    Add.kind: ("call", "words", "remainder_elements"),
    GlobalAveragePooling2D.kind: ("call", "input_elements", "output_elements"),
    Softmax.kind: ("call", "elements"),
}


@functools.lru_cache(maxsize=4096)
def valid_taps(in_size: int, kernel: int, stride: int, padding: str) -> tuple[int, int]:
    """Output length of one axis, and how many (output, kernel tap) pairs of it read inside the input.

    Args:
        in_size: int, length of the input axis.
        kernel: int, length of the kernel along it.
        stride: int, its stride.
        padding: `"same"` or `"valid"`.

    Returns:
        (output length, taps that read inside the input).

    Example:
        >>> valid_taps(4, 3, 1, "same")
        (4, 10)
    """
    if padding == "valid":
        out_size = -(-(in_size - kernel + 1) // stride)
        return out_size, out_size * kernel
    out_size = -(-in_size // stride)
    pad_before = max((out_size - 1) * stride + kernel - in_size, 0) // 2
    taps = 0
    for k in range(kernel):
        first = max(0, -((k - pad_before) // stride))
        last = min(out_size - 1, (in_size - 1 + pad_before - k) // stride)
        taps += max(0, last - first + 1)
    return out_size, taps


def uses_1x1_kernel(op: Conv2D) -> bool:
    """Whether CMSIS-NN runs this convolution with its kernel for 1x1, which needs no im2col and no scratch."""
    return op.kernel_h == op.kernel_w == op.stride_h == op.stride_w == 1 and op.in_c % 4 == 0


def op_features(op: Op) -> tuple[str, tuple[float, ...]]:
    """Kernel that runs an operator, and how often it does each of its steps.

    Args:
        op: operator descriptor.

    Returns:
        (key of `FEATURE_NAMES`, counts in the order of those names); all counts are >= 0.

    Raises:
        TypeError: `op` is not a descriptor of `tsnas.cost.ops`.

    Example:
        >>> op_features(Softmax(6))
        ('softmax', (1.0, 6))
    """
    if isinstance(op, Conv2D):
        return _conv2d_features(op)
    if isinstance(op, Add):
        elements = op.h * op.w * op.c
        return op.kind, (1.0, elements // 4, elements % 4)
    if isinstance(op, GlobalAveragePooling2D):
        return op.kind, (1.0, op.h * op.w * op.c, op.c)
    if isinstance(op, Softmax):
        return op.kind, (1.0, op.c)
    raise TypeError(f"{op!r} is no operator descriptor; use Conv2D, Add, GlobalAveragePooling2D or Softmax.")


def _conv2d_features(op: Conv2D) -> tuple[str, tuple[float, ...]]:
    out_h, taps_h = valid_taps(op.in_h, op.kernel_h, op.stride_h, op.padding)
    out_w, taps_w = valid_taps(op.in_w, op.kernel_w, op.stride_w, op.padding)
    pixels = out_h * out_w
    taps = taps_h * taps_w
    depth = op.kernel_h * op.kernel_w * op.in_c
    # A last odd pixel goes through a loop of its own that costs about as much as a pair.
    pixel_pairs = (pixels + 1) // 2
    weight_bytes = depth * op.out_c
    miss = min(max((weight_bytes - CACHE_FREE_BYTES) / (CACHE_FULL_BYTES - CACHE_FREE_BYTES), 0.0), 1.0)
    cache_misses = pixel_pairs * weight_bytes * miss
    channel_pairs = op.out_c // 2 + ODD_CHANNEL * (op.out_c % 2)

    if uses_1x1_kernel(op):
        steps = pixel_pairs * channel_pairs
        return CONV2D_1X1, (1.0, pixels * op.out_c, steps * (depth // 16), steps * (depth % 16), cache_misses)

    steps = pixel_pairs * channel_pairs
    depth_rest = depth % 4
    misalignment = 0.0 if depth_rest == 0 else 3.5 if depth % 2 else 1.0
    remainder = (
        steps * depth_rest
        + 0.3 * taps * (op.in_c % 4)
        + 0.2 * steps * (depth // 4) * misalignment
        + 0.5 * pixel_pairs * op.out_c * (depth_rest != 0)
    )
    return CONV2D, (
        1.0,
        pixels,
        pixels * op.kernel_h,
        taps,
        (pixels * op.kernel_h * op.kernel_w - taps) * op.in_c,
        taps * (op.in_c // 4),
        pixels * op.out_c,
        steps * (depth // 4),
        remainder,
        cache_misses,
    )
