"""InterruptCheck: ends training at the next step after a Ctrl-C that a library has swallowed."""

from __future__ import annotations

import tf_keras as keras

from tsnas.system.interrupts import raise_if_interrupted


class InterruptCheck(keras.callbacks.Callback):
    """Callback that calls `tsnas.system.interrupts.raise_if_interrupted` before each training step."""

    # It reads no logs, and without this Keras would fetch them for it at each step.
    _supports_tf_logs = True

    def on_train_batch_begin(self, batch, logs=None):
        raise_if_interrupted()
