"""One large network, or several small ones that answer together, at the same latency.

    python -m benchmarks.members --data=ucr --seeds=0

Every .npz file of a folder is a data set. Networks of the default space are drawn near a limit on latency, and near a
half, a third and a quarter of it; each small one is trained as often as fits within the limit, every time with another
seed, and the mean of these networks answers. Windows of a fold that was left out judge, or, with `--few`, all but a few
of the training windows. Test windows have no part in it. Runs that the JSON file has already are not done again.
"""

from __future__ import annotations

import dataclasses
import pathlib
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from absl import app, flags
from sklearn.metrics import accuracy_score, log_loss

import tsnas
from benchmarks.draws import DATA, KB, MS, OUT, SEEDS, SETS
from benchmarks.members_table import table
from benchmarks.series_sets import answers_of, cases, folds_of, keep_few, read_training_windows
from benchmarks.study import Case, complete
from tsnas.cost.limits import Limits
from tsnas.data import Standardizer
from tsnas.job.preparation import stretched_or_not
from tsnas.job.settings import check_settings
from tsnas.search.finalists import divide, finalists
from tsnas.search.parts import build_parts, fitting
from tsnas.search.rounds import DROPOUT
from tsnas.training.train import train_float

MEMBERS = flags.DEFINE_list("members", ["1", "2", "3", "4"], "Numbers of networks that answer together.")
NETWORKS = flags.DEFINE_integer("networks", 2, "Architectures for each number of members.")
FEW = flags.DEFINE_bool("few", False, "Train on some 32 windows of each set; others judge.")

BOARD = "nucleo_f446re"
LEAST_JUDGES = 20


def run_one(path: pathlib.Path, key: Case, members: Sequence[int]) -> list[dict[str, Any]]:
    """Accuracy and loss on the windows that judge, for each number of members; none where too few windows judge."""
    seed = key["seed"]
    x, codes = read_training_windows(path)
    kept, judging = keep_few(codes, seed) if FEW.value else folds_of(x, codes, seed)[0]
    if len(judging) < LEAST_JUDGES:
        return []
    windows = Standardizer.fit(x[kept])(x)[..., np.newaxis]
    own, y = windows[kept], codes[kept]
    classes = int(codes.max()) + 1
    settings = check_settings(tsnas.AutoClassifier(BOARD))
    augment, _ = stretched_or_not(own, y, None, seed)
    repeated = settings.repeated((own, y), None)
    epochs, batch_size = settings.train_epochs_for(repeated[0]), settings.batch_size_for(repeated[0])
    rows = []
    for count in members:
        bounds = Limits(MS.value / count, KB.value).on(settings.board)
        parts = list(dict.fromkeys(dataclasses.replace(part, members=1) for part in settings.spaces))
        spaces = fitting(build_parts(parts, x.shape[1:3], classes, settings.board, seed=seed), bounds)
        shares = zip(spaces, divide(NETWORKS.value, len(spaces)), strict=True)
        drawn = [one for paths, share in shares if share for one in finalists(paths, [], share, seed)]
        for place, candidate in enumerate(drawn):
            started = time.process_time()
            answers = []
            for own_seed in range(seed, seed + 1000 * count, 1000):
                model = candidate.architecture.build(DROPOUT, own_seed)
                settings_of_training = {"epochs": epochs, "batch_size": batch_size, "augment": augment}
                train_float(model, *repeated, **settings_of_training, seed=own_seed, until_solved=True)
                answers.append(answers_of(model, windows[judging]))
            row = key | {"windows": len(kept), "judges": len(judging), "members": count, "place": place}
            row |= {"latency_ms": round(count * candidate.estimate.latency_ms, 2)} | scores(answers, codes[judging])
            rows.append(row | {"seconds": round(time.process_time() - started, 1)})
    return rows


def scores(answers: Sequence[np.ndarray], codes: np.ndarray) -> dict[str, float]:
    """Accuracy by mean logits and by mean probabilities, loss by mean logits, and the mean accuracy of one member."""
    logits = np.mean(np.log(np.maximum(answers, 1e-7)), axis=0)
    mean = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = {
        "accuracy": accuracy_score(codes, mean.argmax(axis=1)),
        "by_probability": accuracy_score(codes, np.mean(answers, axis=0).argmax(axis=1)),
        "loss": log_loss(codes, mean, labels=range(mean.shape[1])),
        "alone": np.mean([accuracy_score(codes, one.argmax(axis=1)) for one in answers]),
    }
    return {name: round(float(value), 4) for name, value in found.items()}


def main(argv: Sequence[str]) -> None:
    own = cases(argv, DATA.value, SETS.value, SEEDS.value, few=FEW.value, max_latency_ms=MS.value)
    results = complete(OUT.value, "benchmarks.members", own, run_one, "members", [*map(int, MEMBERS.value)])
    print(f"\n{table(results)}\n\nWritten: {OUT.value}")


if __name__ == "__main__":
    # The name of another study's file is not that of this one.
    flags.set_default(OUT, "benchmarks/results/members.json")
    app.run(main)
