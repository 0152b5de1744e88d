"""Makes what an optimizer remembers of each variable before its first step, which would be traced twice otherwise."""

from __future__ import annotations

from collections.abc import Iterable

import tensorflow as tf
import tf_keras as keras


def make_slots(
    optimizer: keras.optimizers.legacy.Optimizer,
    variables: Iterable[tf.Variable],
    strategy: tf.distribute.Strategy | None = None,
) -> None:
    """Makes an optimizer's state for variables, by a step without gradients; neither moves.

    Args:
        optimizer: optimizer that has not taken a step.
        variables: iterable of tf.Variable that it will update.
        strategy: tf.distribute.Strategy that the variables were made in. Defaults to the one in scope.
    """

    def step() -> None:
        optimizer.apply_gradients([(tf.zeros_like(variable), variable) for variable in variables])

    (strategy or tf.distribute.get_strategy()).run(step)
    optimizer.iterations.assign(0)
