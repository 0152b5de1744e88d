"""SearchBoard: shows a search in TensorBoard, with costs and scores as curves and decisions as pictures."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from tsnas.errors import SettingError
from tsnas.system.arguments import is_int
from tsnas.system.files import check_output_dir


class SearchBoard(keras.callbacks.Callback):
    """Callback that writes the progress of a search for TensorBoard (`pip install tsnas[tensorboard]`).

    After each epoch it writes every value of `logs` as a scalar under `search/` (expected latency, RAM and flash,
    temperature, entropy, losses, accuracies), and one picture, `decisions`, with a row for each decision group and a
    cell for each of its options; the darker a cell, the more probable the option. `tensorboard --logdir=DIR` shows them
    while the search runs. Further searches, such as that of the next part of the space, are written to the subfolders
    `search_2`, `search_3` and so on.

    Args:
        log_dir: path of a folder, which is created if missing.
        pictures_every: int, number of epochs between two pictures of the decisions; 0 for none. Defaults to 1.

    Raises:
        SettingError: TensorBoard (or matplotlib, for pictures) is not installed, `pictures_every` is not a whole number
            of at least 0, or the model being trained is not a `Supernet`.
        OutputDirError: the folder cannot be written.

    Example:
        >>> clf.fit(x, y, callbacks=[tsnas.callbacks.SearchBoard("runs/board")])
    """

    def __init__(self, log_dir: str | os.PathLike[str], pictures_every: int = 1):
        super().__init__()
        if not is_int(pictures_every, 0):
            raise SettingError(f"pictures_every={pictures_every!r} must be a whole number of epochs, or 0 for none.")
        try:
            import tensorboard  # noqa: F401  tf.summary needs it

            if pictures_every:
                import matplotlib  # noqa: F401
        except ImportError as error:
            raise SettingError(f"SearchBoard needs {error.name}: pip install 'tsnas[tensorboard]'.") from error
        self.log_dir = check_output_dir(log_dir)
        self.pictures_every = int(pictures_every)
        self._writer: Any = None
        self._searches = 0

    def on_train_begin(self, logs=None):
        check_supernet(self)
        self._searches += 1
        folder = self.log_dir if self._searches == 1 else self.log_dir / f"search_{self._searches}"
        self._writer = tf.summary.create_file_writer(str(folder))

    def on_epoch_end(self, epoch, logs=None):
        with self._writer.as_default(step=epoch):
            for name, value in (logs or {}).items():
                tf.summary.scalar(f"search/{name}", value)
            if self.pictures_every and epoch % self.pictures_every == 0:
                tf.summary.image("decisions", decisions_picture(self.model)[np.newaxis])
        # So that it can be seen at once, and is not lost if the process ends.
        self._writer.flush()

    def on_train_end(self, logs=None):
        self._writer.close()


def check_supernet(callback: keras.callbacks.Callback) -> None:
    """Raises SettingError unless the model that a callback follows is a `Supernet`."""
    if not all(hasattr(callback.model, name) for name in ("expected", "entropy", "temperature")):
        raise SettingError(
            f"{type(callback).__name__} follows a Supernet, but was given a {type(callback.model).__name__}, "
            "which has no decisions. Give it to AutoClassifier.fit or Supernet.fit."
        )


def decisions_picture(supernet: Any) -> np.ndarray:
    """Draws the probabilities of all decisions of a supernet.

    Args:
        supernet: `Supernet`.

    Returns:
        uint8 array (height, width, 3), with a row for each decision group and a cell for each option, from white at 0
        to dark blue at 1.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    groups = [(f"{cell.name} {name}", group) for cell in supernet.cells for name, group in cell.groups.items()]
    most = max(len(group.options) for _, group in groups)
    shown = np.full((len(groups), most), np.nan)
    for row, (_, group) in enumerate(groups):
        shown[row, : len(group.options)] = np.exp(group.log_probabilities())
    figure = Figure(figsize=(3.5 + 0.45 * most, 0.8 + 0.26 * len(groups)), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axis = figure.subplots()
    axis.set_facecolor("0.92")
    axis.pcolormesh(np.ma.masked_invalid(shown), cmap="Blues", vmin=0, vmax=1, edgecolors="white", linewidth=1)
    for row, (_, group) in enumerate(groups):
        for column, option in enumerate(group.options):
            colour = "white" if shown[row, column] > 0.55 else "0.25"
            axis.text(column + 0.5, row + 0.5, str(option), ha="center", va="center", fontsize=7, color=colour)
    axis.set_yticks(np.arange(len(groups)) + 0.5, [name for name, _ in groups], fontsize=7)
    axis.set_xticks([])
    axis.invert_yaxis()
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
