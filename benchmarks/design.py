"""What makes an architecture good at equal latency: many random ones, trained alone and judged by validation users.

    python -m benchmarks.design --data=uci_har.npz --limit=20 --architectures=60 --processes=2

Architectures that use most of a limit are drawn from the space with all sensors in one step, half of them with a first
stride of 2, half with 4. Each is trained for some hundred steps on some splits of the training users; its mean macro-F1
on the users left out is then explained by what it looks like, by least squares. Nets made by hand stand beside them.
No search has a hand in it, and the test windows are never read. What the JSON holds already is not trained again.

Source: Radosavovic et al., Designing Network Design Spaces (2020).
"""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate
from absl import app, flags

from benchmarks.design_space import explained, features, known_rows, of_both_strides, scores_of
from benchmarks.judging import judge_all
from benchmarks.nets import nets
from benchmarks.record import provenance, write_json
from tsnas.datasets import load_npz
from tsnas.space.architecture import Architecture

DATA = flags.DEFINE_string("data", None, "A .npz file as for `tsnas search --data`.", required=True)
LIMIT = flags.DEFINE_float("limit", 20.0, "Limit on latency in ms; between four fifths of it and all of it is used.")
ARCHITECTURES = flags.DEFINE_integer(
    "architectures", 60, "Random architectures; more than there are features.", lower_bound=24
)
STEPS = flags.DEFINE_integer("steps", 600, "Training steps of each.", lower_bound=1)
SPLITS = flags.DEFINE_integer("splits", 2, "Splits of the training users.", lower_bound=1)
SEED = flags.DEFINE_integer("seed", 0, "Seed of the splits, the draws and the trainings.")
PROCESSES = flags.DEFINE_integer("processes", 1, "Trainings at once.", lower_bound=1)
OUT = flags.DEFINE_string("out", None, "JSON file; benchmarks/results/design_DATA_LIMIT.json if not given.")


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    loaded = load_npz(DATA.value)
    (_, time, sensors), classes = loaded.x_train.shape, len(np.unique(loaded.y_train))
    random = of_both_strides(time, sensors, classes, LIMIT.value, ARCHITECTURES.value, SEED.value)
    by_hand = {name: Architecture(time, sensors, classes, cells) for name, cells in nets(sensors).items()}
    name = pathlib.Path(DATA.value).stem
    out = OUT.value or f"benchmarks/results/design_{name}_{LIMIT.value:g}.json"
    settings = {"splits": SPLITS.value, "steps": STEPS.value, "seed": SEED.value}
    wanted = [*((kind, one) for kind, one in by_hand.items()), *(("random", one) for one in random)]
    known = scores_of(known_rows(out, settings))
    rows = [_row(kind, one, known[one]) for kind, one in wanted if one in known]
    record = provenance("benchmarks.design", ("tsnas", "tensorflow", "tf_keras", "numpy")) | settings
    kinds = {one: kind for kind, one in wanted}
    trials = [(one, tuple(range(SPLITS.value))) for _, one in wanted if one not in known]
    for (one, _), scores in judge_all(trials, DATA.value, STEPS.value, SEED.value, PROCESSES.value):
        rows.append(_row(kinds[one], one, scores))
        print(f"{len(rows)}/{len(wanted)} {kinds[one]}: {scores}", flush=True)
        write_json(out, record | {"rows": rows})
    of_random = [row for row in rows if row["kind"] == "random"]
    causes = explained(of_random)
    scores = [float(np.mean(row["macro_f1"])) for row in of_random]
    print(f"\n{len(of_random)} random architectures: {np.mean(scores):.4f} ± {np.std(scores, ddof=1):.4f}")
    hand = [(row["kind"], 2 ** row["features"]["log2 of latency"], np.mean(row["macro_f1"])) for row in rows]
    print(tabulate.tabulate([row for row in hand if row[0] != "random"], ("by hand", "ms", "macro-F1"), floatfmt=".4g"))
    print(tabulate.tabulate(causes, ("feature", "one sd", "gain of one sd more", "standard error")))
    write_json(out, record | {"rows": rows, "explained": causes})
    print(f"\nWritten: {out}")


def _row(kind: str, one: Architecture, scores: list[float]) -> dict[str, Any]:
    return {"kind": kind, "features": features(one), "macro_f1": scores, "architecture": one.to_json()}


if __name__ == "__main__":
    app.run(main)
