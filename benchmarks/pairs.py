"""Networks as they were judged and with one change: which there are, and what it gained."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tabulate

from benchmarks.design_space import BOARD, known_rows
from tsnas.cost.estimate import estimate_graph
from tsnas.space.architecture import Architecture, Cell, SensorFusion, TimeReduce


def _with_skip(cell: Cell) -> Cell:
    return dataclasses.replace(cell, skip=True) if isinstance(cell, SensorFusion) else cell


def _with_long_kernel(cell: Cell) -> Cell:
    return dataclasses.replace(cell, kernel=max(5, cell.kernel)) if isinstance(cell, TimeReduce) else cell


# What becomes of each cell.
CHANGES: dict[str, Callable[[Cell], Cell]] = {
    "a skip in every fusion cell": _with_skip,
    "kernels of 5 at least on each sensor": _with_long_kernel,
}

# A network and the number of a split, to the score there.
Scores = dict[tuple[Architecture, int], float]


def judged(folder: pathlib.Path, name: str, limits_ms: Sequence[float], settings: dict[str, Any]) -> Scores:
    """All scores of networks for these limits in the files of other benchmarks, those of `spaces` last."""
    found: Scores = {}
    files = [folder / f"full_length_{name}.json", *sorted(folder.glob(f"spaces_{name}*.json"))]
    for row in (row for path in files for row in known_rows(path, settings)):
        if row["max_latency_ms"] in limits_ms:
            one = Architecture.from_json(row["architecture"])
            several = enumerate(row["macro_f1"]) if "split" not in row else [(row["split"], row["macro_f1"])]
            found |= {(one, split): score for split, score in several}
    return found


def changed(one: Architecture, change: str) -> Architecture:
    """The same network with a change; it may be that it has it already."""
    return dataclasses.replace(one, cells=tuple(map(CHANGES[change], one.cells)))


def latency_ms(one: Architecture) -> float:
    """Of a network on the board of these benchmarks."""
    return estimate_graph(one.graph(), BOARD).latency_ms


def table(rows: Sequence[dict[str, Any]]) -> str:
    """A line for each pair, then the mean gain of each split and of all, with its standard error over networks."""
    lines = [
        (
            f"{row['latency_ms'][0]:.1f} → {row['latency_ms'][1]:.1f}",
            row["split"],
            *(f"{score:.4f}" for score in row["macro_f1"]),
            f"{_gain(row):+.4f}",
        )
        for row in rows
    ]
    for split in (*sorted({row["split"] for row in rows}), None):
        own = [row for row in rows if split in (row["split"], None)]
        of_nets: dict[str, list[float]] = {}
        for row in own:
            of_nets.setdefault(str(row["architecture"]), []).append(_gain(row))
        gains = [float(np.mean(one)) for one in of_nets.values()]
        error = np.std(gains, ddof=1) / np.sqrt(len(gains)) if len(gains) > 1 else np.nan
        ratio = np.mean([row["latency_ms"][1] / row["latency_ms"][0] for row in own])
        before, after = np.mean([row["macro_f1"] for row in own], axis=0)
        which = f"{len(gains)} networks, {ratio - 1:+.1%}"
        scores = (f"{before:.4f}", f"{after:.4f}", f"{np.mean(gains):+.4f} ± {error:.4f}")
        lines.append((which, "all" if split is None else split, *scores))
    headers = ("latency in ms", "split", "as it was", "with the change", "gain")
    return tabulate.tabulate(lines, headers, disable_numparse=True)


def _gain(row: dict[str, Any]) -> float:
    return row["macro_f1"][1] - row["macro_f1"][0]
