"""ConstraintMonitor and EarlyStopOnConvergence: expected costs in the logs of a search, and early stopping."""

from __future__ import annotations

import tf_keras as keras

from tsnas.callbacks.search_board import check_supernet
from tsnas.errors import SettingError
from tsnas.system.arguments import is_int, is_number
from tsnas.system.bars import tqdm


class ConstraintMonitor(keras.callbacks.Callback):
    """Callback that adds the expected costs and the state of the decisions of a search to `logs` after each epoch.

    Added keys: `expected_latency_ms`, `expected_ram_bytes` and `expected_flash_bytes` (expected costs of the current
    decisions on the board), `temperature` (of the Gumbel-softmax), `entropy` (mean over the decisions: 1 is undecided,
    0 is settled) and `settled` (fraction of the decisions in which one option's probability exceeds 0.9). Callbacks
    after this one can use them like any other metric. `AutoClassifier` puts a monitor before your callbacks, so you
    need one of your own only for its `history`.

    Attributes:
        history: list of the added values, one dict for each epoch.

    Raises:
        SettingError: the model being trained is not a `Supernet`.

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
        values = {f"expected_{name}": value for name, value in self.model.expected()._asdict().items()}
        values |= {"temperature": float(self.model.temperature), "entropy": self.model.entropy()}
        values["settled"] = self.model.settled()
        self.history.append(values)
        if logs is not None:
            logs.update(values)


class EarlyStopOnConvergence(keras.callbacks.Callback):
    """Callback that ends a search once its decisions have settled.

    Further epochs would train weights that no decision depends on any more. The result of the search is then trained,
    quantised and verified as usual. With `strategy="evolution"`, the decisions are those of the population; strategies
    without a supernet have no search that could end early.

    Args:
        settled: float in (0, 1], fraction of the decisions in which one option's probability exceeds 0.9. Defaults to
            0.95.
        patience: int, number of consecutive epochs for which this must hold. Defaults to 2.
        verbose: 0 or 1, whether to print a line on stopping. Defaults to 0.

    Attributes:
        stopped_epoch: int, the epoch, counted from 0, after which the callback ended the search; None if it did not.

    Raises:
        SettingError: `settled` or `patience` out of range, or the model being trained is not a `Supernet`.

    Example:
        >>> clf.fit(x, y, callbacks=[tsnas.callbacks.EarlyStopOnConvergence()])
    """

    def __init__(self, settled: float = 0.95, patience: int = 2, verbose: int = 0):
        super().__init__()
        if not is_number(settled) or not 0 < settled <= 1:
            raise SettingError(f"settled={settled!r} must be a fraction of the decisions in (0, 1], such as 0.95.")
        if not is_int(patience, 1):
            raise SettingError(f"patience={patience!r} must be a whole number of epochs of at least 1.")
        self.settled, self.patience, self.verbose = settled, patience, verbose
        self.stopped_epoch: int | None = None
        self._streak = 0

    def on_train_begin(self, logs=None):
        check_supernet(self)
        self.stopped_epoch, self._streak = None, 0

    def on_epoch_end(self, epoch, logs=None):
        share = self.model.settled()
        self._streak = self._streak + 1 if share >= self.settled else 0
        if self._streak >= self.patience:
            self.stopped_epoch = epoch
            self.model.stop_training = True
            if self.verbose:
                tqdm.write(f"search: {share:.0%} of the decisions have settled; stopped after epoch {epoch + 1}")
