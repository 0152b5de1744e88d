"""Table of the study of small jobs: what each way to train or to score has, beyond the first one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate


def table(results: Sequence[dict[str, Any]]) -> str:
    """A row for each way: means over the cases, and how far they are from those of the first way."""
    cells: dict[str, dict[Any, dict[str, Any]]] = {}
    for row in results:
        cells.setdefault(row["way"], {})[row["set"], row["seed"], row["max_latency_ms"]] = row
    first = next(iter(cells.values()))
    rows = []
    for way, own in cells.items():
        shared = [case for case in own if case in first]
        line: list[Any] = [way, len(shared)]
        for column in ("accuracy", "loss"):
            beyond = np.array([own[case][column] - first[case][column] for case in shared])
            error = beyond.std(ddof=1) / math.sqrt(len(beyond)) if len(beyond) > 1 else math.nan
            line += [np.mean([own[case][column] for case in shared]), beyond.mean(), error, np.abs(beyond).mean()]
        rows.append(
            [*line, sum(own[case]["seconds"] for case in shared) / sum(first[case]["seconds"] for case in shared)]
        )
    columns = [
        f"{name}{part}" for name in ("accuracy", "loss") for part in ("", ": beyond the first", ", error", ", distance")
    ]
    return tabulate.tabulate(rows, ["way", "cases", *columns, "times the seconds"], floatfmt=".4f")
