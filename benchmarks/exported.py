"""Exported C on emulated boards against the .tflite file: every byte, macro-F1, and the time of a window.

python -m benchmarks.exported --model=runs/demo --data=../shared/data/watch.npz --windows=1145
"""

from __future__ import annotations

import pathlib
import time
from collections.abc import Sequence

import numpy as np
import tabulate
from absl import app, flags
from sklearn.metrics import f1_score

from benchmarks.record import provenance, write_json
from tsnas.data import encode_labels
from tsnas.datasets import load_npz, shoulder
from tsnas.export import Firmware
from tsnas.export.emulate import verify_export

MODEL = flags.DEFINE_string("model", None, "Folder of a search.", required=True)
DATA = flags.DEFINE_string("data", None, "A .npz file with test windows. Default: the shoulder exercises.")
WINDOWS = flags.DEFINE_integer("windows", 0, "How many test windows; 0 for all.")
CORES = ("cortex-m4", "cortex-m33")
OUT = flags.DEFINE_string("out", "benchmarks/results/exported.json", "Where to write the results as JSON.")


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    firmware = Firmware.of((pathlib.Path(MODEL.value) / "model.tflite").read_bytes())
    if DATA.value:
        data = load_npz(DATA.value)
        x, y, labels = data.x_test, data.y_test, encode_labels(data.y_train)[1]
    else:
        _, (x, y, _) = shoulder.load_data()
        labels = np.unique(y)
    count = WINDOWS.value or len(x)
    x, codes = x[:count], encode_labels(y[:count], labels)[0]
    reference = firmware.model.predict_int8(firmware.quantise(x)).argmax(axis=1)
    results, rows = [], []
    for core in CORES:
        started = time.monotonic()
        verified = verify_export(firmware, x, core)
        found = {
            "core": core,
            "windows": verified.windows,
            "bytes": verified.bytes,
            "differing_bytes": 0,  # Anything else is an error.
            "macro_f1_c": f1_score(codes, verified.answers.classes, average="macro"),
            "macro_f1_tflite": f1_score(codes, reference, average="macro"),
            "instructions": verified.instructions,
            "counted_ms": verified.counted_ms,
            "predicted_ms": verified.predicted_ms,
            "seconds": round(time.monotonic() - started, 1),
        }
        results.append(found)
        rows.append([found[name] for name in found if name != "differing_bytes"])
    headers = ("core", "windows", "bytes", "F1 of C", "F1 of file", "instructions", "counted ms", "predicted ms", "s")
    print(tabulate.tabulate(rows, headers, floatfmt=",.4f"))
    write_json(OUT.value, provenance("benchmarks.exported", ("tsnas",)) | {"results": results})
    print(f"\nNo byte differs. Written: {OUT.value}")


if __name__ == "__main__":
    app.run(main)
