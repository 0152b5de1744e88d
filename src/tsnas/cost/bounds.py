"""Upper bounds on the costs of a network on a board: its limits in ms and bytes, and who asked for each."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tsnas.errors import LimitError

BYTES_PER_KB = 1024
# Energy is a product: it may be off in the last digit.
ENERGY_TOLERANCE = 1e-9
# What limits are held against: the upper end of the margin of a latency, or the latency itself.
UPPER, EXPECTED = "upper", "expected"
MARGINS = (UPPER, EXPECTED)
# The costs that can be limited.
COST_NAMES = ("latency_ms", "ram_bytes", "flash_bytes", "energy_mj")
# Said of a cost that includes its margin.
UPPER_WORDS = " at the upper end of its margin"
# How messages call each of them, and the unit of its limit.
_WORDS = {
    "latency_ms": ("latency", "ms"),
    "ram_bytes": ("RAM", "KB of RAM"),
    "flash_bytes": ("flash", "KB of flash"),
    "energy_mj": ("energy", "mJ"),
}


class Costs(NamedTuple):
    """Costs of one inference, or bounds on them.

    Args:
        latency_ms: float, latency in ms, with or without its margin; see `Limits.margin`.
        ram_bytes: float, tensor arena in bytes.
        flash_bytes: float, size of the .tflite model in bytes.
    """

    latency_ms: float
    ram_bytes: float
    flash_bytes: float


@dataclasses.dataclass(frozen=True)
class Limit:
    """A limit on one cost, and who asked for it.

    Args:
        cost: str, `"latency_ms"`, `"ram_bytes"`, `"flash_bytes"` or `"energy_mj"`.
        value: float, as it was given: in ms, in KB of 1024 bytes, or in mJ.
        by_board: bool, whether the board itself sets it, because it has no more. Defaults to False: the user does.

    Example:
        >>> str(Limit("ram_bytes", 20))
        '20 KB of RAM'
    """

    cost: str
    value: float
    by_board: bool = False

    @property
    def most(self) -> float:
        """The largest cost that keeps the limit; bytes are whole."""
        return whole_bytes(self.value) if self.cost.endswith("_bytes") else self.value

    def keeps(self, used: float) -> bool:
        """Returns whether a cost keeps the limit; one that is equal to it does.

        Args:
            used: float, the cost in ms, bytes or mJ.

        Returns:
            bool.
        """
        return used <= self.most * (1 + (ENERGY_TOLERANCE if self.cost == "energy_mj" else 0.0))

    def excess(self, used: float, what: str = "") -> str | None:
        """Returns a sentence saying that the limit is exceeded, or None if it is kept.

        Args:
            used: float, the cost in ms, bytes or mJ; a cost equal to the limit keeps it.
            what: str, said of a latency or an energy after its value. Defaults to nothing.

        Returns:
            str or None.
        """
        if self.keeps(used):
            return None
        name, unit = _WORDS[self.cost]
        if self.cost.endswith("_bytes"):
            return f"{name} {_kb_text(used)} is over the limit of {_kb_text(self.most)}"
        text = f"{used:.4g}"
        # Rounding must not make an excess read like none.
        if float(text) <= self.value:
            text = f"{float(used)!r}"
        return f"{name} {text} {unit}{what} is over the limit of {self.value:g} {unit}"

    def __str__(self) -> str:
        return f"{self.value:g} {_WORDS[self.cost][1]}"


@dataclasses.dataclass(frozen=True)
class Bounds:
    """Upper bounds on the costs of one inference on a board, made by `Limits.on`; `Bounds()` bounds nothing.

    Args:
        asked: dict of the name of a cost to the `Limit` on it. Idle limits are left out: RAM or flash beyond what the
            board has, and a latency longer than the limit on energy allows.
        active_power_mw: float, power of the board, which turns a limit on energy into one on latency. Defaults to
            None, not known.
        margin: str, `"upper"` if the latency of `Costs` that are compared is the upper end of its margin, `"expected"`
            if it is the latency itself. Defaults to `"upper"`.

    Example:
        >>> bounds = Limits(max_latency_ms=30, max_ram_kb=64).on("nucleo_f446re")
        >>> bounds.share(Costs(15.0, 16384, 0))
        0.5
    """

    asked: Mapping[str, Limit] = dataclasses.field(default_factory=dict)
    active_power_mw: float | None = None
    margin: str = UPPER

    @functools.cached_property
    def upper(self) -> Costs:
        """The bounds in ms and bytes; infinity is none."""
        most = {cost: limit.most for cost, limit in self.asked.items()}
        if "energy_mj" in most:
            by_energy = latency_of(most["energy_mj"], self.active_power_mw)
            most["latency_ms"] = min(most.get("latency_ms", math.inf), by_energy)
        return Costs(*(most.get(cost, math.inf) for cost in Costs._fields))

    def share(self, costs: Costs) -> float:
        """Returns the largest share of a bound that `costs` use.

        Args:
            costs: `Costs`.

        Returns:
            float, above 1 if a bound is exceeded; 0 if there is none.
        """
        return max(cost / most for cost, most in zip(costs, self.upper, strict=True))

    def exceeded(self, costs: Costs) -> tuple[str, ...]:
        """Returns one sentence for each limit that `costs` exceed; a cost equal to its limit keeps it.

        Args:
            costs: `Costs`; their energy follows from the latency.

        Returns:
            Tuple of sentences, empty when every limit is kept.

        Raises:
            LimitError: a cost is NaN, which no limit can be compared with.
        """
        used = costs._asdict()
        if self.active_power_mw is not None:
            used["energy_mj"] = costs.latency_ms * self.active_power_mw / 1000.0
        return excesses(self.asked.values(), used, UPPER_WORDS if self.margin == UPPER else "")

    def with_limit(self, limit: Limit) -> Bounds:
        """Returns these bounds with `limit` in place of the one on the same cost.

        Args:
            limit: `Limit`.

        Returns:
            `Bounds`.
        """
        return dataclasses.replace(self, asked={**self.asked, limit.cost: limit})

    def __str__(self) -> str:
        """The limits that were asked for, such as `15 ms, 20 KB of RAM`."""
        return ", ".join(map(str, self.asked.values()))


def excesses(limits: Iterable[Limit], used: Mapping[str, float], what: str = "") -> tuple[str, ...]:
    """Returns one sentence for each limit that is exceeded.

    Args:
        limits: iterable of `Limit`.
        used: dict of a cost to its value; limits on other costs are not judged.
        what: str, as in `Limit.excess`. Defaults to nothing.

    Raises:
        LimitError: a cost is NaN.
    """
    for cost, value in used.items():
        if math.isnan(value):
            raise LimitError(f"{cost} is NaN; a limit can only be judged by a number.")
    found = (limit.excess(used[limit.cost], what) for limit in limits if limit.cost in used)
    return tuple(sentence for sentence in found if sentence is not None)


def latency_of(energy_mj: float, active_power_mw: float | None) -> float:
    """Returns the latency in ms at which an inference takes so much energy; the power must be known."""
    assert active_power_mw is not None
    return energy_mj / active_power_mw * 1000.0


def whole_bytes(kb: float) -> int:
    """Returns KB of 1024 bytes in bytes, rounded down."""
    return math.floor(kb * BYTES_PER_KB)


def _kb_text(n_bytes: float) -> str:
    return f"{n_bytes / BYTES_PER_KB:.2f} KB ({n_bytes:.0f} bytes)"
