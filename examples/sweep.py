"""Trades accuracy for latency: finds a front of models for two boards, shows a table and a picture, and selects one.

    python examples/sweep.py --out=runs/sweep

After an interruption, run the same command again to resume: finished work is kept in the folder. The picture needs
`pip install 'tsnas[plots]'`.
"""

import pathlib
from collections.abc import Sequence

import short
from absl import app, flags

import tsnas

BOARDS = flags.DEFINE_list("boards", ["nucleo_f446re", "nucleo_l552ze_q"], "Boards.")
MAX_LATENCY_MS = flags.DEFINE_multi_float(
    "max_latency_ms", [6, 12, 24], "Limit on the latency, in ms; the flag can be repeated."
)
OUT = flags.DEFINE_string("out", "runs/sweep", "Folder for the models.")
QUICK = flags.DEFINE_bool("quick", False, "Few windows and few steps, to see that it runs; the models are of no use.")


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    (x, y, groups), (x_test, y_test, _) = tsnas.datasets.shoulder.load_data()
    settings = {}
    if QUICK.value:
        x, y, groups, settings = x[:: short.EVERY], y[:: short.EVERY], groups[:: short.EVERY], short.SETTINGS

    front = tsnas.ParetoSearch(
        BOARDS.value, max_latency_ms=MAX_LATENCY_MS.value, seed=0, directory=OUT.value, **settings
    )
    front.fit(x, y, groups=groups)
    print(front.table())
    picture = pathlib.Path(OUT.value) / "front.png"
    front.plot(picture)
    print(f"Wrote {picture}.\n")

    # The best model within a limit, which need not be one of the sweep's, on a board of your choice.
    limit_ms, board = max(MAX_LATENCY_MS.value), BOARDS.value[-1]
    clf = front.best(max_latency_ms=limit_ms, board=board)
    scores = clf.evaluate(x_test, y_test)["int8"]
    print(
        f"Within {limit_ms:g} ms on {board}: {clf.latency_ms_:.2f} ms, macro-F1 {scores['macro_f1']:.3f} on new users"
    )
    print("\n".join(clf.architecture_.describe()))


if __name__ == "__main__":
    app.run(main)
