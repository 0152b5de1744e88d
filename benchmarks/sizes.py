"""Whole jobs with the defaults on data of many shapes: none may fail, and each must beat a plain model.

    python -m benchmarks.sizes --data=uci_har.npz

The data set as it is, and 40 windows, one channel, 60 channels, windows of 24 and of 1,500 samples made from it. Beside
each job stands a linear model of simple statistics, trained on the same windows. Jobs that the JSON holds already are
not run again.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import Sequence
from typing import Any

import tabulate
from absl import app, flags

from benchmarks.job import run_job
from benchmarks.record import provenance, write_json
from benchmarks.shapes import SHAPES, plain_macro_f1
from tsnas.datasets import load_npz

DATA = flags.DEFINE_string("data", None, "A .npz file with test windows, as for `tsnas search --data`.", required=True)
SHAPE = flags.DEFINE_multi_enum("shape", list(SHAPES), list(SHAPES), "Shapes to run; all if not given.")
BOARD = flags.DEFINE_string("board", "nucleo_f446re", "Board.")
SEED = flags.DEFINE_integer("seed", 0, "Seed of the jobs.")
OUT = flags.DEFINE_string("out", None, "JSON file; benchmarks/results/sizes_DATA.json if not given.")


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    name = pathlib.Path(DATA.value).stem
    out = pathlib.Path(OUT.value or f"benchmarks/results/sizes_{name}.json")
    results: list[dict[str, Any]] = json.loads(out.read_text(encoding="utf-8"))["results"] if out.exists() else []
    for shape in SHAPE.value:
        if any((row["shape"], row["seed"], row["board"]) == (shape, SEED.value, BOARD.value) for row in results):
            continue
        case = SHAPES[shape]
        data = case.change(load_npz(DATA.value))
        result = run_job(data, BOARD.value, "tsnas", "evolution", case.max_latency_ms, case.max_ram_kb, SEED.value)
        size = {"shape": shape, "windows": len(data.x_train), "window": list(data.x_train.shape[1:])}
        results.append(size | {"plain_macro_f1": round(plain_macro_f1(data), 4)} | result)
        record = provenance("benchmarks.sizes", ("tsnas", "tensorflow", "tf_keras", "numpy", "scikit-learn"))
        write_json(out, record | {"results": results})
        print(table(results[-1:]), flush=True)
    print(f"\n{table(results)}\n\nWritten: {out}")


def table(results: Sequence[dict[str, Any]]) -> str:
    """A line for each job."""
    headers = (
        "shape",
        "windows",
        "samples x channels",
        "limits",
        "ms",
        "RAM KB",
        "int8 F1",
        "float F1",
        "plain F1",
        "min",
    )
    lines = [
        (
            row["shape"],
            row["windows"],
            " x ".join(map(str, row["window"])),
            f"{row['max_latency_ms']:g} ms, {row['max_ram_kb']:g} KB",
            f"{row['latency_ms']:.2f}",
            f"{row['ram_bytes'] / 1024:.2f}",
            f"{row['test']['int8']['macro_f1']:.3f}",
            f"{row['test']['float']['macro_f1']:.3f}",
            f"{row['plain_macro_f1']:.3f}",
            f"{row['minutes']:.1f}",
        )
        for row in results
    ]
    return tabulate.tabulate(lines, headers, disable_numparse=True)


if __name__ == "__main__":
    app.run(main)
