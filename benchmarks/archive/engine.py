"""Runs what the file of results lacks, and adds each row to it as soon as it is there."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import json
import os
import pathlib
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.archive.methods import METHODS
from benchmarks.archive.run import Run, fingerprint, is_stale
from benchmarks.archive.sets import load_set
from benchmarks.processes import call_each
from benchmarks.record import provenance, write_json

# Read by TensorFlow, NumPy and numba when a process starts.
ONE_THREAD = ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")

Row = dict[str, Any]
Settings = dict[str, Any]
Execute = Callable[[tuple[Run, Settings]], Row]


def read_rows(path: str | os.PathLike[str]) -> list[Row]:
    """Returns the rows of a file; none if there is no file."""
    path = pathlib.Path(path)
    return json.loads(path.read_text(encoding="utf-8"))["results"] if path.exists() else []


def missing(runs: Sequence[Run], settings: dict[str, Settings], rows: Sequence[Row], fresh: bool = False) -> list[Run]:
    """Returns the runs that no row is of.

    Args:
        runs: sequence of `Run`.
        settings: dict of method to its settings; a row with others does not count.
        rows: sequence of rows.
        fresh: bool, whether rows of other versions or commits do not count either. Defaults to False.
    """
    current = {method: fingerprint(METHODS[method].packages) for method in settings}
    done = {
        Run.of(row)
        for row in rows
        if row["settings"] == settings.get(row["method"]) and not (fresh and is_stale(row, current[row["method"]]))
    }
    return [run for run in dict.fromkeys(runs) if run not in done]


def run_missing(
    runs: Sequence[Run],
    settings: dict[str, Settings],
    execute: Execute,
    out: str | os.PathLike[str],
    jobs: int,
    fresh: bool = False,
) -> list[str]:
    """Runs what a file lacks, and writes it anew after each run, whole or not at all.

    Args:
        runs, settings, fresh: as in `missing`. A new row replaces the one of the same run.
        execute: function of (run, settings) that returns the row; it is called in a process of its own.
        out: str or path of the JSON file.
        jobs: int, processes at once.

    Returns:
        Errors of the runs that failed, as text. The others are run nevertheless.
    """
    waiting = missing(runs, settings, read_rows(out), fresh)
    print(f"{len(set(runs)) - len(waiting)} of {len(set(runs))} runs are in {out}, {len(waiting)} are left", flush=True)
    failed = []
    items = [(run, settings[run.method]) for run in waiting]
    for (run, _), row, error in call_each(execute, items, jobs):
        if error is not None:
            failed.append(f"{run}\n{error}")
            print(f"failed: {failed[-1]}", file=sys.stderr, flush=True)
            continue
        rows = [one for one in read_rows(out) if Run.of(one) != run] + [row]
        write_json(out, provenance("benchmarks.archive", ("tsnas", "numpy", "scikit-learn")) | {"results": rows})
        print(f"{run}: {row['test']}, {row['cpu_seconds']:g} s", flush=True)
    return failed


def with_one_thread() -> None:
    """Makes processes that are started from now on use one thread each, so that processor seconds can be compared."""
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))


def execute(job: tuple[Run, Settings], paths: dict[str, str | None]) -> Row:
    """Runs one job in this process, and returns its row; the test part is used once, for the finished model."""
    run, settings = job
    method = METHODS[run.method]
    # Sources may change while many runs are made: it is those of the start that are loaded.
    made_with = fingerprint(method.packages)
    data = load_set(paths[run.set])
    assert data.x_test is not None
    windows, length, channels = data.x_train.shape
    return (
        dataclasses.asdict(run)
        | {"date": datetime.date.today().isoformat()}
        | {"windows": windows, "test_windows": len(data.x_test), "length": length, "channels": channels}
        | {"classes": len(np.unique(data.y_train)), "settings": settings}
        | made_with
        | method.fit(data, run, settings)
    )


def executor(paths: dict[str, str | None]) -> Execute:
    """Returns `execute` for sets at these paths, as a function that other processes can be given."""
    return functools.partial(execute, paths=paths)
