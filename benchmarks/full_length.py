"""The networks of finished jobs at full length once more, judged by validation users: which kind is better?

    python -m benchmarks.full_length --data=uci_har.npz --processes=2

At each limit of `benchmarks.search` stand the nets that jobs found by evolution and by random draws, the net made by
hand of about that latency, and random ones of the kind that one makes by hand. All are trained as long as a job trains
its winner, on training users only; the test windows are never read. What differs between kinds here does so on more
users than the test has; what does not is a matter of the test users. What the JSON holds is not trained again.
"""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate
from absl import app, flags

from benchmarks.design_space import known_rows, regular, shortest_kernel, with_rows
from benchmarks.engine import BY_HAND, read_results
from benchmarks.judging import judge_all
from benchmarks.nets import nets
from benchmarks.paper.plan import AMPLE_RAM_KB
from benchmarks.record import provenance, write_json
from tsnas.datasets import load_npz
from tsnas.job.settings import TRAIN_STEPS
from tsnas.space.architecture import Architecture

KINDS = (BY_HAND, "evolution", "regular", "random")

DATA = flags.DEFINE_string("data", None, "A .npz file as for `tsnas search --data`.", required=True)
LIMITS = flags.DEFINE_list("limits", ["6", "12", "22", "40"], "Limits on latency in ms, of jobs in the file of runs.")
CHOSEN = flags.DEFINE_multi_enum("kind", list(KINDS), list(KINDS), "Kinds to compare; all if not given.")
REGULAR = flags.DEFINE_integer("regular", 3, "Random networks of the kind made by hand at each limit.", lower_bound=0)
SPLITS = flags.DEFINE_integer("splits", 3, "Splits of the training users.", lower_bound=1)
STEPS = flags.DEFINE_integer("steps", TRAIN_STEPS, "Training steps of each.", lower_bound=1)
SEED = flags.DEFINE_integer("seed", 0, "Seed of the splits, the draws and the trainings.")
PROCESSES = flags.DEFINE_integer("processes", 1, "Trainings at once.", lower_bound=1)
RUNS = flags.DEFINE_string("runs", "benchmarks/results/runs.json", "Results of single runs, read only.")
OUT = flags.DEFINE_string("out", None, "JSON file; benchmarks/results/full_length_DATA.json if not given.")

# Nets made by hand are for these limits.
HAND_LIMITS_MS = (6.0, 12.0, 22.0, 40.0)


def entrants(shape: tuple[int, int, int], limits_ms: Sequence[float]) -> list[tuple[str, float, Architecture]]:
    """(kind, limit, network) of all, kind after kind; those of jobs are taken from the file of runs."""
    time, sensors, classes = shape
    found = [
        (BY_HAND, limit, Architecture(time, sensors, classes, cells))
        for limit, cells in zip(HAND_LIMITS_MS, nets(sensors).values(), strict=True)
        if limit in limits_ms
    ]
    jobs = [run for run in read_results(RUNS.value) if (run["protocol"], run["space"]) == ("users", "tsnas")]
    for kind in KINDS[1:]:
        for limit in limits_ms:
            if kind == "regular":
                rng = np.random.default_rng(SEED.value)
                own = regular(time, sensors, classes, limit, REGULAR.value, rng)
            else:
                own = [
                    Architecture.from_json(run["architecture"])
                    for run in jobs
                    if (run["strategy"], run["max_latency_ms"], run["max_ram_kb"]) == (kind, limit, AMPLE_RAM_KB)
                ]
            found += [(kind, limit, one) for one in own if (one.time, one.channels, one.classes) == shape]
    return [entrant for entrant in found if entrant[0] in CHOSEN.value]


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Scores of each kind at each limit and of each split, for those networks whose splits are all there."""
    splits = 1 + max(row["split"] for row in rows)
    lines = []
    for kind in KINDS:
        for limit in (*dict.fromkeys(row["max_latency_ms"] for row in rows), None):
            own = [row for row in rows if row["kind"] == kind and limit in (row["max_latency_ms"], None)]
            scores = [[row["macro_f1"] for row in own if row["split"] == split] for split in range(splits)]
            if own and len({len(one) for one in scores}) == 1:
                means = np.mean(scores, axis=0)
                spread = f"{means.std(ddof=1):.4f}" if len(means) > 1 else ""
                of_splits = ", ".join(f"{np.mean(one):.4f}" for one in scores)
                lines.append((kind, f"{limit:g}" if limit else "all", len(means), of_splits, means.mean(), spread))
    headers = ("kind", "limit in ms", "networks", "macro-F1 of each split", "mean", "sd")
    return tabulate.tabulate(lines, headers, floatfmt=".4f")


def by_kernel(rows: Sequence[dict[str, Any]]) -> str:
    """The same of all kinds together, by the shortest kernel over time that looks at each sensor alone."""
    lines = []
    shortest = [shortest_kernel(Architecture.from_json(row["architecture"])) for row in rows]
    for kernel in sorted(set(shortest)):
        own = [row for row, length in zip(rows, shortest, strict=True) if length == kernel]
        for split in sorted({row["split"] for row in own}):
            scores = [row["macro_f1"] for row in own if row["split"] == split]
            lines.append((kernel, split, len(scores), np.mean(scores), np.std(scores)))
    headers = ("shortest kernel, each sensor alone", "split", "networks", "mean", "sd")
    return tabulate.tabulate(lines, headers, floatfmt=".4f")


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    loaded = load_npz(DATA.value)
    shape = (*map(int, loaded.x_train.shape[1:]), len(np.unique(loaded.y_train)))
    name = pathlib.Path(DATA.value).stem
    out = OUT.value or f"benchmarks/results/full_length_{name}.json"
    wanted = entrants(shape, [float(limit) for limit in LIMITS.value])
    settings = {"data": name, "steps": STEPS.value, "seed": SEED.value}
    held = known_rows(out, settings)
    known = {(Architecture.from_json(row["architecture"]), row["split"]): row["macro_f1"] for row in held}
    print(f"{len(known)} scores are in {out}")
    record = provenance("benchmarks.full_length", ("tsnas", "tensorflow", "tf_keras", "numpy")) | settings
    # A split after the other, so that one that is broken off has compared all kinds.
    trials = [
        (one, (split,))
        for split in range(SPLITS.value)
        for one in dict.fromkeys(one for *_, one in wanted)
        if (one, split) not in known
    ]

    def rows() -> list[dict[str, Any]]:
        return [
            {"kind": kind, "max_latency_ms": limit, "split": split, "macro_f1": known[one, split]}
            | {"architecture": one.to_json()}
            for split in range(SPLITS.value)
            for kind, limit, one in wanted
            if (one, split) in known
        ]

    for done, ((one, (split,)), (score,)) in enumerate(
        judge_all(trials, DATA.value, STEPS.value, SEED.value, PROCESSES.value), start=1
    ):
        known[one, split] = score
        kinds = ", ".join(f"{kind} {limit:g} ms" for kind, limit, other in wanted if other == one)
        print(f"{done}/{len(trials)} split {split}, {kinds}: {score}", flush=True)
        write_json(out, record | {"rows": with_rows(held, rows(), ("kind", "max_latency_ms", "split", "architecture"))})
    print(f"\n{name}, {STEPS.value} steps, validation users\n{table(rows())}\n\n{by_kernel(rows())}\n\nWritten: {out}")


if __name__ == "__main__":
    app.run(main)
