"""Callbacks: live costs of a search in Keras `logs`, an early stop, progress bars, and a bridge for Keras 3."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import tf_keras as keras
from tqdm.auto import tqdm

from tsnas.errors import SettingError
from tsnas.search_board import SearchBoard, check_supernet

__all__ = [
    "ConstraintMonitor",
    "EarlyStopOnConvergence",
    "ForeignCallback",
    "ProgressBar",
    "SearchBoard",
    "as_callbacks",
]

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
        check_supernet(self)

    def on_epoch_end(self, epoch, logs=None):
        values = {f"expected_{name}": value for name, value in self.model.expected().items()}
        values |= {"temperature": float(self.model.temperature), "entropy": self.model.entropy()}
        values["settled"] = self.model.settled()
        self.history.append(values)
        if logs is not None:
            logs.update(values)


class EarlyStopOnConvergence(keras.callbacks.Callback):
    """Ends a search whose decisions have settled: more epochs would train weights that no decision asks for.

    What was found is then trained, quantised and verified as ever. With `strategy="evolution"` the decisions are those
    of the population; strategies without a supernet have no search that could end early.

    Args:
        settled: float in (0, 1], share of the decisions of which one option has nine tenths. Defaults to 0.95.
        patience: int, epochs in a row for which that has to hold. Defaults to 2.
        verbose: 0 or 1, whether it says when it stops. Defaults to 0.

    Attributes:
        stopped_epoch: int, the epoch, counted from 0, after which it ended the search; None if it did not.

    Raises:
        SettingError: a share or a patience out of range.

    Example:
        >>> clf.fit(x, y, callbacks=[tsnas.callbacks.EarlyStopOnConvergence()])
    """

    def __init__(self, settled: float = 0.95, patience: int = 2, verbose: int = 0):
        super().__init__()
        if isinstance(settled, bool) or not isinstance(settled, int | float) or not 0 < settled <= 1:
            raise SettingError(f"settled={settled!r} must be a share of the decisions in (0, 1], such as 0.95.")
        if isinstance(patience, bool) or not isinstance(patience, int) or patience < 1:
            raise SettingError(f"patience={patience!r} must be a whole number of epochs of at least 1.")
        self.settled, self.patience, self.verbose = settled, patience, verbose
        self.stopped_epoch: int | None = None
        self._in_a_row = 0

    def on_train_begin(self, logs=None):
        check_supernet(self)
        self.stopped_epoch, self._in_a_row = None, 0

    def on_epoch_end(self, epoch, logs=None):
        share = self.model.settled()
        self._in_a_row = self._in_a_row + 1 if share >= self.settled else 0
        if self._in_a_row >= self.patience:
            self.stopped_epoch = epoch
            self.model.stop_training = True
            if self.verbose:
                tqdm.write(f"search: {share:.0%} of the decisions have settled; stopped after epoch {epoch + 1}")


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
