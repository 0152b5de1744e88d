"""Relay: shows the progress of a training that runs in a worker process."""

from __future__ import annotations

import contextlib
import json
import pathlib
from typing import Any

import tf_keras as keras

from tsnas.callbacks import ProgressBar
from tsnas.system import clock

SENT_EACH_S = 0.2


class Relay:
    """Reads what a `Sender` in a worker process writes into a file, and shows it.

    Args:
        bar: `ProgressBar`.
        path: path of the file, which need not exist; on a machine that does not share it, nothing is shown.

    Example:
        >>> relay = Relay(ProgressBar("train", 1), folder / "train")
        >>> workers.run([functools.partial(train, callbacks=[relay.sender()])], poll=relay.show)
    """

    def __init__(self, bar: ProgressBar, path: pathlib.Path):
        self._bar, self._path, self._read = bar, path, 0

    def sender(self) -> keras.callbacks.Callback:
        """Returns the callback for the training."""
        return Sender(self._path)

    def show(self) -> None:
        """Shows what has been written since the last call."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._read)
            lines = file.read()
        whole = lines[: lines.rfind(b"\n") + 1]  # The rest is still being written.
        self._read += len(whole)
        for line in whole.splitlines():
            self._pass_on(*json.loads(line))

    def _pass_on(self, event: str, value: Any, logs: dict[str, float] | None = None) -> None:
        if event == "begin":
            self._bar.on_train_end()  # A worker before may have been lost.
            self._bar.set_params(value)
            self._bar.on_train_begin()
        elif event == "steps":
            for step in range(value):
                self._bar.on_train_batch_end(step)
        elif event == "epoch":
            self._bar.on_epoch_end(value, logs)
        else:
            self._bar.on_train_end()


class Sender(keras.callbacks.Callback):
    """Callback that writes the progress of a training into a file, a few times a second.

    Args:
        path: path of the file, to which lines are appended.
    """

    # It reads no logs at a step, and without this Keras would fetch them for it.
    _supports_tf_logs = True

    def __init__(self, path: pathlib.Path):
        super().__init__()
        self._path, self._steps, self._sent = path, 0, 0.0

    def on_train_begin(self, logs=None):
        self._send("begin", {key: self.params.get(key) for key in ("epochs", "steps")})

    def on_train_batch_end(self, batch, logs=None):
        self._steps += 1
        if clock.monotonic() - self._sent > SENT_EACH_S:
            self._send_steps()

    def on_epoch_end(self, epoch, logs=None):
        self._send_steps()
        self._send("epoch", epoch, {key: float(value) for key, value in (logs or {}).items()})

    def on_train_end(self, logs=None):
        self._send("end", None)

    def _send_steps(self) -> None:
        self._send("steps", self._steps)
        self._steps, self._sent = 0, clock.monotonic()

    def _send(self, *event: Any) -> None:
        with contextlib.suppress(OSError), self._path.open("a") as file:
            file.write(json.dumps(event) + "\n")
