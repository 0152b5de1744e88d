"""Optimizer slots: creates the state of an optimizer before its first step, which would otherwise be traced twice."""

from __future__ import annotations

from collections.abc import Iterable

import tensorflow as tf
import tf_keras as keras


def make_slots(
    optimizer: keras.optimizers.legacy.Optimizer,
    variables: Iterable[tf.Variable],
    strategy: tf.distribute.Strategy | None = None,
) -> None:
    """Creates the state of an optimizer for variables, by a step with zero gradients that changes neither.

    Args:
        optimizer: optimizer that has not taken a step.
        variables: iterable of tf.Variable that it will update.
        strategy: tf.distribute.Strategy that the variables were created in. Defaults to None, the current one.
    """

    def step() -> None:
        optimizer.apply_gradients([(tf.zeros_like(variable), variable) for variable in variables])

    (strategy or tf.distribute.get_strategy()).run(step)
    optimizer.iterations.assign(0)
