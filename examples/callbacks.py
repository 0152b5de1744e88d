"""Uses callbacks of Keras 3 and tf_keras during a search: a log, TensorBoard, early stopping, and a custom callback.

    python examples/callbacks.py --out=runs/callbacks
    tensorboard --logdir=runs/callbacks

After each epoch, the `logs` of every callback hold the expected costs of the current decisions on the board. The
example needs `pip install tsnas[tensorboard]`.
"""

import pathlib
from collections.abc import Sequence

import keras
import short
from absl import app, flags

import tsnas
from tsnas.callbacks import ConstraintMonitor, EarlyStopOnConvergence, SearchBoard

OUT = flags.DEFINE_string("out", "runs/callbacks", "Folder for the log and the TensorBoard files.")
QUICK = flags.DEFINE_bool("quick", False, "Few windows and few steps, to see that it runs; the model is of no use.")


class PrintLatency(keras.callbacks.Callback):
    """A callback that prints a line after each epoch: expected costs, accuracy and entropy of the decisions."""

    def on_epoch_end(self, epoch, logs=None):
        """Prints the line of an epoch."""
        print(
            f"epoch {epoch + 1:2}: {logs['expected_latency_ms']:6.2f} ms, "
            f"{logs['expected_ram_bytes'] / 1024:5.2f} KB of RAM, "
            f"validation accuracy {logs['val_accuracy']:.3f}, entropy {logs['entropy']:.2f}"
        )


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    (x, y, groups), _ = tsnas.datasets.shoulder.load_data()
    settings = {"search_epochs": 20, "epochs": 20}
    if QUICK.value:
        x, y, groups = x[:: short.EVERY], y[:: short.EVERY], groups[:: short.EVERY]
        settings = short.SETTINGS | {"search_epochs": 3}
    folder = pathlib.Path(OUT.value)
    folder.mkdir(parents=True, exist_ok=True)

    monitor = ConstraintMonitor()  # The search has its own; another one is needed only for its `history`.
    callbacks = [
        monitor,
        keras.callbacks.CSVLogger(folder / "search.csv"),
        SearchBoard(folder),
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=5, verbose=1),
        EarlyStopOnConvergence(verbose=1),
        PrintLatency(),
    ]
    clf = tsnas.AutoClassifier("nucleo_f446re", max_latency_ms=20, strategy="evolution", seed=0, verbose=0, **settings)
    clf.fit(x, y, groups=groups, callbacks=callbacks)

    first, last = monitor.history[0], monitor.history[-1]
    print(f"\nExpected after the first epoch: {first['expected_latency_ms']:.2f} ms, after the last:", end=" ")
    print(f"{last['expected_latency_ms']:.2f} ms. The chosen network takes {clf.latency_ms_:.2f} ms.")
    print(f"Wrote {folder / 'search.csv'}, and files for: tensorboard --logdir={folder}")


if __name__ == "__main__":
    app.run(main)
