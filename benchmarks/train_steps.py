"""How many steps the float training of a network of some size needs, on folds of training users alone.

    python -m benchmarks.train_steps --data=uci_har.npz --limits=6 --steps=2000,3000,5000 --folds=0,1

The networks are those that the default found at these limits (`runs.json`). Each is trained on four fifths of the
training users, as a job trains its winner, and judged by the others; test windows are never read. Rows that the JSON
file has already are not computed again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tabulate
from absl import app, flags
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedGroupKFold

from benchmarks.engine import DEFAULT, read_results
from benchmarks.record import provenance, write_json
from tsnas.data import Standardizer, encode_labels, find_axes
from tsnas.datasets import load_npz
from tsnas.job.settings import epochs_of
from tsnas.search.rounds import DROPOUT
from tsnas.space.architecture import Architecture
from tsnas.training.augment import augmentation
from tsnas.training.train import train_float

DATA = flags.DEFINE_string("data", None, "A .npz file as for `tsnas search --data`, with groups.", required=True)
LIMITS = flags.DEFINE_list("limits", ["6"], "Limits on latency in ms, of jobs in the file of runs.")
SEEDS = flags.DEFINE_list("seeds", ["0", "1", "2"], "Seeds of those jobs.")
FOLDS = flags.DEFINE_list("folds", ["0"], "Which of five folds of the training users.")
STEPS = flags.DEFINE_list("steps", ["2000", "5000"], "Steps of the trainings.")
RUNS = flags.DEFINE_string("runs", "benchmarks/results/runs.json", "Results of single runs, read only.")
OUT = flags.DEFINE_string("out", "benchmarks/results/train_steps.json", "Where to write.")

BOARD, BATCH_SIZE, FEW, MANY = "nucleo_f446re", 64, 1, 200


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    data = load_npz(DATA.value)
    if data.groups_train is None:
        raise app.UsageError(f"--data={DATA.value}: it has no groups.")
    x, codes = data.x_train, encode_labels(data.y_train)[0]
    folds = list(StratifiedGroupKFold(5).split(x, codes, data.groups_train))
    axes = find_axes("auto", x)
    jobs = [
        run
        for run in read_results(RUNS.value)
        if (run["board"], run["strategy"], run["protocol"]) == (BOARD, DEFAULT, "users")
        and run["max_latency_ms"] in map(float, LIMITS.value)
        and run["seed"] in map(int, SEEDS.value)
    ]
    rows = read_results(OUT.value)
    for fold in map(int, FOLDS.value):
        train, test = folds[fold]
        standardizer = Standardizer.fit(x[train])
        windows, augment = standardizer(x)[..., np.newaxis], augmentation(standardizer, axes)
        for job in sorted(jobs, key=lambda run: (run["max_latency_ms"], run["seed"])):
            for steps in map(int, STEPS.value):
                key = {"max_latency_ms": job["max_latency_ms"], "job": job["seed"], "macs": job["macs"], "fold": fold}
                key["steps"] = steps
                if any(key.items() <= row.items() for row in rows):
                    continue
                model = Architecture.from_json(job["architecture"]).build(DROPOUT, 0)
                epochs = epochs_of(steps, len(train) / BATCH_SIZE, (FEW, MANY))
                train_float(
                    model, windows[train], codes[train], epochs=epochs, seed=0, augment=augment, until_solved=True
                )
                answers = model(windows[test], training=False).numpy().argmax(axis=1)
                macro_f1 = round(float(f1_score(codes[test], answers, average="macro")), 4)
                rows.append(key | {"macro_f1": macro_f1, "architecture": job["architecture"]})
                write_json(OUT.value, provenance("benchmarks.train_steps", ("tsnas", "tensorflow")) | {"results": rows})
    shown = [{name: value for name, value in row.items() if name != "architecture"} for row in rows]
    print(f"{tabulate.tabulate(shown, headers='keys', floatfmt='.4f')}\n\nWritten: {OUT.value}")


if __name__ == "__main__":
    app.run(main)
