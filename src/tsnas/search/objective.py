"""Hardware losses of the differentiable search: zero within the limits, the log of the excess beyond them."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from tsnas.cost.bounds import Bounds
from tsnas.space.supernet import ExpectedCosts


def excess_loss(value, limit: float | None, gamma: float):
    """Returns gamma * log(value / limit) if `value` is above `limit`, else 0.

    Args:
        value: scalar tensor, expected cost.
        limit: float or None, upper limit in the same unit; without one there is no loss.
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
        bounds: `Bounds` to keep.
        latency_weight: float, gamma of latency. Defaults to 2, as in the paper.
        memory_weight: float, gamma of RAM and of flash. Defaults to 4, as in the paper.

    Call arguments:
        costs: `ExpectedCosts`.
        relaxation: float scalar, factor by which all limits are raised. Defaults to 1.

    Returns:
        Scalar float32 tensor.
    """

    def __init__(self, bounds: Bounds, latency_weight: float = 2.0, memory_weight: float = 4.0):
        self.bounds = bounds
        self._weights = (latency_weight, memory_weight, memory_weight)

    def __call__(self, costs: ExpectedCosts, relaxation: Any = 1.0) -> Any:
        return sum(
            excess_loss(cost, None if math.isinf(most) else most * relaxation, weight)
            for cost, most, weight in zip(costs, self.bounds.upper, self._weights, strict=True)
        )
