"""Runs jobs in processes of their own, several at once, and keeps each result in a JSON file as soon as it is there."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import json
import os
import pathlib
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from benchmarks.processes import call_each
from benchmarks.record import provenance, write_json

BY_HAND = "by hand"
# Random draws: a few, and as many as take the time of an evolution.
DRAWS = "four draws"
# Whatever a job does of itself.
DEFAULT = "default"
FINALISTS = {DRAWS: 4, "random": 14}
PACKAGES = ("tsnas", "tensorflow", "tf_keras", "numpy")

Result = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Run:
    """One job, from windows to a verified model and its scores on test windows.

    Args:
        max_latency_ms, max_ram_kb: limits, or None.
        seed: int.
        board, space, strategy: as in `AutoClassifier`; a strategy of `"by hand"` trains the net of that name in
            `benchmarks.nets`, one of `"default"` is left to the job, one of `"four draws"` has four finalists, and
            `"random"` has fourteen.
        protocol: str, which windows; see `benchmarks.paper.protocols`.
        net: str, of a net made by hand.
    """

    max_latency_ms: float | None
    max_ram_kb: float | None
    seed: int
    board: str = "nucleo_f446re"
    space: str = "tsnas"
    strategy: str = "evolution"
    protocol: str = "users"
    net: str | None = None

    @classmethod
    def of(cls, result: Result) -> Run:
        """The run that a result is of."""
        return cls(**{field.name: result[field.name] for field in dataclasses.fields(cls)})

    def without_seed(self) -> Run:
        """What runs of several seeds have in common."""
        return dataclasses.replace(self, seed=0)

    def __str__(self) -> str:
        limits = [f"{self.max_latency_ms:g} ms"] if self.max_latency_ms is not None else []
        limits += [f"{self.max_ram_kb:g} KB"] if self.max_ram_kb is not None else []
        what = self.net or (", ".join(limits) or "no limits")
        where = "" if self.protocol == "users" else f", {self.protocol}"
        space = "" if self.space == "tsnas" else f" in {self.space}"
        return f"{self.strategy}{space}, {what}, {self.board}{where}, seed {self.seed}"


def read_results(path: str | os.PathLike[str]) -> list[Result]:
    """The results that a file holds; none if there is no file."""
    path = pathlib.Path(path)
    return json.loads(path.read_text())["results"] if path.exists() else []


def results_of(runs: Iterable[Run], path: str | os.PathLike[str]) -> dict[Run, Result]:
    """Those runs that a file has results of."""
    found = {Run.of(result): result for result in read_results(path)}
    return {run: found[run] for run in runs if run in found}


def run_all(
    runs: Sequence[Run], sources: dict[str, str | None], out: str, processes: int, quick: bool, module: str
) -> list[str]:
    """Runs what a file has no result of yet, and adds the results to it.

    Args:
        runs: sequence of `Run`.
        sources: dict of the name of a data set to where it lies, for `benchmarks.paper.protocols.load`.
        out: str, the JSON file.
        processes: int, runs at once; more than one get a thread of TensorFlow each.
        quick: bool, cuts training short: it shows that everything works, and its scores mean nothing.
        module: str, the command, for the file.

    Returns:
        Errors of the runs that failed, as text. The others are run nevertheless.
    """
    done = results_of(runs, out)
    waiting = [run for run in dict.fromkeys(runs) if run not in done]
    print(f"{len(done)} runs are in {out}, {len(waiting)} are left", flush=True)
    if processes > 1:
        # Read by TensorFlow when a process starts.
        os.environ["TF_NUM_INTRAOP_THREADS"] = "1"
    failed = []
    execute_run = functools.partial(execute, sources=sources, quick=quick)
    for run, result, error in call_each(execute_run, waiting, processes):
        if error is not None:
            failed.append(f"{run}\n{error}")
            print(f"failed: {failed[-1]}", file=sys.stderr, flush=True)
            continue
        results = [*read_results(out), dataclasses.asdict(run) | result]
        write_json(out, provenance(module, PACKAGES) | {"quick": quick, "results": results})
        print(f"{run}: {result['latency_ms']} ms, {result['test']}", flush=True)
    return failed


def execute(run: Run, sources: dict[str, str | None], quick: bool) -> Result:
    """One run, in this process."""
    # TensorFlow is loaded where something is run, not where results are only drawn.
    from benchmarks.handmade import run_net
    from benchmarks.job import run_job
    from benchmarks.paper import protocols

    data = protocols.load(run.protocol, sources)
    settings = protocols.settings(run.protocol)
    if quick:
        data = protocols.shortened(data)
        settings |= {"epochs": 1, "search_epochs": 1, "qat_epochs": 1, "finalists": 1, "batch_size": 32}
    if run.strategy == BY_HAND:
        assert run.net is not None
        result = run_net(run.net, data, run.board, run.seed, 1 if quick else None)
    else:
        strategy = "random" if run.strategy in (DRAWS, DEFAULT) else run.strategy
        job = (run.board, run.space, strategy, run.max_latency_ms, run.max_ram_kb, run.seed)
        settings = {"finalists": FINALISTS.get(run.strategy)} | settings
        result = run_job(data, *job, **settings) | {"strategy": run.strategy}
    if run.protocol.endswith("synthetic"):
        # Signals that nobody recorded: only costs mean something.
        result["test"] = None
    return {"date": datetime.date.today().isoformat()} | result


def mean_and_spread(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean, and standard deviation over seeds; None for one seed."""
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None


def f1(result: Result, kind: str = "int8", metric: str = "macro_f1") -> float:
    """A score of the finished model on test windows."""
    return float(result["test"][kind][metric])
