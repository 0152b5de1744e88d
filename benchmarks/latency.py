"""Fits the latency model of each board to measured operators and judges it on operators that it has not seen.

    python -m benchmarks.latency --measurements=../shared/measurements/op_latency_open.csv

Two ways of holding out: whole recording sessions (another day, often another firmware), and shapes (5 folds, all
records of a shape in one fold). Beside the kernel model stand the usual proxy, cycles in proportion to
multiply-accumulates, and a random forest on raw shapes. The interpreter's overhead is not judged: only the kernels' own
cycles. The fixed ratios of tsnas.cost.features were chosen on these same records, so that the kernel model's figures on
nicla_sense_me, the only board with odd shapes, are slightly too good.
"""

from __future__ import annotations

import dataclasses
import datetime
import sys
from collections.abc import Sequence

import numpy as np
import tabulate
from absl import app, flags

from benchmarks.latency_models import BOARD_SPLIT, MODELS, SPLITS, Rows, Score, held_out_predictions, score
from benchmarks.record import provenance, write_json
from tsnas.cost.board import BOARDS_DIR, load_board
from tsnas.cost.board_parts import LatencyError
from tsnas.cost.fit import fit_board_coefficients
from tsnas.cost.measurements import read_measurements
from tsnas.errors import BoardFileError
from tsnas.graph.ops import OP_KINDS

MEASUREMENTS = flags.DEFINE_string(
    "measurements", "../shared/measurements/op_latency_open.csv", "CSV table of operators measured on boards."
)
OUT = flags.DEFINE_string("out", "benchmarks/results/latency.json", "Where to write the results as JSON.")
WRITE_BOARDS = flags.DEFINE_bool(
    "write_boards", False, "Rewrite coefficients, error figures and date in the board files of the package."
)


def judge(rows: Rows, clock_hz: float) -> dict[str, dict[str, dict[str, Score]]]:
    """Scores by split, model and kind of operator ("all" for every kind)."""
    measured = np.array([row.op_cycles for row in rows], dtype=float)
    kinds = np.array([row.op.kind for row in rows])
    scores: dict[str, dict[str, dict[str, Score]]] = {}
    for split in SPLITS:
        for model, fit in MODELS.items():
            predicted = held_out_predictions(rows, fit, split)
            by_kind = {"all": score(predicted, measured, clock_hz)}
            for kind in OP_KINDS:
                if np.isfinite(predicted[kinds == kind]).any():
                    by_kind[kind] = score(predicted[kinds == kind], measured[kinds == kind], clock_hz)
            scores.setdefault(split, {})[model] = by_kind
    return scores


def write_board(name: str, rows: Rows, error: Score) -> None:
    """Rewrites the fitted parts of a board's file."""
    board = dataclasses.replace(
        load_board(name),
        coefficients=fit_board_coefficients(rows),
        latency_error=LatencyError(
            median_relative=round(error.median_relative, 5),
            p95_relative=round(error.p95_relative, 5),
            n_ops=error.n_ops,
            split=SPLITS[BOARD_SPLIT],
        ),
        date=datetime.date.today().isoformat(),
    )
    write_json(BOARDS_DIR / f"{name}.json", board.to_json())


def _table(results: dict[str, dict[str, dict[str, dict[str, Score]]]]) -> str:
    lines = [
        (board, split, model, s.n_ops, f"{s.mae_ms:.4f}", f"{s.mape:.2%}", f"{s.p95_relative:.2%}", f"{s.r2:.5f}")
        for board, splits in results.items()
        for split, models in splits.items()
        for model, s in ((model, kinds["all"]) for model, kinds in models.items())
    ]
    headers = ("board", "held out", "model", "ops", "MAE ms", "MAPE", "p95", "R2")
    return tabulate.tabulate(lines, headers, colalign=("left", "left", "left", *["right"] * 5), disable_numparse=True)


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    try:
        records = read_measurements(MEASUREMENTS.value)
    except BoardFileError as error:
        sys.exit(f"{error} Give the table with --measurements.")
    results = {}
    for name in sorted({record.board for record in records}):
        rows = [record for record in records if record.board == name]
        results[name] = judge(rows, load_board(name).clock_hz)
        if WRITE_BOARDS.value:
            write_board(name, rows, results[name][BOARD_SPLIT]["kernel model"]["all"])
    print(_table(results))
    write_json(
        OUT.value,
        provenance("benchmarks.latency", ("numpy", "scipy", "scikit-learn"))
        | {
            "splits": SPLITS,
            "records": len(records),
            "scores": {
                board: {
                    split: {m: {k: dataclasses.asdict(s) for k, s in kinds.items()} for m, kinds in models.items()}
                    for split, models in splits.items()
                }
                for board, splits in results.items()
            },
        },
    )
    print(f"\nWritten: {OUT.value}" + (f", and the boards in {BOARDS_DIR}" if WRITE_BOARDS.value else ""))


if __name__ == "__main__":
    app.run(main)
