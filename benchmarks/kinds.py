"""Dilated networks or local ones under loose limits: whether the windows of a job choose the better kind.

    python -m benchmarks.kinds --data=ucr --max_latency_ms=120 --max_ram_kb=96 [--few]

Every .npz file of a folder is a data set. A network of each of the two parts of the default space is judged as in a
contest, on validation windows of five splits; it is then trained on all of them, and other windows say what the choice
was worth: those of folds that were left out, or, with `--few`, all but some 32 of the training windows. Test windows
have no part in it. Runs that the JSON file has already are not done again.
"""

from __future__ import annotations

import pathlib
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate
from absl import app, flags
from sklearn.metrics import accuracy_score, f1_score, log_loss

import tsnas
from benchmarks.draws import DATA, KB, MS, OUT, SEEDS, SETS
from benchmarks.series_sets import answers_of, cases, folds_of, keep_few, read_training_windows
from benchmarks.study import Case, complete
from tsnas.cost.limits import Limits
from tsnas.data import Standardizer, validation_splits
from tsnas.job.preparation import MOST_SPLITS, stretched_or_not
from tsnas.job.settings import Settings, check_settings
from tsnas.search.finalists import finalists
from tsnas.search.parts import build_parts, fitting
from tsnas.search.rounds import DROPOUT, FIRST_STEPS, short_scores
from tsnas.space.architecture import Architecture, TimeReduce
from tsnas.training.augment import Augment
from tsnas.training.train import train_float

FEW = flags.DEFINE_bool("few", False, "Keep some 32 windows of each set; others judge.")

BOARD = "nucleo_f446re"
NAMES = {True: "dilated", False: "local"}


def run_one(path: pathlib.Path, key: Case) -> list[dict[str, Any]]:
    """A row for each part of the training windows that is kept: scores of both kinds there, and on other windows."""
    seed = key["seed"]
    x, codes = read_training_windows(path)
    settings = check_settings(tsnas.AutoClassifier(BOARD))
    parts = build_parts(settings.spaces, x.shape[1:3], int(codes.max()) + 1, settings.board, seed=seed)
    spaces = fitting(parts, Limits(MS.value, KB.value).on(settings.board))
    nets = [finalists(paths, [], 1, seed)[0].architecture for paths in spaces]
    kinds = [NAMES[any(isinstance(cell, TimeReduce) for cell in net.cells)] for net in nets]
    if sorted(kinds) != sorted(NAMES.values()):
        return []
    rows = []
    for fold, (kept, judging) in enumerate([keep_few(codes, seed)] if key["few"] else folds_of(x, codes, seed)):
        windows = Standardizer.fit(x[kept])(x)[..., np.newaxis]
        augment, _ = stretched_or_not(windows[kept], codes[kept], None, seed)
        row: dict[str, Any] = key | {"fold": fold, "windows": len(kept), "judges": len(judging)}
        for kind, net in zip(kinds, nets, strict=True):
            started = time.process_time()
            found = validated(net, windows[kept], codes[kept], settings, seed, augment)
            data = settings.repeated((windows[kept], codes[kept]), None)
            model = net.build(DROPOUT, seed)
            macs = sum(node.op.macs for node in net.graph().nodes)
            train_float(
                model,
                *data,
                epochs=settings.train_epochs_for(data[0], macs),
                batch_size=settings.batch_size_for(data[0]),
                augment=augment,
                seed=seed,
                until_solved=True,
            )
            answers = answers_of(model, windows[judging])
            found["accuracy"] = accuracy_score(codes[judging], answers.argmax(axis=1))
            found["loss"] = log_loss(codes[judging], answers, labels=range(answers.shape[1]))
            row[kind] = {name: round(float(value), 4) for name, value in found.items()}
            row[kind]["seconds"] = round(time.process_time() - started, 1)
        rows.append(row)
    return rows


def validated(
    net: Architecture, windows: np.ndarray, codes: np.ndarray, settings: Settings, seed: int, augment: Augment
) -> dict[str, float]:
    """Macro-F1 and loss on the validation windows of all splits, as a contest sees them."""
    rows = validation_splits(codes, None, settings.validation_fraction, MOST_SPLITS, seed)
    splits = [((windows[own], codes[own]), (windows[val], codes[val])) for own, val in rows]
    batch_size = settings.batch_size_for(splits[0][0][0])
    scores = short_scores(net, splits, range(len(splits)), FIRST_STEPS, batch_size, seed, augment)
    truth = np.concatenate([codes[val] for _, val in rows])
    predicted = np.concatenate([score.predicted for score in scores if score.predicted is not None])
    return {
        "validation_macro_f1": f1_score(truth, predicted, average="macro"),
        "validation_loss": np.average([score.loss for score in scores], weights=[len(val) for _, val in rows]),
    }


def chosen(row: dict[str, Any]) -> str:
    """The kind with the better score on validation windows; of equal ones, that with the smaller loss."""
    return max(NAMES.values(), key=lambda kind: (row[kind]["validation_macro_f1"], -row[kind]["validation_loss"]))


def table(results: Sequence[dict[str, Any]]) -> str:
    """A row for each run, and the mean accuracies."""
    rows = [
        [row["set"], row["seed"], row["fold"], row["windows"], row["judges"]]
        + [
            row[kind][name]
            for kind in NAMES.values()
            for name in ("validation_macro_f1", "validation_loss", "accuracy")
        ]
        + [chosen(row), row[chosen(row)]["accuracy"]]
        for row in results
    ]
    means = [float(np.mean([row[column] for row in rows])) for column in (7, 10, 12)]
    rows.append(["mean", *[""] * 6, means[0], "", "", means[1], "", means[2]])
    own = ("validation F1", "loss", "accuracy")
    columns = (
        "set",
        "seed",
        "fold",
        "windows",
        "judges",
        *(f"{kind}: {name}" for kind in NAMES.values() for name in own),
    )
    return tabulate.tabulate(rows, (*columns, "chosen", "accuracy"), floatfmt=".3f")


def main(argv: Sequence[str]) -> None:
    settings = {"few": FEW.value, "max_latency_ms": MS.value, "max_ram_kb": KB.value}
    own = cases(argv, DATA.value, SETS.value, SEEDS.value, **settings)
    results = complete(OUT.value, "benchmarks.kinds", own, run_one)
    print(f"\n{table(results)}\n\nWritten: {OUT.value}")


if __name__ == "__main__":
    # The name of another study's file is not that of this one.
    flags.set_default(OUT, "benchmarks/results/kinds.json")
    app.run(main)
