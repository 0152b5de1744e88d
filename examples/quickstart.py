"""Finds a verified model for windows and limits: searches for it, shows it, evaluates it and saves it.

    python examples/quickstart.py --out=runs/quickstart

The shoulder exercises come with tsnas. The model and a report are written to the folder: open report.html in a browser.
"""

from collections.abc import Sequence

import short
from absl import app, flags

import tsnas

OUT = flags.DEFINE_string("out", "runs/quickstart", "Folder for the model and its report.")
MAX_LATENCY_MS = flags.DEFINE_float("max_latency_ms", 30.0, "Limit on the latency of one inference, in ms.")
QUICK = flags.DEFINE_bool("quick", False, "Few windows and few steps, to see that it runs; the model is of no use.")


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    # Each window has 128 samples and 6 channels; groups are the users, whose windows stay together.
    (x, y, groups), (x_test, y_test, _) = tsnas.datasets.shoulder.load_data()
    settings = {}
    if QUICK.value:
        x, y, groups, settings = x[:: short.EVERY], y[:: short.EVERY], groups[:: short.EVERY], short.SETTINGS

    clf = tsnas.AutoClassifier(
        board="nucleo_f446re", max_latency_ms=MAX_LATENCY_MS.value, max_ram_kb=64, seed=0, **settings
    )
    clf.fit(x, y, groups=groups)

    print()
    clf.summary()
    print("\nOn users not seen in training:")
    for kind, scores in clf.evaluate(x_test, y_test).items():
        print(f"  {kind:<5}  accuracy {scores['accuracy']:.3f}, macro-F1 {scores['macro_f1']:.3f}")
    print("Classes of the first test windows:", *clf.predict(x_test[:5]))

    clf.save(OUT.value)
    clf.report(OUT.value, x_test, y_test)
    again = tsnas.load(OUT.value)
    same = (again.predict(x_test) == clf.predict(x_test)).all()
    print(f"Saved to {OUT.value}; after loading, its predictions are {'the same' if same else 'different'}.")


if __name__ == "__main__":
    app.run(main)
