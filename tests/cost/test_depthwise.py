"""Steps of depthwise convolutions: those of loops that walk over every tap, for the kernel that CMSIS-NN chooses."""

from collections import Counter

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scale import scaled

from tsnas.cost.depthwise import DEPTHWISE_FEATURE_NAMES, depthwise_features, depthwise_kernel
from tsnas.cost.features import op_features
from tsnas.graph.ops import DepthwiseConv2D
from tsnas.graph.shapes import padding_before


@pytest.mark.parametrize(
    ("op", "kernel"),
    [
        (DepthwiseConv2D(32, 1, 8, 1, 9, 1), "depthwise_conv2d"),
        (DepthwiseConv2D(32, 4, 8, 1, 3, 1, 2, 2), "depthwise_conv2d"),
        (DepthwiseConv2D(32, 4, 8, 1, 3, 3), "depthwise_conv2d_3x3"),
        (DepthwiseConv2D(32, 4, 8, 4, 3, 3), "depthwise_conv2d_by_four"),
        (DepthwiseConv2D(32, 4, 1, 8, 9, 1), "depthwise_conv2d_by_four"),
        (DepthwiseConv2D(32, 4, 8, 2, 3, 3), "depthwise_conv2d_general"),
        (DepthwiseConv2D(32, 4, 8, 6, 9, 1), "depthwise_conv2d_general"),
        (DepthwiseConv2D(32, 4, 8, 1, 3, 3, dilation_h=2), "depthwise_conv2d_general"),
        (DepthwiseConv2D(32, 4, 8, 4, 9, 1, dilation_w=2), "depthwise_conv2d_general"),
    ],
)
def test_the_kernel_is_the_one_that_cmsis_nn_chooses(op, kernel):
    assert depthwise_kernel(op) == depthwise_features(op)[0] == op_features(op)[0] == kernel


def named(op):
    kernel, counts = depthwise_features(op)
    return dict(zip(DEPTHWISE_FEATURE_NAMES[kernel], counts, strict=True))


def test_steps_of_the_fast_kernel():
    # Ten channels are two groups of four, and two alone. Of 3 taps over 16 samples, 2 miss on each of 2 channels.
    assert named(DepthwiseConv2D(16, 2, 10, 1, 3, 1)) == {
        "call": 1,
        "output_rows": 16,
        "output_pixels": 32,
        "kernel_rows": 46 * 2,
        "valid_taps": 46 * 2,
        "padded_inputs": 2 * 2 * 10,
        "copied_words": 46 * 2 * 2,
        "copied_rest": 46 * 2 * 2,
        "channel_groups": 32 * 2,
        "mac_steps": 32 * 2,
        "odd_taps": 32 * 2,
        "rest_channels": 32 * 2,
        "rest_macs": 32 * 2 * 3,
    }


sizes, kernels, strides, dilations = st.integers(1, 7), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3)
convolutions = st.builds(
    DepthwiseConv2D,
    *(sizes, sizes, st.integers(1, 9), st.sampled_from([1, 1, 2, 4])),
    *(kernels, kernels, strides, strides, st.sampled_from(["same", "valid"]), st.just("relu"), dilations, dilations),
)


def walked(op):
    """Pixels, rows of the kernel and taps that loops over the image find inside it, and taps outside."""
    found = Counter()
    out_h, out_w, _ = op.out_shape
    same = op.padding == "same"
    top = same * padding_before(op.in_h, out_h, op.kernel_h, op.stride_h, op.dilation_h)
    left = same * padding_before(op.in_w, out_w, op.kernel_w, op.stride_w, op.dilation_w)
    for y in range(out_h):
        for x in range(out_w):
            found["pixels"] += 1
            for dy in range(op.kernel_h):
                row_inside = 0 <= y * op.stride_h + dy * op.dilation_h - top < op.in_h
                found["rows"] += row_inside
                for dx in range(op.kernel_w):
                    inside = row_inside and 0 <= x * op.stride_w + dx * op.dilation_w - left < op.in_w
                    found["taps"] += inside
                    found["outside"] += not inside
    return found


@settings(max_examples=scaled(150), deadline=None, derandomize=True)
@given(convolutions)
def test_steps_are_those_of_loops(op):
    assume(min(op.out_shape) > 0)
    found, steps, kernel = walked(op), named(op), depthwise_kernel(op)
    assert min(steps.values()) >= 0
    assert steps["output_rows"] == op.out_shape[0]
    assert steps["output_pixels"] == found["pixels"]
    if kernel == "depthwise_conv2d":
        assert (steps["kernel_rows"], steps["valid_taps"]) == (found["rows"], found["taps"])
        assert steps["padded_inputs"] == found["outside"] * op.in_c
        assert 4 * steps["copied_words"] + steps["copied_rest"] == found["taps"] * op.in_c
        assert 4 * steps["channel_groups"] + steps["rest_channels"] == found["pixels"] * op.in_c
        # A step takes two taps of four channels.
        assert 8 * steps["mac_steps"] + 4 * steps["odd_taps"] + steps["rest_macs"] == op.macs
    else:
        filters = {
            "depthwise_conv2d_3x3": op.in_c // 4,
            "depthwise_conv2d_by_four": op.out_c // 4,
            "depthwise_conv2d_general": op.out_c,
        }[kernel]
        prefix = "element" if kernel == "depthwise_conv2d_general" else "group"
        assert steps[f"{prefix}_rows"] == found["rows"] * filters
        assert steps[f"{prefix}_taps"] == found["taps"] * filters
    if kernel == "depthwise_conv2d_3x3":
        assert steps["rest_taps"] == found["taps"] * (op.in_c % 4)
