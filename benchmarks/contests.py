"""What the contests of finished jobs say: does a first round foretell a second, and do larger networks do better?

    python -m benchmarks.contests

Reads the validation scores that `benchmarks.paper` and `benchmarks.search` have left in runs.json, jobs with users kept
apart; trains nothing, and no test window has a part in it. A round-one score is of some hundred steps on one group of
validation users, a round-two score of a thousand on another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tabulate
from absl import app, flags

from benchmarks.engine import read_results
from benchmarks.finalist_scores import contests_of, first_round, gain_of_doubling, summary
from benchmarks.record import provenance, write_json

RUNS = flags.DEFINE_string("runs", "benchmarks/results/runs.json", "Results of single runs, read only.")
OUT = flags.DEFINE_string("out", "benchmarks/results/contests.json", "Where to write the outcome as JSON.")

# What share of the limit on latency a finalist must take to count as near it.
NEAR = (0.5, 0.7, 0.8)


def _shown(row: dict[str, Any]) -> list[str]:
    return [f"{value[0]:g} ± {value[1]:g}" if isinstance(value, list) else str(value) for value in row.values()]


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    results = read_results(RUNS.value)
    contests = contests_of(results)
    if not contests:
        raise SystemExit(f"{RUNS.value} holds no contest of users apart.")
    rows = summary(contests)
    print(f"{len(contests)} contests; macro-F1 on validation users, ± is the standard error")
    print(tabulate.tabulate([_shown(row) for row in rows], [*rows[0]], disable_numparse=True))
    near = [{"least_share": share} | gain_of_doubling(first_round(contests_of(results, share))) for share in NEAR]
    print("\nThose alone that take at least a share of the limit on latency:")
    print(tabulate.tabulate([_shown(row) for row in near], [*near[0]], disable_numparse=True))
    record = provenance("benchmarks.contests", ("numpy",)) | {"contests": len(contests), "rows": rows, "near": near}
    write_json(OUT.value, record)
    print(f"\nWritten: {OUT.value}")


if __name__ == "__main__":
    app.run(main)
