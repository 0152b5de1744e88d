"""Smoothing of answers, against a slow version that keeps the last windows of a stream."""

import collections

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scale import scaled

from tsnas.data import Signal, delay_of, smooth_answers, smooth_rejections
from tsnas.data.smoothing import smoothing_note


def slow_answers(levels, rejected, k):
    """Window by window, as a device would."""
    last = collections.deque(maxlen=k)
    for row, is_rejected in zip(levels, rejected, strict=True):
        last.append((row, is_rejected))
        counted = [own for own, out in last if not out]
        means = [sum(int(own[i]) for own in counted) / max(len(counted), 1) for i in range(len(row))]
        outs = sum(out for _, out in last)
        yield means, 2 * outs > len(last) or (2 * outs == len(last) and is_rejected)


@settings(deadline=None, max_examples=scaled(60))
@given(st.integers(0, 25), st.integers(1, 9), st.integers(2, 5), st.floats(0, 1), st.integers(0, 99))
def test_answers_are_those_of_a_slow_version(windows, k, classes, share, seed):
    rng = np.random.default_rng(seed)
    levels = rng.integers(0, 256, (windows, classes))
    rejected = rng.random(windows) < share
    means, outs = smooth_answers(levels, k, rejected), smooth_rejections(rejected, k)
    assert [(row.tolist(), bool(out)) for row, out in zip(means, outs, strict=True)] == list(
        slow_answers(levels, rejected.tolist(), k)
    )
    np.testing.assert_array_equal(smooth_answers(levels, k), smooth_answers(levels, k, np.zeros(windows, bool)))


def test_one_window_alone_is_as_it_was():
    rng = np.random.default_rng(0)
    probabilities, rejected = rng.random((9, 3)), rng.random(9) < 0.5
    np.testing.assert_array_equal(smooth_answers(probabilities, 1), probabilities)
    np.testing.assert_array_equal(smooth_rejections(rejected, 1), rejected)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_the_delay_is_that_of_a_change(k):
    """Once no window from before it counts, the probabilities are those of the new class alone."""
    levels = np.repeat(np.eye(2), 20, axis=0)
    means = smooth_answers(levels, k)[20:]
    assert int(np.flatnonzero(means[:, 1] == 1)[0]) == delay_of(k).worst
    assert delay_of(k, 40.0).mean == pytest.approx(np.arange(k).mean() * 40)


def test_the_delay_is_told_in_the_unit_that_is_known():
    assert smoothing_note(1, None) == ""
    assert "by 2 strides in the mean and 4 strides at most" in smoothing_note(5, Signal(window=64))
    assert "by 640 ms in the mean and 1280 ms at most" in smoothing_note(5, Signal(window=64, stride=32, rate_hz=100))
