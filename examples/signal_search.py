"""Finds window length, rate and channels together with the network: the signals that a device has to sample.

    python examples/signal_search.py --out=runs/signal

The recordings are simulated: an accelerometer and a gyroscope at 50 Hz. Each trial cuts them in a different way; of the
ways that are as good as the best one, the one that takes the fewest values wins. After an interruption, run the same
command again to resume.
"""

from collections.abc import Sequence

import motion
import numpy as np
import short
from absl import app, flags

import tsnas

TRIALS = flags.DEFINE_integer("trials", 8, "Maximum number of ways of cutting to try.", 1)
OUT = flags.DEFINE_string("out", "runs/signal", "Folder for finished work and the model.")
QUICK = flags.DEFINE_bool("quick", False, "Two trials and few steps, to see that it runs; the model is of no use.")


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    arrays, labels, users = motion.recordings()
    held_out = [user == "user6" for user in users]
    train = [index for index, held in enumerate(held_out) if not held]
    settings = {"epochs": 40}
    if QUICK.value:
        settings = short.SETTINGS

    search = tsnas.SignalSearch(
        "nucleo_f446re",
        max_latency_ms=10,
        max_ram_kb=32,
        spans=(64, 128),  # raw samples that a window covers: 1.3 s or 2.6 s
        decimations=(1, 2, 4),  # every sample, or means of two or four
        channels=[None, (0, 1, 2), (3, 4, 5)],  # both sensors, or one of them
        stride=64,
        rate_hz=motion.RATE_HZ,  # so an inference must finish before the next window is due
        trials=2 if QUICK.value else TRIALS.value,
        seed=0,
        directory=OUT.value,
        **settings,
    )
    search.fit([arrays[i] for i in train], [labels[i] for i in train], groups=[users[i] for i in train])
    print(search.table())
    print(f"\nChosen: {search.signal_}")

    # The recordings are raw: the model cuts them itself.
    clf = search.classifier_
    print(f"{clf.latency_ms_:.2f} ms per window, one window every {search.signal_.deadline_ms:.0f} ms")
    test = [index for index, held in enumerate(held_out) if held]
    for index, found in zip(test, search.predict_recordings([arrays[i] for i in test]), strict=True):
        correct = np.mean(found == labels[index])
        print(f"{users[index]}, {labels[index]:<4}  {correct:4.0%} of {len(found)} windows correct")
    clf.save(OUT.value)
    print(f"Saved to {OUT.value}.")


if __name__ == "__main__":
    app.run(main)
