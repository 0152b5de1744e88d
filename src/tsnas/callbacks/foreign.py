"""ForeignCallback: a bridge from callbacks of Keras 3 to tf_keras models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import tf_keras as keras

from tsnas.errors import SettingError


class ForeignCallback(keras.callbacks.Callback):
    """Adapter that lets a callback of Keras 3, or any object with the same methods, follow a tf_keras model.

    Args:
        callback: object with the methods of a Keras callback.

    Example:
        >>> import keras
        >>> adapted = ForeignCallback(keras.callbacks.EarlyStopping(monitor="val_loss"))
    """

    def __init__(self, callback: Any):
        super().__init__()
        self.callback = callback

    def set_params(self, params):
        super().set_params(params)
        self.callback.set_params(params)

    def set_model(self, model):
        super().set_model(model)
        self.callback.set_model(model)

    def on_train_begin(self, logs=None):
        self.callback.on_train_begin(logs)

    def on_train_end(self, logs=None):
        self.callback.on_train_end(logs)

    def on_train_batch_begin(self, batch, logs=None):
        self.callback.on_train_batch_begin(batch, logs)

    def on_train_batch_end(self, batch, logs=None):
        self.callback.on_train_batch_end(batch, logs)

    def on_epoch_begin(self, epoch, logs=None):
        self.callback.on_epoch_begin(epoch, logs)

    def on_epoch_end(self, epoch, logs=None):
        self.callback.on_epoch_end(epoch, logs)

    def on_test_begin(self, logs=None):
        self.callback.on_test_begin(logs)

    def on_test_end(self, logs=None):
        self.callback.on_test_end(logs)

    def on_test_batch_begin(self, batch, logs=None):
        self.callback.on_test_batch_begin(batch, logs)

    def on_test_batch_end(self, batch, logs=None):
        self.callback.on_test_batch_end(batch, logs)

    def on_predict_begin(self, logs=None):
        self.callback.on_predict_begin(logs)

    def on_predict_end(self, logs=None):
        self.callback.on_predict_end(logs)

    def on_predict_batch_begin(self, batch, logs=None):
        self.callback.on_predict_batch_begin(batch, logs)

    def on_predict_batch_end(self, batch, logs=None):
        self.callback.on_predict_batch_end(batch, logs)


def as_callbacks(callbacks: Any) -> list[keras.callbacks.Callback]:
    """Returns callbacks of tf_keras or Keras 3 as a list for tf_keras.

    Args:
        callbacks: None, one callback, or an iterable of callbacks.

    Returns:
        list of `tf_keras.callbacks.Callback`; those of Keras 3 are wrapped in a `ForeignCallback`.

    Raises:
        SettingError: an object that is not a callback.
    """
    if callbacks is None:
        return []
    if not isinstance(callbacks, Iterable):
        callbacks = [callbacks]
    return [_as_callback(callback) for callback in callbacks]


def _as_callback(callback: Any) -> keras.callbacks.Callback:
    if isinstance(callback, keras.callbacks.Callback):
        return callback
    if isinstance(callback, type) or not all(hasattr(callback, name) for name in ("set_model", "on_epoch_end")):
        raise SettingError(
            f"{callback!r} is not a Keras callback; give instances of keras.callbacks.Callback (tf_keras or Keras 3)."
        )
    return ForeignCallback(callback)
