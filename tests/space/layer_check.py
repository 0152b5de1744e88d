"""One check for every layer: its shape, its gradients, and the round trips of its config and its weights."""

import numpy as np
import tensorflow as tf
import tf_keras as keras


def run_layer_check(layer, call, expected_shape):
    """Checks a layer.

    Args:
        layer: the layer, fresh.
        call: function from a layer to its output for fixed inputs.
        expected_shape: shape of that output.
    """
    with tf.GradientTape() as tape:
        output = call(layer)
        loss = tf.reduce_sum(output**2)
    assert tuple(output.shape) == tuple(expected_shape)
    assert np.isfinite(output.numpy()).all()
    for variable, gradient in zip(
        layer.trainable_variables, tape.gradient(loss, layer.trainable_variables), strict=True
    ):
        assert gradient is not None, f"no gradient reaches {variable.name}"

    config = keras.layers.serialize(layer)
    twin = keras.layers.deserialize(config)
    assert type(twin) is type(layer)
    assert twin.get_config() == layer.get_config()
    call(twin)
    twin.set_weights(layer.get_weights())
    np.testing.assert_allclose(call(twin).numpy(), call(layer).numpy(), rtol=1e-6)
