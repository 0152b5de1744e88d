"""Dilated networks or local ones: whether a plain model on the windows of a job chooses the better kind.

    python -m benchmarks.kinds --data=ucr --max_latency_ms=40 --max_ram_kb=64 [--few]

Every .npz file of a folder is a data set. A network of each kind, with the most members that the default space has, is
trained as a winner is, and other windows say what the choice was worth: those of folds that were left out, or, with
`--few`, all but some 32 of the training windows. Test windows have no part in it. Runs that the JSON file has already
are not done again.
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
from benchmarks.draws import DATA, KB, MS, OUT, SEEDS, SETS
from benchmarks.series_sets import answers_of, cases, judged_folds, keep_few, read_training_windows
from benchmarks.study import Case, complete
from tsnas.cost.limits import Limits
from tsnas.data import Standardizer
from tsnas.job.preparation import stretched_or_not
from tsnas.job.settings import check_settings
from tsnas.plain.locality import is_local, locality_loss_ratio
from tsnas.search.finalists import finalists
from tsnas.search.parts import build_parts, fitting
from tsnas.search.rounds import DROPOUT
from tsnas.space.config import DILATED, LOCAL
from tsnas.training.train import train_float

FEW = flags.DEFINE_bool("few", False, "Keep some 32 windows of each set; others judge.")

BOARD = "nucleo_f446re"
KINDS = (DILATED, LOCAL)


def run_one(path: pathlib.Path, key: Case) -> list[dict[str, Any]]:
    """A row for each part of the training windows that is kept: the ratio, and scores of both kinds on other windows.

    There is none where windows are too long for local networks.
    """
    seed = key["seed"]
    x, codes = read_training_windows(path)
    settings = check_settings(tsnas.AutoClassifier(BOARD))
    parts = build_parts(settings.spaces, x.shape[1:3], int(codes.max()) + 1, settings.board, seed=seed)
    spaces = fitting(parts, Limits(MS.value, KB.value).on(settings.board))
    most = {paths.part.reach: paths for paths in sorted(spaces, key=lambda paths: paths.supernet.members)}
    if set(most) != set(KINDS):
        return []
    nets = {kind: finalists(most[kind], [], 1, seed)[0].architecture for kind in KINDS}
    rows = []
    for fold, (kept, judging) in enumerate([keep_few(codes, seed)] if key["few"] else judged_folds(x, codes, seed)):
        windows, y = Standardizer.fit(x[kept])(x)[..., np.newaxis], codes[kept]
        augment, _ = stretched_or_not(windows[kept], y, None, seed)
        ratio, error = locality_loss_ratio(windows[kept], y, None, seed)
        row: dict[str, Any] = key | {"fold": fold, "windows": len(kept), "judges": len(judging)}
        row |= {"loss_ratio": round(ratio, 3), "error": round(error, 3)}
        repeated, labels = settings.repeated((windows[kept], y), None)
        for kind, net in nets.items():
            started = time.process_time()
            model = net.build(DROPOUT, seed)
            train_float(
                model,
                repeated,
                labels,
                epochs=settings.train_epochs_for(repeated, sum(node.op.macs for node in net.graph().nodes)),
                batch_size=settings.batch_size_for(repeated),
                augment=augment,
                seed=seed,
                until_solved=True,
            )
            answers = answers_of(model, windows[judging])
            found = {
                "accuracy": accuracy_score(codes[judging], answers.argmax(axis=1)),
                "loss": log_loss(codes[judging], answers, labels=range(answers.shape[1])),
            }
            row[kind] = {name: round(float(value), 4) for name, value in found.items()}
            row[kind]["seconds"] = round(time.process_time() - started, 1)
        rows.append(row)
    return rows


def chosen(row: dict[str, Any]) -> str:
    """The kind that a job takes."""
    return LOCAL if is_local(row["loss_ratio"], row["error"]) else DILATED


def table(results: Sequence[dict[str, Any]]) -> str:
    """A row for each run, and the mean accuracies."""
    rows = [
        [row["set"], row["seed"], row["fold"], row["windows"], row["judges"], row["loss_ratio"], row["error"]]
        + [row[kind][name] for kind in KINDS for name in ("accuracy", "loss")]
        + [chosen(row), row[chosen(row)]["accuracy"]]
        for row in results
    ]
    means = [float(np.mean([row[column] for row in rows])) for column in (7, 8, 9, 10, 12)]
    rows.append(["mean", *[""] * 6, *means[:4], "", means[4]])
    columns = ("set", "seed", "fold", "windows", "judges", "ratio", "error")
    own = (f"{kind}: {name}" for kind in KINDS for name in ("accuracy", "loss"))
    return tabulate.tabulate(rows, (*columns, *own, "chosen", "accuracy"), floatfmt=".3f")


def main(argv: Sequence[str]) -> None:
    settings = {"few": FEW.value, "max_latency_ms": MS.value, "max_ram_kb": KB.value}
    own = cases(argv, DATA.value, SETS.value, SEEDS.value, **settings)
    results = complete(OUT.value, "benchmarks.kinds", own, run_one)
    print(f"\n{table(results)}\n\nWritten: {OUT.value}")


if __name__ == "__main__":
    # The name of another study's file is not that of this one.
    flags.set_default(OUT, "benchmarks/results/kinds.json")
    app.run(main)
