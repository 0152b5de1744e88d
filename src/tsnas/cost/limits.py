"""The hard limits that a network must keep: latency, RAM, flash and energy."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np

from tsnas.cost.board import Board
from tsnas.errors import LimitError
from tsnas.system.arguments import is_number

BYTES_PER_KB = 1024


@dataclasses.dataclass(frozen=True)
class Limits:
    """Upper limits of one inference on a board; None leaves a cost unlimited.

    Args:
        max_latency_ms: float, time of one inference in ms. Defaults to None.
        max_ram_kb: float, tensor arena in KB of 1024 bytes. Defaults to None.
        max_flash_kb: float, size of the .tflite model in KB of 1024 bytes. Defaults to None.
        max_energy_mj: float, energy of one inference in mJ, on a board with `active_power_mw`. Defaults to None.

    Raises:
        LimitError: a limit is not a finite number above 0; the message names it.

    Example:
        >>> Limits(max_latency_ms=30).exceeded(latency_ms=31.2)
        ('latency 31.2 ms is over the limit of 30 ms',)
    """

    max_latency_ms: float | None = None
    max_ram_kb: float | None = None
    max_flash_kb: float | None = None
    max_energy_mj: float | None = None

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
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
        return _whole_bytes(self.max_ram_kb)

    @property
    def max_flash_bytes(self) -> int | None:
        """Largest model in whole bytes."""
        return _whole_bytes(self.max_flash_kb)

    def with_deadline(self, deadline_ms: float | None) -> Limits:
        """These limits, for an inference that must also end within `deadline_ms`.

        Args:
            deadline_ms: float, in ms, such as `Signal.deadline_ms`; None is no deadline.

        Returns:
            `Limits`.
        """
        if deadline_ms is None:
            return self
        return dataclasses.replace(self, max_latency_ms=_smaller(self.max_latency_ms, deadline_ms))

    def tightest_with(self, board: Board) -> Limits:
        """These limits, bounded by the RAM and flash that the board has, and the latency by the energy.

        The firmware around the model needs RAM and flash too; give lower limits to leave room for it.

        Args:
            board: `Board`.

        Returns:
            `Limits`, of which RAM and flash are always given.

        Raises:
            LimitError: there is a limit on energy, but the board has no `active_power_mw`.
        """
        return Limits(
            self.latency_for(board),
            _smaller(self.max_ram_kb, board.ram_bytes / BYTES_PER_KB),
            _smaller(self.max_flash_kb, board.flash_bytes / BYTES_PER_KB),
            self.max_energy_mj,
        )

    def latency_for(self, board: Board) -> float | None:
        """The latency that keeps both the limit on it and the one on energy.

        Args:
            board: `Board`, whose power says how much energy a millisecond takes.

        Returns:
            float, in ms; None if there is neither limit.

        Raises:
            LimitError: there is a limit on energy, but the board has no `active_power_mw`.
        """
        if self.max_energy_mj is None:
            return self.max_latency_ms
        if board.active_power_mw is None:
            raise LimitError(
                f"max_energy_mj is {self.max_energy_mj!r}, but board {board.name!r} has no active_power_mw, its power "
                "while it computes. Give it: dataclasses.replace(load_board(...), active_power_mw=...), or in a board "
                "file of your own (tsnas boards new --active_power_mw=...)."
            )
        return _smaller(self.max_latency_ms, self.max_energy_mj / board.active_power_mw * 1000.0)

    def share_used(self, board: Board, latency_ms: float, ram_bytes: float, flash_bytes: float) -> float:
        """How much of the tightest limit some costs use.

        Args:
            board: `Board`, whose power turns a limit on energy into one on latency.
            latency_ms: float, latency in ms.
            ram_bytes: float, tensor arena in bytes.
            flash_bytes: float, size of the model in bytes.

        Returns:
            float, the largest share of a limit, above 1 if that limit is not kept; 0 if there is no limit.

        Raises:
            LimitError: there is a limit on energy, but the board has no `active_power_mw`.

        Example:
            >>> Limits(max_latency_ms=30, max_ram_kb=64).share_used(load_board("nucleo_f446re"), 15.0, 16384, 0)
            0.5
        """
        used = (latency_ms, ram_bytes, flash_bytes)
        limits = (self.latency_for(board), self.max_ram_bytes, self.max_flash_bytes)
        return max((value / limit for value, limit in zip(used, limits, strict=True) if limit is not None), default=0.0)

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
        judged = (
            ("latency_ms", latency_ms, self.max_latency_ms, _number_message("latency", "ms")),
            ("ram_bytes", ram_bytes, self.max_ram_bytes, _bytes_message("RAM")),
            ("flash_bytes", flash_bytes, self.max_flash_bytes, _bytes_message("flash")),
            ("energy_mj", energy_mj, self.max_energy_mj, _number_message("energy", "mJ")),
        )
        messages = []
        for name, used, limit, message in judged:
            if used is not None and math.isnan(used):
                raise LimitError(f"{name} is NaN; a limit can only be judged by a number.")
            # Energy is a product: it may be off in the last digit.
            if used is not None and limit is not None and used > limit * (1 + 1e-9 * (name == "energy_mj")):
                messages.append(message(used, limit))
        return tuple(messages)


def _whole_bytes(kb: float | None) -> int | None:
    return None if kb is None else math.floor(kb * BYTES_PER_KB)


def _smaller(limit: float | None, most: float) -> float:
    return most if limit is None else min(limit, most)


def _number_message(name: str, unit: str) -> Callable[[float, float], str]:
    def message(used: float, limit: float) -> str:
        text = f"{used:.4g}"
        # Rounding must not make an excess read like none.
        if float(text) <= limit:
            text = f"{float(used)!r}"
        return f"{name} {text} {unit} is over the limit of {limit:g} {unit}"

    return message


def _bytes_message(name: str) -> Callable[[float, float], str]:
    def message(used: float, limit: float) -> str:
        return f"{name} {_kb_text(used)} is over the limit of {_kb_text(limit)}"

    return message


def _kb_text(n_bytes: float) -> str:
    return f"{n_bytes / BYTES_PER_KB:.2f} KB ({n_bytes:.0f} bytes)"
