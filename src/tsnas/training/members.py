"""Answers of each member of a network, by which members that will answer together are trained apart."""

from __future__ import annotations

import tensorflow as tf
import tf_keras as keras

from tsnas.training.core_model import origin


@tf.autograph.experimental.do_not_convert
def member_answers(model: keras.Model) -> keras.Model:
    """Returns a model with the same layers whose output has the probabilities of each member, if there are several.

    The logits of a network are the sum of those of its members, each of which thus learns its share of a sum: its own
    probabilities are those of its logits times the number of members. Trained by their common answer, members would
    make up for each other's errors, and be alike.

    Args:
        model: functional tf_keras model; its output is a softmax of logits, or of a sum of the logits of members.

    Returns:
        tf_keras model that shares all layers and weights, with an output (batch, members, classes); `model` itself if
        it has one member.

    Source: Lakshminarayanan et al., Simple and Scalable Predictive Uncertainty Estimation using Deep Ensembles, 2017.
    """
    (sums,) = origin(model.outputs[0])[1]
    logits = _summands(sums)
    if len(logits) == 1:
        return model
    apart = tf.stack([tf.nn.softmax(len(logits) * one) for one in logits], axis=1)
    return keras.Model(model.inputs, apart, name=model.name)


def _summands(tensor: tf.Tensor) -> list[tf.Tensor]:
    layer, sources = origin(tensor)
    if not isinstance(layer, keras.layers.Add):
        return [tensor]
    return [one for source in sources for one in _summands(source)]
