"""The hard limits that a network must keep: latency, RAM, flash and energy."""

from __future__ import annotations

import dataclasses
import os

import numpy as np

from tsnas.cost.board import Board, load_board
from tsnas.cost.bounds import (
    BYTES_PER_KB,
    COST_NAMES,
    MARGINS,
    UPPER,
    Bounds,
    Limit,
    excesses,
    latency_of,
    whole_bytes,
)
from tsnas.errors import LimitError
from tsnas.system.arguments import is_number


@dataclasses.dataclass(frozen=True)
class Limits:
    """Upper limits of one inference on a board; None leaves a cost unlimited.

    Args:
        max_latency_ms: float, time of one inference in ms. Defaults to None.
        max_ram_kb: float, tensor arena in KB of 1024 bytes. Defaults to None.
        max_flash_kb: float, size of the .tflite model in KB of 1024 bytes. Defaults to None.
        max_energy_mj: float, energy of one inference in mJ, on a board with `active_power_mw`. Defaults to None.
        margin: str, what the limits on latency and energy are held against: `"upper"`, the upper end of the margin of
            the latency, or `"expected"`, the latency itself. Defaults to `"upper"`.

    Raises:
        LimitError: a limit is not a finite number above 0, or `margin` is neither of its values; the message names it.

    Example:
        >>> Limits(max_latency_ms=30).exceeded(latency_ms=31.2)
        ('latency 31.2 ms is over the limit of 30 ms',)
    """

    max_latency_ms: float | None = None
    max_ram_kb: float | None = None
    max_flash_kb: float | None = None
    max_energy_mj: float | None = None
    margin: str = UPPER

    def __post_init__(self) -> None:
        if self.margin not in MARGINS:
            raise LimitError(f"margin is {self.margin!r}; it must be {' or '.join(map(repr, MARGINS))}.")
        for field in dataclasses.fields(self):
            if field.name == "margin":
                continue
            value = getattr(self, field.name)
            if value is not None and not (is_number(value) and value > 0):
                raise LimitError(
                    f"{field.name} is {value!r}; it must be a finite number above 0, or None for no limit."
                )
            if isinstance(value, np.generic):
                # JSON knows no numbers of NumPy.
                object.__setattr__(self, field.name, value.item())

    @property
    def max_ram_bytes(self) -> int | None:
        """Largest arena in whole bytes."""
        return None if self.max_ram_kb is None else whole_bytes(self.max_ram_kb)

    @property
    def max_flash_bytes(self) -> int | None:
        """Largest model in whole bytes."""
        return None if self.max_flash_kb is None else whole_bytes(self.max_flash_kb)

    def with_deadline(self, deadline_ms: float | None) -> Limits:
        """Returns these limits, for an inference that must also end within `deadline_ms`.

        Args:
            deadline_ms: float, in ms, such as `Signal.deadline_ms`; None is no deadline.

        Returns:
            `Limits`.
        """
        if deadline_ms is None:
            return self
        latency_ms = deadline_ms if self.max_latency_ms is None else min(self.max_latency_ms, deadline_ms)
        return dataclasses.replace(self, max_latency_ms=latency_ms)

    def on(self, board: str | os.PathLike[str] | Board) -> Bounds:
        """Returns the bounds that these limits set on a board, whose own RAM and flash count too.

        A limit on energy becomes one on latency. The firmware around the model needs RAM and flash as well; give lower
        limits to leave room for it.

        Args:
            board: name, path or `Board`, as `load_board` takes it.

        Returns:
            `Bounds`; RAM and flash are always bounded.

        Raises:
            LimitError: there is a limit on energy, but the board has no `active_power_mw`.
            UnknownBoardError, BoardFileError: see `load_board`.

        Example:
            >>> Limits(max_latency_ms=30, max_ram_kb=64).on("nicla_sense_me").upper
            Costs(latency_ms=30, ram_bytes=65536, flash_bytes=524288)
        """
        board = load_board(board)
        asked = {limit.cost: limit for limit in self.given()}
        if self.max_energy_mj is not None:
            if board.active_power_mw is None:
                raise LimitError(
                    f"max_energy_mj is {self.max_energy_mj!r}, but board {board.name!r} has no active_power_mw, its "
                    "power while it computes. Give it: dataclasses.replace(load_board(...), active_power_mw=...), or "
                    "in a board file of your own (`tsnas boards new` has the flag --active_power_mw)."
                )
            by_energy = latency_of(self.max_energy_mj, board.active_power_mw)
            if self.max_latency_ms is not None and by_energy < self.max_latency_ms:
                del asked["latency_ms"]
        for cost, n_bytes in (("ram_bytes", board.ram_bytes), ("flash_bytes", board.flash_bytes)):
            has = Limit(cost, n_bytes / BYTES_PER_KB, by_board=True)
            asked[cost] = min(asked.get(cost, has), has, key=lambda limit: limit.value)
        return Bounds({cost: asked[cost] for cost in COST_NAMES if cost in asked}, board.active_power_mw, self.margin)

    def exceeded(
        self,
        *,
        latency_ms: float | None = None,
        ram_bytes: float | None = None,
        flash_bytes: float | None = None,
        energy_mj: float | None = None,
    ) -> tuple[str, ...]:
        """One sentence for each limit that the given costs are over; a cost that is equal to its limit keeps it.

        Args:
            latency_ms: float, latency in ms. Defaults to None, not judged.
            ram_bytes: int, tensor arena in bytes. Defaults to None, not judged.
            flash_bytes: int, size of the model in bytes. Defaults to None, not judged.
            energy_mj: float, energy in mJ. Defaults to None, not judged.

        Returns:
            Tuple of sentences, empty when every limit is kept.

        Raises:
            LimitError: a cost is NaN, which no limit can be compared with.
        """
        costs = {"latency_ms": latency_ms, "ram_bytes": ram_bytes, "flash_bytes": flash_bytes, "energy_mj": energy_mj}
        return excesses(self.given(), {cost: used for cost, used in costs.items() if used is not None})

    def given(self) -> list[Limit]:
        """Returns the limits that are not None."""
        # In the order of COST_NAMES.
        values = (self.max_latency_ms, self.max_ram_kb, self.max_flash_kb, self.max_energy_mj)
        return [Limit(cost, value) for cost, value in zip(COST_NAMES, values, strict=True) if value is not None]
