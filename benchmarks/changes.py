"""What one change does to networks at full length, in pairs: each network as it was and with the change.

    python -m benchmarks.changes --data=uci_har.npz --change="a skip in every fusion cell" --processes=2

Takes the networks that `benchmarks.spaces` and `benchmarks.full_length` have judged, with their scores, and judges them
with the change on the same splits of the training users. A pair has the users and the seed in common, so a few of them
show what many different networks do not. The test windows are never read. What the JSON holds is not trained again.
"""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from absl import app, flags

from benchmarks.design_space import BOARD, known_rows, with_rows
from benchmarks.judging import judge_all
from benchmarks.pairs import CHANGES, changed, judged, latency_ms, table
from benchmarks.record import provenance, write_json
from tsnas.job.settings import TRAIN_STEPS
from tsnas.space.architecture import Architecture

DATA = flags.DEFINE_string("data", None, "A .npz file as for `tsnas search --data`.", required=True)
CHANGE = flags.DEFINE_enum("change", None, list(CHANGES), "What is changed.", required=True)
LIMITS = flags.DEFINE_list("limits", ["12", "22"], "Limits on latency in ms that the networks were drawn for.")
PAIRS = flags.DEFINE_integer("pairs", 10, "Networks to change at most.", lower_bound=2)
SPLITS = flags.DEFINE_list("splits", ["0", "1"], "Splits of the training users, by their numbers.")
STEPS = flags.DEFINE_integer("steps", TRAIN_STEPS, "Training steps of each, and of those that were judged.")
SEED = flags.DEFINE_integer("seed", 0, "Seed of the splits and the trainings, and of those that were judged.")
PROCESSES = flags.DEFINE_integer("processes", 1, "Trainings at once.", lower_bound=1)
RESULTS = flags.DEFINE_string("results", "benchmarks/results", "Folder of what has been judged, read only.")
OUT = flags.DEFINE_string("out", None, "JSON file; benchmarks/results/changes_DATA.json if not given.")


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    name = pathlib.Path(DATA.value).stem
    out = OUT.value or f"benchmarks/results/changes_{name}.json"
    settings = {"data": name, "steps": STEPS.value, "seed": SEED.value}
    splits = [int(split) for split in SPLITS.value]
    before = judged(pathlib.Path(RESULTS.value), name, [float(limit) for limit in LIMITS.value], settings)
    nets = [one for one in dict.fromkeys(one for one, _ in before) if all((one, split) in before for split in splits)]
    pairs = [(one, with_it) for one in nets if (with_it := changed(one, CHANGE.value)) != one]
    # Evenly over all that there are, which stand in the order of their kinds.
    pairs = [pairs[i] for i in sorted({round(i) for i in np.linspace(0, len(pairs) - 1, min(PAIRS.value, len(pairs)))})]
    held = known_rows(out, settings)
    after = before | {(Architecture.from_json(row["changed"]), row["split"]): row["macro_f1"][1] for row in held}
    costs_ms = {one: round(latency_ms(one), 3) for pair in pairs for one in pair}

    def rows() -> list[dict[str, Any]]:
        return [
            {"change": CHANGE.value, "split": split, "macro_f1": [before[one, split], after[with_it, split]]}
            | {"latency_ms": [costs_ms[one], costs_ms[with_it]]}
            | {"architecture": one.to_json(), "changed": with_it.to_json()}
            for split in splits
            for one, with_it in pairs
            if (with_it, split) in after
        ]

    record = provenance("benchmarks.changes", ("tsnas", "tensorflow", "tf_keras", "numpy")) | settings
    # Two networks may become the same one.
    changes = dict.fromkeys(with_it for _, with_it in pairs)
    trials = [(one, (split,)) for split in splits for one in changes if (one, split) not in after]
    print(f"{len(pairs)} networks, {len(trials)} trainings")
    for (one, (split,)), (score,) in judge_all(trials, DATA.value, STEPS.value, SEED.value, PROCESSES.value):
        after[one, split] = score
        own = ", ".join(str(before[other, split]) for other, with_it in pairs if with_it == one)
        print(f"split {split}: {own} → {score}", flush=True)
        write_json(out, record | {"rows": with_rows(held, rows(), ("change", "split", "architecture"))})
    if found := rows():
        print(f"\n{name} on {BOARD}, {STEPS.value} steps, validation users\n{table(found)}\n\nWritten: {out}")


if __name__ == "__main__":
    app.run(main)
