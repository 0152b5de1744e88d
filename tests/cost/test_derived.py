"""Operators without measurements: their steps are counted by hand, grow with every size, and are never nothing."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scale import scaled

from tsnas.cost.board import load_board
from tsnas.cost.derived import derived_steps
from tsnas.cost.features import FEATURE_NAMES, basis
from tsnas.cost.latency import op_cycles
from tsnas.cost.relative import known_boards
from tsnas.graph.ops import (
    DERIVED_KINDS,
    Add,
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    GlobalAveragePooling2D,
    MaxPool2D,
    Pad,
    Reshape,
    Softmax,
)

OPS = [
    DepthwiseConv2D(16, 4, 8, 1, 3, 1),
    DepthwiseConv2D(16, 4, 8, 2, 3, 1),
    FullyConnected(64, 16),
    MaxPool2D(16, 4, 8, 2, 1, 2, 1),
    AveragePool2D(16, 4, 8, 2, 1, 2, 1),
    Reshape((16, 4, 8), (1, 1, 512)),
    Pad(16, 4, 8, 1, 2),
]


def test_steps_of_a_depthwise_convolution():
    # 3 taps over 16 samples with SAME padding: 2 of 48 miss, over 4 sensors.
    assert derived_steps(DepthwiseConv2D(16, 4, 8, 1, 3, 1)) == {
        "call": 1,
        "output_pixels": 64,
        "output_elements": 512,
        "kernel_rows": 192,
        "valid_taps": 46 * 4,
        "padded_inputs": 2 * 4 * 8,
        "copied_words": 46 * 4 * 2,
        "mac_steps": pytest.approx(0.65 * 64 * 2 * 2),
    }


def test_a_dilated_depthwise_convolution_runs_the_general_kernel():
    dilated, general = (
        derived_steps(DepthwiseConv2D(16, 4, 8, multiplier, 3, 1, dilation_h=dilation))
        for multiplier, dilation in ((1, 2), (2, 1))
    )
    assert set(dilated) == set(general)
    assert dilated["remainder_steps"] == general["remainder_steps"] / 2 == 64 * 3 * 8


def test_steps_of_a_matrix_product_are_those_of_a_convolution_of_one_pixel():
    steps = derived_steps(FullyConnected(64, 16))
    assert steps["mac_steps"] == 64 * 16 / 16
    assert steps["output_elements"] == 16


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.kind)
def test_steps_have_coefficients_and_every_board_has_a_figure(op):
    assert set(derived_steps(op)) <= set(FEATURE_NAMES["conv2d"])
    assert min(derived_steps(op).values()) >= 0
    for name in known_boards():
        assert op_cycles(op, load_board(name)) > op_cycles(Softmax(1), load_board(name)) / 10
    assert basis(op) == ("emulated" if isinstance(op, DepthwiseConv2D) else "derived")


def test_all_kinds_are_covered():
    assert {op.kind for op in OPS} == set(DERIVED_KINDS)


@settings(max_examples=scaled(40), deadline=None, derandomize=True)
@given(st.integers(0, 4), st.integers(7, 20), st.integers(1, 6), st.integers(1, 16))
def test_more_work_never_costs_less(kind, h, w, c):
    board = load_board("nucleo_f446re")

    def op(h, c):
        return [
            DepthwiseConv2D(h, w, c, 1, 3, 1),
            FullyConnected(h * c, 2 * c),
            MaxPool2D(h, w, c, 3, 1),
            AveragePool2D(h, w, c, 3, 1),
            Pad(h, w, c, 1, 1),
        ][kind]

    assert op_cycles(op(h, c), board) < op_cycles(op(h + 4, c), board)
    assert op_cycles(op(h, c), board) < op_cycles(op(h, c + 4), board)


def test_depthwise_costs_less_than_the_full_convolution_and_more_per_mac():
    board = load_board("nucleo_f446re")
    full, depthwise = Conv2D(32, 4, 16, 16, 5, 1), DepthwiseConv2D(32, 4, 16, 1, 5, 1)
    assert op_cycles(depthwise, board) < op_cycles(full, board)
    assert op_cycles(depthwise, board) / depthwise.macs > op_cycles(full, board) / full.macs


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        (Conv2D(32, 4, 8, 8, 3, 1), "model"),
        (Conv2D(32, 9, 8, 8, 1, 9, 1, 2), "model"),
        (Conv2D(32, 4, 8, 8, 1, 1, padding="valid"), "model"),
        (Add(8, 4, 4), "model"),
        (GlobalAveragePooling2D(8, 4, 4), "model"),
        (Softmax(4), "model"),
        (Conv2D(32, 4, 8, 8, 3, 1, padding="valid"), "extrapolated"),
        (Conv2D(32, 4, 8, 8, 3, 3), "extrapolated"),
        (Conv2D(32, 4, 8, 8, 3, 1, 3, 1), "extrapolated"),
        (Conv2D(31, 3, 8, 8, 3, 1), "extrapolated"),
        (Conv2D(32, 4, 8, 72, 3, 1), "extrapolated"),
        (Conv2D(32, 4, 72, 8, 3, 1), "extrapolated"),
        (Conv2D(32, 4, 8, 8, 3, 1, dilation_h=2), "emulated"),
        (DepthwiseConv2D(32, 4, 8, 1, 3, 1, dilation_h=2), "emulated"),
        (DepthwiseConv2D(32, 4, 8, 1, 3, 1), "emulated"),
    ],
)
def test_what_stands_behind_a_figure(op, expected):
    assert basis(op) == expected


def test_measured_operators_are_no_derived_ones():
    with pytest.raises(TypeError, match="is not an operator descriptor"):
        derived_steps(dataclasses.replace(Conv2D(8, 4, 4, 8, 3, 1)))
