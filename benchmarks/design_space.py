"""Random architectures near a limit: drawn, and their scores kept as rows of a JSON."""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from tsnas.cost.board import load_board
from tsnas.cost.estimate import estimate_graph
from tsnas.cost.limits import Limits
from tsnas.search.parts import build_parts, fitting
from tsnas.space.architecture import Architecture, Cell, SensorFusion, TimeReduce
from tsnas.space.config import SpaceConfig

BOARD = "nucleo_f446re"
# Draws for each that is wanted; most are far from a loose limit.
TRIES = 50
# Share of the tightest limit; less than searches keep to, so that more differs between the networks.
LEAST_USE = 0.8


def drawn(
    config: SpaceConfig,
    time: int,
    sensors: int,
    classes: int,
    limits: Limits,
    count: int,
    rng: np.random.Generator,
) -> list[Architecture]:
    """Random architectures of a space that use four fifths of the tightest limit or more; fewer if it has hardly any.

    Raises:
        InfeasibleError: nothing of the space keeps the limits.
    """
    board = load_board(BOARD)
    (paths,) = fitting(build_parts([config], (time, sensors), classes, board), limits.on(board))
    found: list[Architecture] = []
    for _ in range(TRIES * count):
        candidate = paths.candidate(paths.draw(rng))
        if candidate and paths.use_of(candidate) >= LEAST_USE and candidate.architecture not in found:
            found.append(candidate.architecture)
        if len(found) == count:
            break
    return found


def regular(
    time: int, sensors: int, classes: int, limit_ms: float, count: int, rng: np.random.Generator
) -> list[Architecture]:
    """Random architectures of a kind that one would make by hand, between four fifths of a limit and all of it.

    Filters never fall, each sensor alone has one length of kernel throughout, every cell after that has a skip and one
    or two branches, and no middle is narrower than half of what comes after it; the first stride is 2 or 4 in turns.
    """
    config = SpaceConfig(collapse=True)
    found: list[Architecture] = []
    while len(found) < count:
        strides = SpaceConfig(first_stride=(2, 4)[len(found) % 2]).time_strides(time)
        kernel = int(rng.choice(config.kernel_sizes))
        thin = np.sort(rng.choice(config.time_reduce_widths, len(strides)))
        cells: list[Cell] = [TimeReduce(kernel, int(n), stride) for n, stride in zip(thin, strides, strict=True)]
        wide = np.sort(rng.choice(config.fusion_widths, rng.integers(1, config.extra_fusion_cells + 2)))
        for place, filters in enumerate(map(int, wide)):
            branches = tuple(sorted(map(int, rng.choice(config.kernel_sizes, rng.integers(1, 3), replace=False))))
            middle = int(rng.choice([n for n in config.fusion_widths if filters / 2 <= n <= filters]))
            cells.append(SensorFusion(filters, branches, middle, True, 1 if place else sensors))
        one = Architecture(time, sensors, classes, tuple(cells))
        latency_ms = estimate_graph(one.graph(), BOARD).latency_ms
        if LEAST_USE * limit_ms <= latency_ms <= limit_ms and one not in found:
            found.append(one)
    return found


def shortest_kernel(architecture: Architecture) -> int:
    """Of the kernels over time that look at each sensor alone."""
    return min(cell.kernel for cell in architecture.cells if isinstance(cell, TimeReduce))


def known_rows(path: str | os.PathLike[str], settings: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a JSON of the same settings; none of another, or where there is no file."""
    if not os.path.exists(path):
        return []
    record = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    return record["rows"] if {name: record.get(name) for name in settings} == settings else []


def with_rows(
    held: Sequence[dict[str, Any]], found: Sequence[dict[str, Any]], names: Sequence[str]
) -> list[dict[str, Any]]:
    """The rows that a JSON holds and those found now, which take the place of any that are the same in `names`.

    What a row lacks is None: earlier runs know of fewer things.
    """

    def key(row: dict[str, Any]) -> str:
        return json.dumps([row.get(name) for name in names])

    new = {key(row) for row in found}
    return [row for row in held if key(row) not in new] + [*found]


def scores_of(rows: Sequence[dict[str, Any]]) -> dict[Architecture, list[float]]:
    """Scores of the architectures in rows."""
    return {Architecture.from_json(row["architecture"]): row["macro_f1"] for row in rows}
