"""What a contest among random architectures is worth, on folds of the training windows alone.

    python -m benchmarks.draws --seeds=0

Every .npz file of a folder is a data set. Architectures that use a limit on latency well are drawn at random from the
default space. Each is judged as in the first round of a contest, by windows that are split off two thirds of the
training windows, and is then trained as a winner is on those two thirds; its accuracy on the last third says what the
choice was worth. Test windows have no part in it. Runs that the JSON file has already are not done again.
"""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from absl import app, flags

import tsnas
from benchmarks.draws_table import table
from benchmarks.series_sets import cases, folds_of, read_training_windows
from benchmarks.study import Case, complete
from tsnas.cost.limits import Limits
from tsnas.data import Standardizer, validation_splits
from tsnas.job.preparation import stretched_or_not
from tsnas.job.settings import Settings, check_settings
from tsnas.search.derive import Candidate
from tsnas.search.finalists import divide
from tsnas.search.parts import build_parts, fitting
from tsnas.search.paths import WELL_USED
from tsnas.search.rounds import DROPOUT, FIRST_STEPS, short_scores
from tsnas.training.train import train_float

DATA = flags.DEFINE_string("data", "../shared/data/ucr", "Folder of .npz files with x_train and y_train.")
SETS = flags.DEFINE_list("sets", None, "Names of the sets; all by default.")
SEEDS = flags.DEFINE_list("seeds", ["0"], "Seeds of folds, draws and trainings.")
DRAWS = flags.DEFINE_integer("draws", 8, "Number of architectures for each set and seed.")
MS = flags.DEFINE_float("max_latency_ms", 40.0, "Limit on latency.")
KB = flags.DEFINE_float("max_ram_kb", 64.0, "Limit on RAM.")
OUT = flags.DEFINE_string("out", "benchmarks/results/draws.json", "Where to write.")

BOARD = "nucleo_f446re"


def draw(x: np.ndarray, classes: int, settings: Settings, seed: int) -> list[Candidate]:
    """Draws distinct architectures near the limits, from all parts of the default space in turn."""
    bounds = Limits(MS.value, KB.value).on(settings.board)
    spaces = fitting(build_parts(settings.spaces, x.shape[1:3], classes, settings.board, seed=seed), bounds)
    rng = np.random.default_rng(seed)
    found: dict[Any, Candidate] = {}
    for paths, count in zip(spaces, divide(DRAWS.value, len(spaces)), strict=True):
        wanted = len(found) + count
        for _ in range(50 * count):
            if len(found) >= wanted:
                break
            one = paths.candidate(paths.draw_near(rng))
            if one is not None and paths.use_of(one) >= WELL_USED:
                found.setdefault(one.architecture, one)
    return list(found.values())


def run_one(path: pathlib.Path, key: Case) -> list[dict[str, Any]]:
    """Scores of the first round and accuracy on left-out windows of each architecture, in a single row."""
    seed = key["seed"]
    x, codes = read_training_windows(path)
    train, test = folds_of(x, codes, seed)[0]
    windows = Standardizer.fit(x[train])(x)[..., np.newaxis]
    x_train, y_train = windows[train], codes[train]
    settings = check_settings(tsnas.AutoClassifier(BOARD))
    ((own, val),) = validation_splits(y_train, None, settings.validation_fraction, 1, seed)
    split = (x_train[own], y_train[own]), (x_train[val], y_train[val])
    augment, _ = stretched_or_not(x_train, y_train, None, seed)
    rows = []
    for candidate in draw(x, int(codes.max()) + 1, settings, seed):
        batch_size = settings.batch_size_for(split[0][0])
        (score,) = short_scores(candidate.architecture, [split], [0], FIRST_STEPS, batch_size, seed, augment)
        model = candidate.architecture.build(DROPOUT, seed)
        repeated = settings.repeated((x_train, y_train), None)
        epochs = settings.train_epochs_for(repeated[0])
        batch_size = settings.batch_size_for(repeated[0])
        train_float(model, *repeated, epochs=epochs, batch_size=batch_size, seed=seed, augment=augment)
        right = model(windows[test], training=False).numpy().argmax(axis=1) == codes[test]
        rows.append(
            {
                "latency_ms": round(candidate.estimate.latency_ms, 2),
                "first_macro_f1": round(score.macro_f1, 4),
                "first_loss": round(score.loss, 4),
                "accuracy": round(float(right.mean()), 4),
            }
        )
    return [key | {"windows": len(test), "judges": len(val), "draws": rows}]


def main(argv: Sequence[str]) -> None:
    limits = {"max_latency_ms": MS.value, "max_ram_kb": KB.value}
    results = complete(
        OUT.value, "benchmarks.draws", cases(argv, DATA.value, SETS.value, SEEDS.value, **limits), run_one
    )
    print(f"\n{table(results)}\n\nWritten: {OUT.value}")


if __name__ == "__main__":
    app.run(main)
