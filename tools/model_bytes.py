"""Holds the .tflite files that two versions of tsnas make of the same jobs against each other, byte for byte.

    python tools/model_bytes.py OUT [--data=shoulder --data=PATH.npz ...]     keep the files and what they predict
    python tools/model_bytes.py OUT --against=BEFORE                          say which differ from those kept before

Run it with one thread of TensorFlow (TF_NUM_INTRAOP_THREADS=1), because sums of several threads are rounded in another
order. With `--against`, the folders that the version before has saved are loaded too, and predict the same windows.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import pathlib
import sys

import numpy as np

import tsnas

BOARDS = {"nicla_sense_me": (60, 16), "nucleo_f446re": (15, 20), "nucleo_l552ze_q": (40, 16)}  # ms, KB of RAM
EPOCHS = {"epochs": 2, "search_epochs": 1, "qat_epochs": 1}
SHORT = {"strategy": "evolution", "finalists": 2, "seed": 0, "verbose": 0} | EPOCHS
# Windows to train on and to predict: enough for every phase of a job.
TRAINED, PREDICTED = 600, 100
KEPT = "model_bytes.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path, help="folder for the models of this version")
    parser.add_argument("--data", action="append", help="'shoulder' or the path of a .npz file; may be repeated")
    parser.add_argument("--against", type=pathlib.Path, help="folder that an earlier version has written")
    args = parser.parse_args()
    before = None if args.against is None else json.loads((args.against / KEPT).read_text())
    found, differ = {}, []
    for data in args.data or ["shoulder"]:
        x, y, groups = training_windows(data)
        for board, (max_latency_ms, max_ram_kb) in BOARDS.items():
            name = f"{pathlib.Path(data).stem}-{board}"
            clf = tsnas.AutoClassifier(board, max_latency_ms, max_ram_kb, **SHORT).fit(x, y, groups=groups)
            found[name] = outcome(clf, x)
            clf.save(args.out / name)
            if before is not None:
                loaded = outcome(tsnas.load(args.against / name), x)
                same = {"the .tflite file": found[name] == before[name], "the saved folder": loaded == before[name]}
                differ += [f"{name}: {what}" for what, holds in same.items() if not holds]
            print(f"{name}: {found[name]['sha256'][:16]}, {clf.flash_bytes_} bytes", flush=True)
    (args.out / KEPT).write_text(json.dumps(found, indent=2) + "\n")
    if before is not None:
        print("\n".join(f"DIFFERS {one}" for one in differ) or f"all {len(found)} models are the same")
    return bool(differ)


def training_windows(data: str) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Some windows of a data set, spread over all of it: windows, labels, and groups if it has any."""
    if data == "shoulder":
        x, y, groups = tsnas.datasets.shoulder.load_data()[0]
    else:
        given = tsnas.datasets.load_npz(data)
        x, y, groups = given.x_train, given.y_train, given.groups_train
    rows = np.linspace(0, len(x) - 1, min(TRAINED, len(x))).astype(int)
    return x[rows], y[rows], None if groups is None else groups[rows]


def outcome(clf: tsnas.AutoClassifier, x: np.ndarray) -> dict[str, str]:
    """Digests of a classifier's file and of what it answers."""
    answers = clf.predict_proba(x[:PREDICTED])
    return {
        "sha256": hashlib.sha256(clf.tflite_model_).hexdigest(),
        "answers": hashlib.sha256(answers.tobytes()).hexdigest(),
    }


if __name__ == "__main__":
    if os.environ.get("TF_NUM_INTRAOP_THREADS") != "1":
        print("TF_NUM_INTRAOP_THREADS=1 is not set: the same job may end in other bytes", file=sys.stderr)
    sys.exit(main())
