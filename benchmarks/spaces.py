"""Compares search spaces by what random architectures of each reach at equal latency, on validation users.

    python -m benchmarks.spaces --data=uci_har.npz --limits=8,20 --processes=2

Architectures that use four fifths of a limit or more, on latency or on RAM alone (`--limits= --ram_limits=8`), are
drawn from each space and trained on their own for some hundred steps, on splits of the training users that hold out
other users each time. No search has a hand in it, and the test windows are never read: the figures say what a space is
worth, not how well it is searched. What the JSON holds already is not trained again.
"""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate
from absl import app, flags

from benchmarks.design_space import BOARD, drawn, known_rows, scores_of, with_rows
from benchmarks.judging import judge_all
from benchmarks.record import provenance, write_json
from tsnas.cost.limits import Limits
from tsnas.datasets import load_npz
from tsnas.errors import InfeasibleError
from tsnas.space.architecture import Architecture
from tsnas.space.config import SpaceConfig

SPACES = {
    "stride 4": SpaceConfig(first_stride=4, collapse=True),
    "stride 4, kernels of 5 and 7": SpaceConfig(time_reduce_kernel_sizes=(5, 7), first_stride=4, collapse=True),
    "stride 2": SpaceConfig(collapse=True),
    "stride 2, kernels of 5 and 7, one cell less": SpaceConfig(
        time_reduce_kernel_sizes=(5, 7), collapse=True, extra_fusion_cells=1
    ),
    "halving, stride 4": SpaceConfig(first_stride=4),
    "halving, stride 2 (micronas)": SpaceConfig(),
}

DATA = flags.DEFINE_string("data", None, "A .npz file as for `tsnas search --data`.", required=True)
LIMITS = flags.DEFINE_list("limits", ["8", "20"], "Limits on latency in ms.")
RAM_LIMITS = flags.DEFINE_list("ram_limits", [], "Limits on RAM in KB, with none on latency.")
CHOSEN = flags.DEFINE_multi_enum("space", list(SPACES), list(SPACES), "Spaces to compare; all if not given.")
ARCHITECTURES = flags.DEFINE_integer("architectures", 8, "Random architectures of each space.", lower_bound=2)
STEPS = flags.DEFINE_integer("steps", 600, "Training steps of each.", lower_bound=1)
SPLITS = flags.DEFINE_integer("splits", 3, "Splits of the training users.", lower_bound=1)
SEED = flags.DEFINE_integer("seed", 0, "Seed of the splits, the draws and the trainings.")
PROCESSES = flags.DEFINE_integer("processes", 1, "Trainings at once.", lower_bound=1)
OUT = flags.DEFINE_string("out", None, "JSON file; benchmarks/results/spaces_DATA_LIMITS.json if not given.")


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    loaded = load_npz(DATA.value)
    (_, time, sensors), classes = loaded.x_train.shape, len(np.unique(loaded.y_train))
    name = pathlib.Path(DATA.value).stem
    of_limits = "_".join([*LIMITS.value, *(f"{limit}kb" for limit in RAM_LIMITS.value)])
    out = OUT.value or f"benchmarks/results/spaces_{name}_{of_limits}.json"
    settings = {"splits": SPLITS.value, "steps": STEPS.value, "seed": SEED.value}
    held = known_rows(out, settings)
    known = scores_of(held)
    limits = [Limits(max_latency_ms=float(limit)) for limit in LIMITS.value]
    limits += [Limits(max_ram_kb=float(limit)) for limit in RAM_LIMITS.value]
    wanted: list[tuple[Limits, str, Architecture]] = []
    for limit in limits:
        for space in CHOSEN.value:
            try:
                rng = np.random.default_rng(SEED.value)
                found = drawn(SPACES[space], time, sensors, classes, limit, ARCHITECTURES.value, rng)
            except InfeasibleError:
                print(f"{_text(limit)}, {space}: nothing fits")
                continue
            wanted += [(limit, space, one) for one in found]
    rows = [_row(*one, known[one[2]]) for one in wanted if one[2] in known]
    record = provenance("benchmarks.spaces", ("tsnas", "tensorflow", "tf_keras", "numpy"))
    record |= {"data": name, "board": BOARD} | settings
    # Two spaces may have drawn the same one.
    trials = [(one, tuple(range(SPLITS.value))) for one in dict.fromkeys(one for *_, one in wanted) if one not in known]
    for (one, _), scores in judge_all(trials, DATA.value, STEPS.value, SEED.value, PROCESSES.value):
        rows += [_row(*entry, scores) for entry in wanted if entry[2] == one]
        print(f"{len(rows)}/{len(wanted)} {_text(_limits(rows[-1]))}, {rows[-1]['space']}: {scores}", flush=True)
        write_json(
            out, record | {"rows": with_rows(held, rows, ("max_latency_ms", "max_ram_kb", "space", "architecture"))}
        )
    print(f"\n{name} on {BOARD}, validation users\n{table(rows)}\n\nWritten: {out}")


def table(rows: list[dict[str, Any]]) -> str:
    """A line for each space and limit, with what it gains over the first space at that limit."""
    lines = []
    for limit in dict.fromkeys(map(_limits, rows)):
        base = None
        for space in SPACES:
            scores = np.array([row["macro_f1"] for row in rows if (_limits(row), row["space"]) == (limit, space)])
            if not len(scores):
                continue
            means = scores.mean(axis=1)
            base = means if base is None else base
            error = np.hypot(*(one.std(ddof=1) / np.sqrt(len(one)) for one in (means, base)))
            gain = "" if base is means else f"{means.mean() - base.mean():+.4f} ± {error:.4f}"
            of_splits = ", ".join(f"{score:.3f}" for score in scores.mean(axis=0))
            spread = f"{means.mean():.4f} ± {means.std(ddof=1):.4f}"
            lines.append((_text(limit), space, len(scores), of_splits, spread, gain))
    headers = ("limit", "space", "n", "macro-F1 of each split", "mean ± sd", "gain ± standard error")
    return tabulate.tabulate(lines, headers, disable_numparse=True)


def _row(limits: Limits, space: str, one: Architecture, scores: list[float]) -> dict[str, Any]:
    limit = {"max_latency_ms": limits.max_latency_ms, "max_ram_kb": limits.max_ram_kb}
    return limit | {"space": space, "macro_f1": scores, "architecture": one.to_json()}


def _limits(row: dict[str, Any]) -> Limits:
    # Rows of earlier runs know of no limit on RAM.
    return Limits(row["max_latency_ms"], row.get("max_ram_kb"))


def _text(limits: Limits) -> str:
    return f"{limits.max_ram_kb:g} KB" if limits.max_latency_ms is None else f"{limits.max_latency_ms:g} ms"


if __name__ == "__main__":
    app.run(main)
