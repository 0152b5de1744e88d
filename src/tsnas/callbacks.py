"""Callbacks: live costs of a search in Keras `logs`, progress bars, and a bridge for callbacks of Keras 3."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import tf_keras as keras
from tqdm.auto import tqdm

from tsnas.errors import SettingError

MONITORED = ("latency_ms", "ram_bytes", "flash_bytes")


class ConstraintMonitor(keras.callbacks.Callback):
    """Puts what the search expects of its network into `logs` after each epoch.

    Added keys: `expected_latency_ms`, `expected_ram_bytes`, `expected_flash_bytes` (expected costs of the present
    decisions on the board), `temperature` (of the Gumbel-softmax), `entropy` (mean over the decisions, 1 is
    undecided, 0 is settled) and `settled` (share of the decisions of which one option has nine tenths). Callbacks
    that come after this one can use them as any other metric. `AutoClassifier` puts one before your callbacks, so
    you only need your own to keep its `history`.

    Attributes:
        history: list of the added values, one dict for each epoch.

    Raises:
        SettingError: the model that is trained is no `Supernet`.

    Example:
        >>> stop = keras.callbacks.EarlyStopping(monitor="entropy", patience=100, baseline=0.1)
        >>> supernet.fit(batches, callbacks=[ConstraintMonitor(), keras.callbacks.CSVLogger("search.csv"), stop])
    """

    def __init__(self):
        super().__init__()
        self.history: list[dict[str, float]] = []

    def on_train_begin(self, logs=None):
        if not all(hasattr(self.model, name) for name in ("expected", "entropy", "temperature")):
            raise SettingError(
                f"ConstraintMonitor watches a Supernet; it was given a {type(self.model).__name__}, "
                "which has no decisions. Give it to AutoClassifier.fit or Supernet.fit."
            )

    def on_epoch_end(self, epoch, logs=None):
        values = {f"expected_{name}": value for name, value in self.model.expected().items()}
        values |= {"temperature": float(self.model.temperature), "entropy": self.model.entropy()}
        values["settled"] = self.model.settled()
        self.history.append(values)
        if logs is not None:
            logs.update(values)


class ProgressBar(keras.callbacks.Callback):
    """Shows the progress of one phase with tqdm.

    Args:
        phase: str, what is going on, such as `"search"`.
        verbose: 0 for nothing, 1 for a bar over all epochs, 2 for a line after each epoch. Defaults to 1.
        shown: dict of log key to a format such as `"{:.3f}"`, what is shown. Defaults to loss and accuracy.
    """

    def __init__(self, phase: str, verbose: int = 1, shown: dict[str, str] | None = None):
        super().__init__()
        self.phase = phase
        self.verbose = verbose
        self.shown = shown or {"loss": "loss {:.3f}", "accuracy": "accuracy {:.3f}"}
        self._bar: Any = None

    def _text(self, logs):
        return ", ".join(text.format(logs[key]) for key, text in self.shown.items() if key in (logs or {}))

    def on_train_begin(self, logs=None):
        if self.verbose == 1:
            total = self.params["epochs"] * (self.params.get("steps") or 0) or None
            self._bar = tqdm(total=total, desc=f"{self.phase:<8}", unit="step", dynamic_ncols=True, mininterval=0.5)

    def on_train_batch_end(self, batch, logs=None):
        if self._bar is not None:
            self._bar.update(1)

    def on_epoch_end(self, epoch, logs=None):
        if self._bar is not None:
            self._bar.set_postfix_str(self._text(logs))
        elif self.verbose == 2:
            tqdm.write(f"{self.phase} {epoch + 1}/{self.params['epochs']}: {self._text(logs)}")

    def on_train_end(self, logs=None):
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class ForeignCallback(keras.callbacks.Callback):
    """Lets a callback of Keras 3 (or any object with the same methods) listen to a tf_keras model.

    Args:
        callback: object with Keras callback methods.

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


def _forward(name):
    def hook(self, *args, **kwargs):
        return getattr(self.callback, name)(*args, **kwargs)

    hook.__name__ = name
    return hook


for _hook in [name for name in dir(keras.callbacks.Callback) if name.startswith("on_")]:
    setattr(ForeignCallback, _hook, _forward(_hook))


def as_callbacks(callbacks: Any) -> list[keras.callbacks.Callback]:
    """Callbacks of either Keras generation as a list that tf_keras takes.

    Args:
        callbacks: None, one callback, or an iterable of callbacks.

    Returns:
        list of `tf_keras.callbacks.Callback`; those of Keras 3 are wrapped in a `ForeignCallback`.

    Raises:
        SettingError: an object that is no callback.
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
            f"{callback!r} is no Keras callback; give instances of keras.callbacks.Callback (of tf_keras or Keras 3)."
        )
    return ForeignCallback(callback)
