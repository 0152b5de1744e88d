"""Exports C that takes raw samples one by one, compiles it for the PC and compares it with Python.

    python examples/streaming_firmware.py --out=runs/streaming

The model takes only the accelerometer, at half the rate. The firmware gets all channels at the full rate; it selects
channels and averages samples itself. streaming_firmware.c is its main program. On a device, CMSIS-NN replaces the
kernels in plain C; see docs/export.md. The example needs gcc or another C compiler named cc.
"""

import pathlib
import shutil
import subprocess
import sys
from collections.abc import Sequence

import motion
import numpy as np
import short
from absl import app, flags

import tsnas

OUT = flags.DEFINE_string("out", "runs/streaming", "Folder for the sources and the program.")
QUICK = flags.DEFINE_bool("quick", False, "Few steps, to see that it runs; the model is of no use.")
MAIN = pathlib.Path(__file__).with_suffix(".c")


def compile_program(folder: pathlib.Path, stride: int) -> pathlib.Path:
    """Compiles the exported sources and the main program for this machine."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        sys.exit("No C compiler found; install gcc.")
    program = folder / "stream"
    flags_of_c = ["-std=c11", "-O2", "-Wall", "-Wextra", "-DTSNAS_PORTABLE", f"-DSTRIDE={stride}"]
    flags_of_c += [f"-DSENSOR_CHANNELS={len(motion.CHANNELS)}", f"-I{folder / 'tsnas'}"]
    sources = [*sorted((folder / "tsnas").glob("*.c")), MAIN]
    subprocess.run([compiler, *flags_of_c, *map(str, sources), "-lm", "-o", str(program)], check=True)
    return program


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    arrays, labels, users = motion.recordings()
    train = [index for index, user in enumerate(users) if user != "user6"]
    test = [index for index, user in enumerate(users) if user == "user6"]

    signal = tsnas.Signal(window=64, stride=32, decimation=2, channels=(0, 1, 2), rate_hz=motion.RATE_HZ)
    settings = short.SETTINGS if QUICK.value else {"epochs": 40}
    clf = tsnas.AutoClassifier("nucleo_f446re", max_latency_ms=5, max_ram_kb=16, seed=0, **settings)
    clf.fit_recordings([arrays[i] for i in train], [labels[i] for i in train], signal, [users[i] for i in train])

    folder = pathlib.Path(OUT.value)
    clf.export(folder, format="c")
    program = compile_program(folder, signal.stride)
    print(f"\nCompiled {program}: {clf.latency_ms_:.2f} ms per window on {clf.board_.name}")

    for index, expected in zip(test, clf.predict_recordings([arrays[i] for i in test]), strict=True):
        # As a sensor would deliver them: float32, all channels of one sample after the other.
        samples = arrays[index].astype(np.float32).tobytes()
        found = subprocess.run([program], input=samples, capture_output=True, check=True).stdout.decode().split()
        differ = sum(one != other for one, other in zip(found, expected, strict=True))
        print(f"{users[index]}, {labels[index]:<4}  {len(found)} classes from C, {differ} differ from Python; ", end="")
        print(f"{np.mean(expected == labels[index]):.0%} are correct")


if __name__ == "__main__":
    app.run(main)
