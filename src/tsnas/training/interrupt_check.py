"""A callback that ends a training at the next step after a Ctrl-C that a library has lost."""

from __future__ import annotations

import tf_keras as keras

from tsnas.system.interrupts import raise_if_interrupted


class InterruptCheck(keras.callbacks.Callback):
    """Calls `tsnas.system.interrupts.raise_if_interrupted` before each step of a training."""

    # It reads no logs; those of each step would be fetched for it otherwise.
    _supports_tf_logs = True

    def on_train_batch_begin(self, batch, logs=None):
        raise_if_interrupted()
