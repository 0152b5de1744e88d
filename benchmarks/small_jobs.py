"""What jobs of few windows can leave out: steps of a training, windows of a batch, folds and steps of a score.

    python -m benchmarks.small_jobs --data=ucr --seeds=0,1,2

Every .npz file of a folder with many training windows is a data set. Some 32 of these windows are kept, and the network
that a job takes for them, which has the most members that the default space has, is trained as a winner is and in
shorter ways; the others say how good it is. Short trainings on folds of the windows that are kept score the same
network, as a contest of one does: a score is good if it is near what the others say of the trained network. Test
windows have no part in it. Runs that the JSON file has already are not done again.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import pathlib
import time
from collections.abc import Sequence
from typing import Any
from unittest import mock

import numpy as np
from absl import app, flags
from sklearn.metrics import accuracy_score, log_loss

import tsnas
from benchmarks.draws import DATA, KB, MS, OUT, SEEDS, SETS
from benchmarks.series_sets import answers_of, cases, few_and_judges
from benchmarks.small_jobs_table import table
from benchmarks.study import Case, complete
from tsnas.cost.limits import Limits
from tsnas.data import validation_splits
from tsnas.job.preparation import stretched_or_not
from tsnas.job.settings import check_settings
from tsnas.plain.locality import is_local, locality_loss_ratio
from tsnas.search.finalists import finalists
from tsnas.search.parts import build_parts, fitting, suited
from tsnas.search.rounds import DROPOUT
from tsnas.training import loop
from tsnas.training.epochs import repeated
from tsnas.training.train import FloatTraining

EPOCHS = 80


@dataclasses.dataclass(frozen=True)
class Way:
    """A way to train on all windows that are kept, or with `folds` a way to score.

    Args:
        epochs: int, epochs of 16 steps at most.
        most_wrong: int, wrong answers in 48 steps at which a training is over soon.
        batch_size: int, windows in a batch.
        folds, steps: int, number of trainings, each on all folds but one, and their steps.
    """

    epochs: int = EPOCHS
    most_wrong: int = loop.MOST_WRONG
    batch_size: int = 16
    folds: int = 0
    steps: int = 0


WAYS = {
    "none wrong": Way(most_wrong=0),
    "at most 3 wrong": Way(most_wrong=3),
    "at most 6 wrong": Way(),
    "48 epochs": Way(epochs=48),
    "batches of 8": Way(batch_size=8),
    "score of 5 x 300 steps": Way(folds=5, steps=300),
    "score of 5 x 200 steps": Way(folds=5, steps=200),
    "score of 5 x 100 steps": Way(folds=5, steps=100),
    "score of 3 x 300 steps": Way(folds=3, steps=300),
}
CHOSEN = flags.DEFINE_list("ways", list(WAYS), f"Ways to train and to score, of: {'; '.join(WAYS)}.")

BOARD = "nucleo_f446re"
LEAST_JUDGES = 30


def run_one(path: pathlib.Path, key: Case, ways: Sequence[str]) -> list[dict[str, Any]]:
    """Accuracy and loss of each way, and its processor seconds; none where too few windows judge."""
    seed = key["seed"]
    kept_and_judges = few_and_judges(path, seed, LEAST_JUDGES)
    if kept_and_judges is None:
        return []
    (own, y), (judges, labels) = kept_and_judges
    settings = check_settings(tsnas.AutoClassifier(BOARD))
    augment, _ = stretched_or_not(own, y, None, seed)
    local = is_local(*locality_loss_ratio(own, y, None, seed))
    parts = build_parts(settings.spaces, own.shape[1:3], int(y.max()) + 1, settings.board, seed=seed)
    spaces = suited(fitting(parts, Limits(MS.value, KB.value).on(settings.board)), functools.partial(bool, local))
    most = max(spaces, key=lambda paths: paths.supernet.members)
    training = FloatTraining(finalists(most, [], 1, seed)[0].architecture.build(DROPOUT, seed), augment)

    def train(rows: np.ndarray, way: Way, epochs: int) -> None:
        data = repeated((own[rows], y[rows]), way.batch_size)
        epochs = epochs or math.ceil(way.steps / (len(data[0]) // way.batch_size))
        training.run(*data[:2], epochs=epochs, batch_size=way.batch_size, seed=seed, until_solved=True)

    everyone = np.arange(len(own))
    rows = []
    for name in ways:
        way = WAYS[name]
        # The first training of a batch size builds a graph, which takes as long whatever comes next.
        train(everyone, way, 1)
        started = time.process_time()
        with mock.patch.object(loop, "MOST_WRONG", way.most_wrong):
            if way.folds:
                splits = validation_splits(y, None, 1 / way.folds, way.folds, seed)
                found = []
                for fold, val in splits:
                    train(fold, way, 0)
                    found.append(answers_of(training.model, own[val]))
                truth, answers = np.concatenate([y[val] for _, val in splits]), np.concatenate(found)
            else:
                train(everyone, way, way.epochs)
                truth, answers = labels, answers_of(training.model, judges)
        rows.append(
            key
            | {
                "way": name,
                "windows": len(own),
                "judges": len(truth),
                "accuracy": round(float(accuracy_score(truth, answers.argmax(axis=1))), 4),
                "loss": round(float(log_loss(truth, answers, labels=range(answers.shape[1]))), 4),
                "seconds": round(time.process_time() - started, 2),
            }
        )
    return rows


def main(argv: Sequence[str]) -> None:
    if unknown := sorted(set(CHOSEN.value) - set(WAYS)):
        raise app.UsageError(f"--ways={','.join(unknown)}: the ways are {'; '.join(WAYS)}.")
    own = cases(argv, DATA.value, SETS.value, SEEDS.value, max_latency_ms=MS.value, max_ram_kb=KB.value)
    results = complete(OUT.value, "benchmarks.small_jobs", own, run_one, "way", CHOSEN.value)
    print(f"\n{table(results)}\n\nWritten: {OUT.value}")


if __name__ == "__main__":
    # The name of another study's file is not that of this one.
    flags.set_default(OUT, "benchmarks/results/small_jobs.json")
    app.run(main)
