"""The hardware losses of the search: nothing inside the limits, the log of the excess beyond them."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tsnas.cost.limits import Limits
from tsnas.space.supernet import ExpectedCosts


def excess_loss(value, limit: float | None, gamma: float):
    """gamma * log(value / limit) where value is at or above limit, else 0.

    Args:
        value: scalar tensor, expected cost.
        limit: float or None, upper limit in the same unit; None is no limit and no loss.
        gamma: float, weight of the loss.

    Returns:
        Scalar float32 tensor.

    Source: equation 3 of the paper and the two that follow it.
    """
    if limit is None:
        return tf.zeros(())
    return gamma * tf.nn.relu(tf.math.log(value / limit))


class HardwareLoss:
    """Sum of the excess losses of latency, RAM and flash.

    Args:
        limits: `Limits` to keep.
        latency_weight: float, gamma of the latency. Defaults to 2, as in the paper.
        memory_weight: float, gamma of RAM and of flash. Defaults to 4, as in the paper.

    Call arguments:
        costs: `ExpectedCosts`.

    Returns:
        Scalar float32 tensor.
    """

    def __init__(self, limits: Limits, latency_weight: float = 2.0, memory_weight: float = 4.0):
        self.limits = limits
        self.latency_weight = latency_weight
        self.memory_weight = memory_weight

    def __call__(self, costs: ExpectedCosts) -> Any:
        return (
            excess_loss(costs.latency_ms, self.limits.max_latency_ms, self.latency_weight)
            + excess_loss(costs.ram_bytes, self.limits.max_ram_bytes, self.memory_weight)
            + excess_loss(costs.flash_bytes, self.limits.max_flash_bytes, self.memory_weight)
        )
