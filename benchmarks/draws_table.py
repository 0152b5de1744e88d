"""What the study of draws says: the accuracy of the best of so many draws in a first round, set by set."""

from __future__ import annotations

from typing import Any

import numpy as np
import tabulate


def chosen(rows: list[dict[str, Any]], count: int) -> float:
    """Mean accuracy of the best of `count` draws in the first round, over all choices of `count` neighbours in turn."""
    found = []
    for start in range(len(rows)):
        some = [rows[(start + index) % len(rows)] for index in range(count)]
        found.append(max(some, key=lambda row: (row["first_macro_f1"], -row["first_loss"]))["accuracy"])
    return float(np.mean(found))


def table(results: list[dict[str, Any]]) -> str:
    """A row for each set: what a draw reaches, the best of some in the first round, and the best there is."""
    counts = [count for count in (1, 2, 4, 6, 8) if all(len(result["draws"]) >= count for result in results)]
    rows: list[list[Any]] = []
    for result in results:
        accuracy = [row["accuracy"] for row in result["draws"]]
        rows.append(
            [result["set"], *(chosen(result["draws"], count) for count in counts), max(accuracy), np.std(accuracy)]
        )
    means = ["mean", *np.mean([row[1:] for row in rows], axis=0)]
    return tabulate.tabulate(
        [*rows, means], ["set", *(f"best of {count}" for count in counts), "best there is", "spread"], floatfmt=".4f"
    )
