"""The hardware losses against the formula of the paper."""

import dataclasses
import math

import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from tsnas.cost.board import load_board
from tsnas.cost.limits import Limits
from tsnas.search.objective import HardwareLoss, excess_loss
from tsnas.space.supernet import ExpectedCosts


@given(value=st.floats(0.1, 1e4), limit=st.floats(0.1, 1e4), gamma=st.floats(0.1, 10))
def test_excess_is_the_log_of_the_ratio_beyond_the_limit(value, limit, gamma):
    slow = gamma * math.log(value / limit) if value >= limit else 0.0
    assert float(excess_loss(tf.constant(value), limit, gamma)) == pytest.approx(slow, rel=1e-3, abs=1e-4)


def test_no_limit_no_loss():
    assert float(excess_loss(tf.constant(5.0), None, 2.0)) == 0.0


def test_losses_add_up_with_the_weights_of_the_paper():
    costs = ExpectedCosts(tf.constant(60.0), tf.constant(2 * 64 * 1024.0), tf.constant(100.0))
    loss = HardwareLoss(Limits(30, 64, 1).on("nucleo_f446re"))
    assert float(loss(costs)) == pytest.approx((2 + 4) * math.log(2), rel=1e-5)


def test_energy_counts_as_the_latency_that_it_allows():
    board = dataclasses.replace(load_board("nucleo_f446re"), active_power_mw=100.0)
    loss = HardwareLoss(Limits(max_energy_mj=2).on(board))
    # 2 mJ at 100 mW last 20 ms.
    costs = ExpectedCosts(tf.constant(60.0), tf.constant(1.0), tf.constant(1.0))
    assert float(loss(costs)) == pytest.approx(2 * math.log(3), rel=1e-5)


def test_gradient_pushes_only_what_is_over():
    latency_ms, ram_bytes = tf.Variable(60.0), tf.Variable(10.0)
    with tf.GradientTape() as tape:
        loss = HardwareLoss(Limits(30, 64).on("nucleo_f446re"))(ExpectedCosts(latency_ms, ram_bytes, tf.constant(1.0)))
    by_latency, by_ram = tape.gradient(loss, [latency_ms, ram_bytes])
    assert float(by_latency) == pytest.approx(2 / 60)
    assert float(by_ram) == 0.0
