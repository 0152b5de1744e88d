"""ProgressBar: shows the progress of one phase of a job."""

from __future__ import annotations

from typing import Any

import tf_keras as keras

from tsnas.system.bars import progress_bar, tqdm


class ProgressBar(keras.callbacks.Callback):
    """Callback that shows the progress of one phase with tqdm.

    Args:
        phase: str, name of the phase, such as `"search"`.
        verbose: 0 for nothing, 1 for a bar over all epochs, 2 for a line after each epoch. Defaults to 1.
        shown: dict of log key to a format such as `"{:.3f}"`, the values to show. Defaults to loss and accuracy.
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
            self._bar = progress_bar(self.phase, total, "step", mininterval=0.5)

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
