"""Adam: updates weights, each by one operation of a graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

FIRST_DECAY, SECOND_DECAY, EPSILON = 0.9, 0.999, 1e-7


class Adam:
    """Adam for the weights of one model, with TensorFlow's own operation and Keras's constants.

    The optimizers of tf_keras 2.21 would do as well, but each graph that one of them has been part of stays in memory.

    Args:
        weights: sequence of tf.Variable.
        strategy: tf.distribute.Strategy that they were created in.

    Example:
        >>> adam = Adam(model.trainable_variables, model.distribute_strategy)
        >>> adam.update(gradients, rate=1e-3, step=0)

    Source: Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015.
    """

    def __init__(self, weights: Sequence[tf.Variable], strategy: tf.distribute.Strategy):
        self._weights = list(weights)
        self._moments = [tuple(_zeros_beside(weight, strategy) for _ in range(2)) for weight in self._weights]

    def reset(self) -> None:
        """Forgets all gradients."""
        for moments in self._moments:
            for moment in moments:
                moment.assign(tf.zeros_like(moment))

    def update(self, gradients: Sequence[tf.Tensor], rate: Any, step: Any) -> None:
        """Updates the weights; within the `run` of a strategy, by the sum of the gradients of all replicas.

        Args:
            gradients: sequence of float tensors, one for each weight.
            rate: float scalar, learning rate of this step.
            step: int scalar, number of steps since the last reset.
        """
        context = tf.distribute.get_replica_context()
        if context.num_replicas_in_sync > 1:
            gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, list(gradients))
        done = tf.cast(step, tf.float32) + 1.0
        powers = tf.pow(FIRST_DECAY, done), tf.pow(SECOND_DECAY, done)
        context.merge_call(self._update_all, args=(list(gradients), tf.cast(rate, tf.float32), *powers))

    def _update_all(self, strategy: tf.distribute.Strategy, gradients: Sequence[Any], *numbers: Any) -> None:
        for weight, gradient, moments in zip(self._weights, gradients, self._moments, strict=True):
            strategy.extended.update(weight, _update_one, args=(gradient, *moments, *numbers), group=False)


def _zeros_beside(weight: tf.Variable, strategy: tf.distribute.Strategy) -> tf.Variable:
    with strategy.scope(), strategy.extended.colocate_vars_with(weight):
        return tf.Variable(tf.zeros(weight.shape), trainable=False)


def _update_one(
    weight: tf.Variable,
    gradient: tf.Tensor,
    first: tf.Variable,
    second: tf.Variable,
    rate: tf.Tensor,
    first_power: tf.Tensor,
    second_power: tf.Tensor,
) -> None:
    tf.raw_ops.ResourceApplyAdam(
        var=weight.handle,
        m=first.handle,
        v=second.handle,
        beta1_power=first_power,
        beta2_power=second_power,
        lr=rate,
        beta1=FIRST_DECAY,
        beta2=SECOND_DECAY,
        epsilon=EPSILON,
        grad=gradient,
    )
