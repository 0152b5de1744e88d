"""How often the training of a network passes over some hundred windows, on folds of the training windows alone.

    python -m benchmarks.passes --data=ucr --max_latency_ms=120 --max_ram_kb=96 --epochs=80,125,200

Every .npz file of a folder is a data set. A network of the default space that uses the limit on latency well is trained
for so many epochs of at least 16 steps, or until all its answers are right, and judged by windows of a fold that was
left out. Test windows have no part in it. Runs that the JSON file has already are not done again.
"""

from __future__ import annotations

import pathlib
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate
from absl import app, flags
from sklearn.metrics import accuracy_score, log_loss

import tsnas
from benchmarks.draws import DATA, DRAWS, KB, MS, OUT, SEEDS, SETS, draw
from benchmarks.series_sets import answers_of, cases, folds_of, read_training_windows
from benchmarks.study import Case, complete
from tsnas.data import Standardizer
from tsnas.job.preparation import stretched_or_not
from tsnas.job.settings import check_settings
from tsnas.search.rounds import DROPOUT
from tsnas.training.train import train_float

EPOCHS = flags.DEFINE_list("epochs", ["80", "125", "200"], "Numbers of epochs.")

BOARD = "nucleo_f446re"


def run_one(path: pathlib.Path, key: Case, counts: Sequence[int]) -> list[dict[str, Any]]:
    """Accuracy and loss on the windows that were left out, for each number of epochs."""
    seed = key["seed"]
    x, codes = read_training_windows(path)
    train, test = folds_of(x, codes, seed)[0]
    windows = Standardizer.fit(x[train])(x)[..., np.newaxis]
    own, y = windows[train], codes[train]
    settings = check_settings(tsnas.AutoClassifier(BOARD))
    augment, _ = stretched_or_not(own, y, None, seed)
    repeated = settings.repeated((own, y), None)
    batch_size = settings.batch_size_for(repeated[0])
    rows = []
    for place, candidate in enumerate(draw(x, int(codes.max()) + 1, settings, seed)):
        for epochs in counts:
            started = time.process_time()
            model = candidate.architecture.build(DROPOUT, seed)
            further = {"batch_size": batch_size, "augment": augment, "seed": seed, "until_solved": True}
            history = train_float(model, *repeated, epochs=epochs, **further)
            answers = answers_of(model, windows[test])
            rows.append(
                key
                | {
                    "network": place,
                    "members": candidate.architecture.members,
                    "latency_ms": round(candidate.estimate.latency_ms, 2),
                    "windows": len(train),
                    "judges": len(test),
                    "epochs": epochs,
                    "trained": len(history["loss"]),
                    "steps": len(repeated[0]) // batch_size * len(history["loss"]),
                    "passes": round(len(history["loss"]) * len(repeated[0]) / len(train)),
                    "accuracy": round(float(accuracy_score(codes[test], answers.argmax(axis=1))), 4),
                    "loss": round(float(log_loss(codes[test], answers, labels=range(answers.shape[1]))), 4),
                    "seconds": round(time.process_time() - started, 1),
                }
            )
    return rows


def main(argv: Sequence[str]) -> None:
    limits = {"max_latency_ms": MS.value, "max_ram_kb": KB.value}
    own = cases(argv, DATA.value, SETS.value, SEEDS.value, **limits)
    results = complete(OUT.value, "benchmarks.passes", own, run_one, "epochs", [*map(int, EPOCHS.value)])
    columns = ("set", "seed", "windows", "members", "epochs", "passes", "accuracy", "loss", "seconds")
    rows = [[row[column] for column in columns] for row in results]
    print(f"\n{tabulate.tabulate(rows, columns)}\n\nWritten: {OUT.value}")


if __name__ == "__main__":
    # The name and number of draws of another study are not those of this one.
    flags.set_default(OUT, "benchmarks/results/passes.json")
    flags.set_default(DRAWS, 1)
    app.run(main)
