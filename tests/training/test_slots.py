"""What an optimizer remembers is made before its first step: nothing moves, and the step is traced once."""

import numpy as np
import tensorflow as tf
import tf_keras as keras

from tsnas.training.slots import make_slots


def traces(prepared: bool) -> tuple[int, np.ndarray, np.ndarray]:
    """How often a step was traced, and the variable before and after two of them."""
    variable, optimizer = tf.Variable([1.0, -2.0]), keras.optimizers.legacy.Adam(0.5)
    if prepared:
        make_slots(optimizer, [variable])
    before, traced = variable.numpy(), []

    @tf.function
    def step():
        traced.append(1)
        optimizer.apply_gradients([(2 * variable, variable)])

    step()
    step()
    return len(traced), before, variable.numpy()


def test_nothing_moves_and_the_steps_are_those_of_a_fresh_optimizer():
    fresh, prepared = traces(False), traces(True)
    assert (fresh[0], prepared[0]) == (2, 1)
    np.testing.assert_array_equal(prepared[1], [1.0, -2.0])
    np.testing.assert_array_equal(prepared[2], fresh[2])
