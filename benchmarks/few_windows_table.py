"""The table of the study of few windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Means over sets and seeds, and the mean gain over the first way with its standard error."""
    ways = list(dict.fromkeys(row["way"] for row in rows))
    scores = {(row["way"], row["set"], row["seed"]): row["accuracy"] for row in rows}
    lines = []
    for way in ways:
        own = [row for row in rows if row["way"] == way]
        pairs = [(row["accuracy"], scores.get((ways[0], row["set"], row["seed"]))) for row in own]
        gains = np.array([score - base for score, base in pairs if base is not None])
        error = gains.std(ddof=1) / len(gains) ** 0.5 if len(gains) > 1 else np.nan
        means = [np.mean([row[key] for row in own]) for key in ("accuracy", "together", "seconds")]
        lines.append((way, means[0], gains.mean(), error, *means[1:], len(own)))
    return tabulate.tabulate(
        lines, ("way", "accuracy", "gain", "its error", "together", "s", "runs"), floatfmt=("", *[".3f"] * 4, ".1f", "")
    )
