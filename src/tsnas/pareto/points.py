"""Points of a front: their costs and scores, the front itself, the best point within limits, and a table."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from tsnas.cost.bounds import COST_NAMES, UPPER
from tsnas.cost.limits import BYTES_PER_KB, Limits
from tsnas.errors import InfeasibleError
from tsnas.system.terminal import fit_table


@dataclasses.dataclass(frozen=True)
class Point:
    """A finished model on a board.

    Args:
        board: str, name of the board.
        model: str, name of the model; a model may serve several boards.
        max_latency_ms: float, the limit that its file was checked against.
        latency_ms: float, latency of one inference on the board, estimated from the finished file.
        ram_bytes: int, its tensor arena.
        flash_bytes: int, length of its .tflite file.
        energy_mj: float or None, energy of one inference; None if the board's power is not known.
        macro_f1: float, macro-F1 of its architecture on validation windows after a short training in float. The
            finished model was trained on all windows, so none are left to judge it on.
        folder: str, path within the folder of the front where it is saved; `tsnas.load` reads it.
        latency_margin_ms: float, margin of the latency. Defaults to 0: saved by an earlier version, which kept none.
    """

    board: str
    model: str
    max_latency_ms: float
    latency_ms: float
    ram_bytes: int
    flash_bytes: int
    energy_mj: float | None
    macro_f1: float
    folder: str
    latency_margin_ms: float = 0.0

    def keeps(self, limits: Limits) -> bool:
        """Returns whether the point is within limits; never if energy is limited and the board's power is unknown."""
        if limits.max_energy_mj is not None and self.energy_mj is None:
            return False
        costs = {name: getattr(self, name) for name in COST_NAMES}
        if limits.margin == UPPER:
            costs["latency_ms"] += self.latency_margin_ms
            if self.energy_mj is not None:
                costs["energy_mj"] *= costs["latency_ms"] / self.latency_ms
        return not limits.exceeded(**costs)

    def beats(self, other: Point) -> bool:
        """Returns whether the point is no worse in latency, RAM, flash and macro-F1, and better in one of them."""
        mine, theirs = ((one.latency_ms, one.ram_bytes, one.flash_bytes, -one.macro_f1) for one in (self, other))
        return self.board == other.board and mine != theirs and all(a <= b for a, b in zip(mine, theirs, strict=True))


def front_of(points: Sequence[Point]) -> list[Point]:
    """Returns the points that no other point on the same board beats."""
    return [point for point in points if not any(other.beats(point) for other in points)]


def best_of(points: Sequence[Point], limits: Limits) -> Point:
    """Returns the point with the highest macro-F1 within limits, the fastest one of a tie.

    Raises:
        InfeasibleError: no point is within the limits.
    """
    fitting = [point for point in points if point.keeps(limits)]
    if not fitting:
        known = {name: [value for p in points if (value := getattr(p, name)) is not None] for name in COST_NAMES}
        smallest = {name: float(min(values)) for name, values in known.items() if values}
        raise InfeasibleError(
            f"None of the {len(points)} points keeps these limits; their smallest values are "
            f"{smallest.get('latency_ms', 0):.2f} ms, {smallest.get('ram_bytes', 0) / BYTES_PER_KB:.2f} KB of RAM and "
            f"{smallest.get('flash_bytes', 0) / BYTES_PER_KB:.2f} KB of flash. Raise the limits, or search with them.",
            smallest,
        )
    return min(fitting, key=lambda point: (-point.macro_f1, point.latency_ms))


def table_of(points: Sequence[Point], width: int | None = None) -> str:
    """Returns a table with a line for each point; a star marks those of the front.

    Args:
        points: sequence of `Point`.
        width: int, columns that a line may take; some are then shortened or left out. Defaults to None: all.
    """
    front = set(front_of(points))
    rows = [
        (
            point.board,
            "*" if point in front else "",
            f"{point.max_latency_ms:g}",
            f"{point.latency_ms:.2f}",
            f"{point.latency_ms + point.latency_margin_ms:.2f}",
            f"{point.ram_bytes / BYTES_PER_KB:.1f}",
            f"{point.flash_bytes / BYTES_PER_KB:.1f}",
            "" if point.energy_mj is None else f"{point.energy_mj:.3g}",
            f"{point.macro_f1:.3f}",
            point.folder,
        )
        for point in points
    ]
    headers = ["board", "", "limit ms", "ms", "up to", "RAM KB", "flash KB", "mJ", "macro-F1", "folder"]
    if all(point.energy_mj is None for point in points):
        headers.remove("mJ")
        rows = [row[:7] + row[8:] for row in rows]  # type: ignore[misc]
    align = ["left", "left", *("right" for _ in headers[3:]), "left"]
    drop = ("up to", "flash KB", "RAM KB", "limit ms")
    return fit_table(rows, headers, align, width, shorten={"board": 12}, drop=drop)
