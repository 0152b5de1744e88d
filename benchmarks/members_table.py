"""The table of the study of members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate

CASE = ("set", "seed", "few", "max_latency_ms")


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Means over sets and seeds by number of members, and the gain over the fewest of them with its standard error."""
    found: dict[tuple[int, tuple], list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault((row["members"], tuple(row[key] for key in CASE)), []).append(row)
    counts = sorted({count for count, _ in found})

    def means(count: int, case: tuple, key: str) -> float:
        return float(np.mean([row[key] for row in found[count, case]]))

    lines = []
    for count in counts:
        cases = [case for own, case in found if own == count and (counts[0], case) in found]
        gains = np.array([means(count, case, "accuracy") - means(counts[0], case, "accuracy") for case in cases])
        error = gains.std(ddof=1) / len(gains) ** 0.5 if len(gains) > 1 else np.nan
        keys = ("by_probability", "alone", "loss", "seconds")
        further = [np.mean([means(count, case, key) for case in cases]) for key in keys]
        accuracy = np.mean([means(count, case, "accuracy") for case in cases])
        lines.append((count, accuracy, gains.mean(), error, *further, len(cases)))
    heads = ("members", "accuracy", "gain", "its error", "mean probability", "alone", "loss", "s", "cases")
    return tabulate.tabulate(lines, heads, floatfmt=("", *[".3f"] * 6, ".1f", ""))
