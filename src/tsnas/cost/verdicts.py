"""Verdicts on limits, in the words that terminal, report, model card and README share.

A limit is kept if even the upper end of the margin of a prediction is within it. If only the prediction itself is
within it, that it is kept is not certain.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from tsnas.cost.bounds import EXPECTED, UPPER, Limit
from tsnas.cost.limits import Limits

KEPT, NOT_CERTAIN, OVER, NOT_JUDGED = "kept", "not certain", "OVER", "not judged"
NAMES = {"latency_ms": "latency", "ram_bytes": "RAM", "flash_bytes": "flash", "energy_mj": "energy"}
UNITS = {"latency_ms": "ms", "ram_bytes": "KB", "flash_bytes": "KB", "energy_mj": "mJ"}


@dataclasses.dataclass(frozen=True)
class Judged:
    """A limit, with what is predicted of its cost.

    Args:
        limit: `Limit`.
        value: float or None, the predicted cost in ms, bytes or mJ; None if it is not known.
        margin: float, its margin; 0 for costs that are counted.
    """

    limit: Limit
    value: float | None
    margin: float = 0.0

    @property
    def name(self) -> str:
        """Name of what the limit is on, such as `"latency"`."""
        return NAMES[self.limit.cost]

    @property
    def unit(self) -> str:
        """The unit of the limit."""
        return UNITS[self.limit.cost]

    @property
    def verdict(self) -> str:
        """`"kept"`, `"not certain"`, `"OVER"`, or `"not judged"` for a cost that is not known."""
        if self.value is None:
            return NOT_JUDGED
        if self.limit.keeps(self.value + self.margin):
            return KEPT
        return NOT_CERTAIN if self.limit.keeps(self.value) else OVER

    def explained(self) -> str:
        """Returns text about a prediction with a margin, to stand after the verdict; else an empty one."""
        if self.value is None:
            return ", the board has no active_power_mw"
        if not self.margin:
            return ""
        value = with_margin(self.value, self.margin, self.unit)
        upper = f"{self.value + self.margin:.{decimals_of(self.margin)}f} {self.unit}"
        texts = {
            KEPT: f"at most {upper}",
            NOT_CERTAIN: f"up to {upper}, and only the predicted value is within the limit",
            OVER: "the predicted value is over the limit",
        }
        return f"  ({value}: {texts[self.verdict]})"


def judge(estimate: Any, limits: Limits) -> list[Judged]:
    """Returns each limit that is given, with the cost that an `Estimate` has for it, in the order of the limits."""
    energy = estimate.energy_mj_at(EXPECTED)
    costs = {
        "latency_ms": (estimate.latency_ms, estimate.latency_margin_ms),
        "ram_bytes": (estimate.ram_bytes, 0.0),
        "flash_bytes": (estimate.flash_bytes, 0.0),
        "energy_mj": (energy, 0.0 if energy is None else estimate.energy_mj_at(UPPER) - energy),
    }
    return [Judged(limit, *costs[limit.cost]) for limit in limits.given()]


def with_margin(value: float, margin: float, unit: str = "ms") -> str:
    """Returns text such as `24.91 ms (± 0.14)`: the margin with two digits, the value with as many decimals."""
    decimals = decimals_of(margin)
    return f"{value:.{decimals}f} {unit} (± {margin:.{decimals}f})"


def decimals_of(margin: float) -> int:
    """Returns the number of decimals that show two digits of a margin, at most 4."""
    return 2 if margin <= 0 else min(max(1 - math.floor(math.log10(margin)), 0), 4)
