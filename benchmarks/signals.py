"""The outer search over the signal on recordings of shoulder exercises, beside the usual windows at equal limits.

    python -m benchmarks.signals --data=../shared/data/watch.npz --max_latency_ms=10 --seeds=0,1,2

Recordings are put together from the windows of the data set, which overlap by half. Validation recordings are split
off inside the searches, by user; the test users are used once for each finished model. Every model gives a class for
each 64 raw samples, so windows of another length are as many.
"""

from __future__ import annotations

import json
import pathlib
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate
from absl import app, flags
from sklearn.metrics import f1_score

import tsnas
from benchmarks.record import provenance, write_json
from tsnas.data import cut_windows

DATA = flags.DEFINE_string("data", None, "watch.npz, with the recording of each window.", required=True)
BOARD = flags.DEFINE_string("board", "nucleo_f446re", "Board.")
MAX_LATENCY_MS = flags.DEFINE_float("max_latency_ms", 10.0, "Limit of latency.")
SEEDS = flags.DEFINE_list("seeds", ["0", "1", "2"], "Seeds.")
OUT = flags.DEFINE_string("out", "benchmarks/results/signals_shoulder.json", "Where to write the results as JSON.")

STRIDE, WINDOW, RATE_HZ = 64, 128, 50.0


def recordings(data: Any, part: str) -> tuple[list[np.ndarray], list[str], list[int]]:
    """Recordings of a part of the set, their labels and their users."""
    arrays, labels, users = [], [], []
    for number in np.unique(data[f"recording_{part}"]):
        rows = np.flatnonzero(data[f"recording_{part}"] == number)
        windows = data[f"x_{part}"][rows].astype(np.float32)
        arrays.append(np.concatenate([windows[0], *windows[1:, WINDOW - STRIDE :]]))
        labels.append(str(data["classes"][data[f"y_{part}"][rows[0]]]))
        users.append(int(data[f"subject_{part}"][rows[0]]))
    return arrays, labels, users


def scored(kind: str, seed: int, classifier: Any, test: Any, minutes: float) -> dict[str, Any]:
    """What a finished model costs and how it does on test users."""
    arrays, labels, _ = test
    x, y, _ = cut_windows(arrays, labels, classifier.signal_)
    return {
        "kind": kind,
        "seed": seed,
        "signal": classifier.signal_.to_json(),
        "latency_ms": round(classifier.latency_ms_, 3),
        "ram_bytes": classifier.ram_bytes_,
        "test_windows": len(x),
        "int8_macro_f1": round(float(f1_score(y, classifier.predict(x), average="macro")), 4),
        "minutes": round(minutes, 2),
    }


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    with np.load(DATA.value, allow_pickle=False) as data:
        train, test = recordings(data, "train"), recordings(data, "test")
    arrays, labels, users = train
    out = pathlib.Path(OUT.value)
    results = json.loads(out.read_text())["results"] if out.exists() else []
    for seed in map(int, SEEDS.value):
        same: dict[str, Any] = {"max_latency_ms": MAX_LATENCY_MS.value, "max_ram_kb": 64, "seed": seed, "verbose": 0}
        for kind in ("usual windows", "searched signal"):
            if any((kind, seed) == (r["kind"], r["seed"]) for r in results):
                continue
            started = time.monotonic()
            if kind == "usual windows":
                signal = tsnas.Signal(WINDOW, STRIDE, rate_hz=RATE_HZ)
                clf = tsnas.AutoClassifier(BOARD.value, **same).fit_recordings(arrays, labels, signal, users)
                tried = ""
            else:
                search = tsnas.SignalSearch(
                    BOARD.value, **same, spans=(64, 128), decimations=(1, 2, 4), stride=STRIDE, rate_hz=RATE_HZ
                ).fit(arrays, labels, users)
                clf, tried = search.classifier_, search.table()
            results.append(scored(kind, seed, clf, test, (time.monotonic() - started) / 60) | {"tried": tried})
            print(f"{tried}\n{results[-1]['signal']}: {results[-1]['int8_macro_f1']}", flush=True)
            write_json(out, provenance("benchmarks.signals", ("tsnas", "tensorflow")) | {"results": results})
    rows = []
    for kind in dict.fromkeys(r["kind"] for r in results):
        own = [r for r in results if r["kind"] == kind]
        for r in own:
            s = r["signal"]
            given = "all" if s["channels"] is None else str(s["channels"])
            rows.append((kind, r["seed"], s["window"], s["decimation"], given, r["latency_ms"], r["int8_macro_f1"]))
        f1 = [r["int8_macro_f1"] for r in own]
        spread = np.std(f1, ddof=1) if len(f1) > 1 else 0.0
        rows.append((kind, "mean", "", "", "", "", f"{np.mean(f1):.4f} ± {spread:.4f}"))
    headers = ("kind", "seed", "window", "decimation", "channels", "ms", "int8 macro-F1")
    print(tabulate.tabulate(rows, headers))
    print(f"\nWritten: {out}")


if __name__ == "__main__":
    app.run(main)
