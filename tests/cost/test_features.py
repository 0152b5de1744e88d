"""Counts of kernel steps, against slow counts written out loop by loop."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scale import scaled

from tsnas.cost.features import FEATURE_NAMES, op_features, uses_1x1_kernel
from tsnas.cost.taps import valid_taps
from tsnas.graph.ops import MEASURED_KINDS, Add, Conv2D, GlobalAveragePooling2D, Softmax
from tsnas.graph.shapes import conv_output_size

sizes = st.integers(1, 12)


@st.composite
def convolutions(draw):
    padding = draw(st.sampled_from(["same", "valid"]))
    in_h, in_w = draw(sizes), draw(sizes)
    kernel_h, kernel_w = draw(sizes), draw(sizes)
    dilation_h, dilation_w = draw(st.sampled_from([(1, 1), (2, 1), (3, 1), (8, 1), (1, 2), (2, 3)]))
    if padding == "valid":
        kernel_h, kernel_w = min(kernel_h, (in_h - 1) // dilation_h + 1), min(kernel_w, (in_w - 1) // dilation_w + 1)
    strides = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    window = kernel_h, kernel_w, *strides, padding
    return Conv2D(in_h, in_w, draw(sizes), draw(sizes), *window, dilation_h=dilation_h, dilation_w=dilation_w)


def counted_by_loops(op):
    """Taps inside and outside the input, one output pixel and one tap at a time."""
    out_h, out_w, _ = op.out_shape
    top = left = 0
    if op.padding == "same":
        last_row = (out_h - 1) * op.stride_h + (op.kernel_h - 1) * op.dilation_h
        last_column = (out_w - 1) * op.stride_w + (op.kernel_w - 1) * op.dilation_w
        top, left = max(last_row + 1 - op.in_h, 0) // 2, max(last_column + 1 - op.in_w, 0) // 2
    image = np.ones((op.in_h, op.in_w), dtype=int)
    inside = outside = 0
    for y in range(out_h):
        for x in range(out_w):
            for dy in range(op.kernel_h):
                for dx in range(op.kernel_w):
                    row = y * op.stride_h + dy * op.dilation_h - top
                    column = x * op.stride_w + dx * op.dilation_w - left
                    if 0 <= row < op.in_h and 0 <= column < op.in_w:
                        inside += image[row, column]
                    else:
                        outside += 1
    return inside, outside


@settings(max_examples=scaled(60), deadline=None, derandomize=True)
@given(convolutions())
def test_taps_and_output_shape_match_loops(op):
    inside, outside = counted_by_loops(op)
    out_h, taps_h = valid_taps(op.in_h, op.kernel_h, op.stride_h, op.padding, op.dilation_h)
    out_w, taps_w = valid_taps(op.in_w, op.kernel_w, op.stride_w, op.padding, op.dilation_w)
    assert (out_h, out_w) == op.out_shape[:2]
    assert taps_h * taps_w == inside
    if not uses_1x1_kernel(op):
        kernel, counts = op_features(op)
        named = dict(zip(FEATURE_NAMES[kernel], counts, strict=True))
        assert named["valid_taps"] == inside
        assert named["padded_inputs"] == outside * op.in_c
        assert named["output_elements"] == np.prod(op.out_shape)


@settings(max_examples=scaled(60), deadline=None, derandomize=True)
@given(convolutions())
def test_counts_are_never_negative(op):
    kernel, counts = op_features(op)
    assert len(counts) == len(FEATURE_NAMES[kernel])
    assert min(counts) >= 0


def test_output_size_of_valid_padding_counts_whole_kernels():
    starts = range(0, 10 - 4 + 1, 3)
    assert conv_output_size(10, 4, 3, "valid") == len(starts)


def test_odd_pixels_cost_a_pair():
    odd = dict(zip(FEATURE_NAMES["conv2d"], op_features(Conv2D(3, 1, 4, 8, 3, 1))[1], strict=True))
    even = dict(zip(FEATURE_NAMES["conv2d"], op_features(Conv2D(4, 1, 4, 8, 3, 1))[1], strict=True))
    assert odd["mac_steps"] == even["mac_steps"] == 2 * 4 * 3
    assert odd["output_elements"] < even["output_elements"]


def test_1x1_kernel_needs_stride_1_and_whole_words():
    assert uses_1x1_kernel(Conv2D(8, 4, 4, 8, 1, 1))
    assert not uses_1x1_kernel(Conv2D(8, 4, 4, 8, 1, 1, stride_w=2))
    assert not uses_1x1_kernel(Conv2D(8, 4, 6, 8, 1, 1))
    assert not uses_1x1_kernel(Conv2D(8, 4, 4, 8, 1, 2))
    # CMSIS-NN looks at the dilation, not at whether it makes a difference.
    assert not uses_1x1_kernel(Conv2D(8, 4, 4, 8, 1, 1, dilation_h=2))


def named_features(op):
    kernel, counts = op_features(op)
    return dict(zip(FEATURE_NAMES[kernel], counts, strict=True))


def test_a_dilated_convolution_does_as_much_but_reads_more_padding():
    plain, dilated = (named_features(Conv2D(32, 2, 8, 8, 5, 1, dilation_h=dilation)) for dilation in (1, 4))
    differing = {name for name in plain if plain[name] != dilated[name]}
    assert differing == {"valid_taps", "padded_inputs", "copied_words"}
    # Taps at -8, -4, 0, 4 and 8 miss at eight and at four samples on either side.
    assert dilated["valid_taps"] == (5 * 32 - 2 * (8 + 4)) * 2
    assert dilated["padded_inputs"] == 2 * (8 + 4) * 2 * 8


def test_a_window_shorter_than_the_kernel_s_span_leaves_the_taps_in_the_middle():
    # Of taps at -16, 0 and 16 around eight samples, only that in the middle reads inside.
    assert valid_taps(8, 3, 1, "same", dilation=16) == (8, 8)
    assert named_features(Conv2D(8, 1, 4, 4, 3, 1, dilation_h=16))["padded_inputs"] == 2 * 8 * 4


def test_every_kind_of_operator_has_features():
    ops = (Conv2D(8, 4, 4, 8, 3, 1), Add(8, 4, 3), GlobalAveragePooling2D(8, 4, 3), Softmax(5))
    assert tuple(op_features(op)[0] for op in ops) == MEASURED_KINDS


def test_foreign_object_is_refused_by_name():
    with pytest.raises(TypeError, match=r"'dense' is not an operator descriptor; use those of tsnas.graph.ops"):
        op_features("dense")
