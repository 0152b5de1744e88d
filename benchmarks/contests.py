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
from benchmarks.finalist_scores import contests_of, summary
from benchmarks.record import provenance, write_json

RUNS = flags.DEFINE_string("runs", "benchmarks/results/runs.json", "Results of single runs, read only.")
OUT = flags.DEFINE_string("out", "benchmarks/results/contests.json", "Where to write the outcome as JSON.")


def _shown(row: dict[str, Any]) -> list[str]:
    return [f"{value[0]:g} ± {value[1]:g}" if isinstance(value, list) else str(value) for value in row.values()]


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    contests = contests_of(read_results(RUNS.value))
    if not contests:
        raise SystemExit(f"{RUNS.value} holds no contest of users apart.")
    rows = summary(contests)
    print(f"{len(contests)} contests; macro-F1 on validation users, ± is the standard error")
    print(tabulate.tabulate([_shown(row) for row in rows], [*rows[0]], disable_numparse=True))
    record = provenance("benchmarks.contests", ("numpy",)) | {"contests": len(contests), "rows": rows}
    write_json(OUT.value, record)
    print(f"\nWritten: {OUT.value}")


if __name__ == "__main__":
    app.run(main)
