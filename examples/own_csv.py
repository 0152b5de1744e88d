"""Makes a model from CSV files: reads and checks them, cuts windows, and tests the model on an unseen user.

    python examples/own_csv.py
    python examples/own_csv.py --csv=recordings --test_user=user3

`--csv` has one folder for each label, with files ACTIVITY/USER_NUMBER.csv that hold time stamps in `time_ms` and
sensor channels in the other columns. Without `--csv`, a few files are made, with lost samples as in real ones.
"""

import pathlib
from collections.abc import Sequence

import motion
import numpy as np
import short
from absl import app, flags

import tsnas

CSV = flags.DEFINE_string("csv", None, "Folder of the files. Default: files are made in OUT/csv.")
TEST_USER = flags.DEFINE_string("test_user", "user6", "The user to test on.")
OUT = flags.DEFINE_string("out", "runs/own_csv", "Folder for the generated files and the model.")
QUICK = flags.DEFINE_bool("quick", False, "Few steps, to see that it runs; the model is of no use.")


def make_files(folder: pathlib.Path) -> None:
    """Writes recordings as a logger would; one of them lacks two seconds and the values of another sample."""
    for number, (values, label, user) in enumerate(zip(*motion.recordings(), strict=True)):
        stamps_ms = 1000 * np.arange(len(values)) / motion.RATE_HZ
        rows = [f"{t:.0f},{','.join(f'{v:.3f}' for v in row)}" for t, row in zip(stamps_ms, values, strict=True)]
        if number == 2:
            rows[600:700] = []
            rows[50] = rows[50].split(",")[0] + "," * len(motion.CHANNELS)
        path = folder / label / f"{user}_01.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([",".join(["time_ms", *motion.CHANNELS]), *rows]) + "\n")


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    out = pathlib.Path(OUT.value)
    if CSV.value is None:
        make_files(out / "csv")
    data = tsnas.data.from_csv(
        CSV.value or out / "csv", time="time_ms", pattern=r"(?P<label>\w+)/(?P<group>[^/_]+)_\d+\.csv"
    )
    print(data)

    # Windows of 128 samples, one every 64 samples; an inference has to finish before the next window is due.
    signal = tsnas.Signal(window=128, stride=64, rate_hz=data.rate_hz)
    train, test = data.split(test_groups=[TEST_USER.value])
    print(tsnas.data.check(train, signal=signal, test=test))

    settings = short.SETTINGS if QUICK.value else {"epochs": 40}
    clf = tsnas.AutoClassifier("nucleo_f446re", max_latency_ms=10, max_ram_kb=32, seed=0, **settings)
    clf.fit_recordings(train.arrays, train.labels, signal, groups=train.groups)

    print(f"\n{clf.latency_ms_:.2f} ms, {clf.ram_bytes_ / 1024:.1f} KB of RAM on {clf.board_.name}")
    print(f"Windows of {TEST_USER.value}:")
    for source, label, found in zip(test.sources, test.labels, clf.predict_recordings(test.arrays), strict=True):
        print(f"  {source:<20}  {np.mean(found == label):4.0%} of {len(found)} classified as {label}")
    clf.save(out / "model")
    print(f"Saved to {out / 'model'}.")


if __name__ == "__main__":
    app.run(main)
