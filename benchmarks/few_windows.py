"""Ways to train where windows are few: how long, with stretched windows or without, and one network or several.

    python -m benchmarks.few_windows --data=ucr --seeds=0,1

Every .npz file of a folder with many training windows is a data set. A few windows of each class are kept, the others
judge: so a difference between two trainings is known to within a percent, although both see few windows. Test windows
have no part in it. Networks of the default space that use the limit on latency well are trained in each way; their mean
is one score, and that of their mean probabilities another. Runs that the JSON file has already are not done again.
"""

from __future__ import annotations

import pathlib
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from absl import app, flags
from sklearn.metrics import accuracy_score

import tsnas
from benchmarks.draws import DATA, DRAWS, OUT, SEEDS, SETS, draw
from benchmarks.few_windows_table import table
from benchmarks.series_sets import answers_of, cases, few_and_judges
from benchmarks.study import Case, complete
from tsnas.job.preparation import stretched_or_not
from tsnas.job.settings import check_settings
from tsnas.search.rounds import DROPOUT
from tsnas.training.augment import scale_and_noise, stretch_and_shift
from tsnas.training.train import train_float

# What each way changes: epochs of at least 16 steps, whether training ends once all answers are right, augmentation.
WAYS: dict[str, dict[str, Any]] = {
    "80 epochs": {"epochs": 80},
    "80 epochs to the end": {"epochs": 80, "until_solved": False},
    "160 epochs": {"epochs": 160},
    "160 epochs to the end": {"epochs": 160, "until_solved": False},
    "stretched": {"epochs": 80, "augment": stretch_and_shift},
    "not stretched": {"epochs": 80, "augment": scale_and_noise},
}
CHOSEN = flags.DEFINE_list("ways", list(WAYS)[:4], f"Ways to train, of: {'; '.join(WAYS)}.")

BOARD = "nucleo_f446re"
LEAST_JUDGES = 40


def run_one(path: pathlib.Path, key: Case, ways: Sequence[str]) -> list[dict[str, Any]]:
    """Accuracy on the windows that were not kept, and processor seconds, of each way; none where too few judge."""
    seed = key["seed"]
    parts = few_and_judges(path, seed, LEAST_JUDGES)
    if parts is None:
        return []
    (own, y), (judges, truth) = parts
    settings = check_settings(tsnas.AutoClassifier(BOARD))
    default, _ = stretched_or_not(own, y, None, seed)
    repeated, labels = settings.repeated((own, y), None)
    networks = [one.architecture for one in draw(own, int(y.max()) + 1, settings, seed)]
    rows = []
    for way in ways:
        further = {"augment": default, "until_solved": True} | WAYS[way]
        accuracies, answers, started = [], [], time.process_time()
        for network in networks:
            model = network.build(DROPOUT, seed)
            batch_size = settings.batch_size_for(repeated)
            train_float(model, repeated, labels, batch_size=batch_size, seed=seed, **further)
            answers.append(answers_of(model, judges))
            accuracies.append(accuracy_score(truth, answers[-1].argmax(axis=1)))
        together = accuracy_score(truth, np.mean(answers, axis=0).argmax(axis=1))
        rows.append(
            key
            | {
                "way": way,
                "windows": len(own),
                "judges": len(judges),
                "accuracy": round(float(np.mean(accuracies)), 4),
                "together": round(float(together), 4),
                "seconds": round((time.process_time() - started) / len(networks), 1),
            }
        )
    return rows


def main(argv: Sequence[str]) -> None:
    if unknown := sorted(set(CHOSEN.value) - set(WAYS)):
        raise app.UsageError(f"--ways={','.join(unknown)}: the ways are {'; '.join(WAYS)}.")
    own = cases(argv, DATA.value, SETS.value, SEEDS.value)
    results = complete(OUT.value, "benchmarks.few_windows", own, run_one, "way", CHOSEN.value, draws=DRAWS.value)
    print(f"\n{table(results)}\n\nWritten: {OUT.value}")


if __name__ == "__main__":
    # The name and number of draws of another study are not those of this one.
    flags.set_default(OUT, "benchmarks/results/few_windows.json")
    flags.set_default(DRAWS, 2)
    app.run(main)
