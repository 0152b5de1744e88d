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
        limits: `Limits` to keep; of the energy counts the latency that `Limits.tightest_with` makes of it.
        latency_weight: float, gamma of the latency. Defaults to 2, as in the paper.
        memory_weight: float, gamma of RAM and of flash. Defaults to 4, as in the paper.

    Call arguments:
        costs: `ExpectedCosts`.
        slack: float scalar, factor by which all limits are loosened. Defaults to 1.

    Returns:
        Scalar float32 tensor.
    """

    def __init__(self, limits: Limits, latency_weight: float = 2.0, memory_weight: float = 4.0):
        self.limits = limits
        self.latency_weight = latency_weight
        self.memory_weight = memory_weight

    def __call__(self, costs: ExpectedCosts, slack: Any = 1.0) -> Any:
        return sum(
            excess_loss(getattr(costs, name), limit and limit * slack, weight) for name, limit, weight in self._terms()
        )

    def largest_excess(self, expected: dict[str, float]) -> float:
        """The largest ratio of an expected cost to its limit; 0 without limits."""
        return max((expected[name] / limit for name, limit, _ in self._terms() if limit is not None), default=0.0)

    def _terms(self) -> list[tuple[str, float | None, float]]:
        return [
            ("latency_ms", self.limits.max_latency_ms, self.latency_weight),
            ("ram_bytes", self.limits.max_ram_bytes, self.memory_weight),
            ("flash_bytes", self.limits.max_flash_bytes, self.memory_weight),
        ]
