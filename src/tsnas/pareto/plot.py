"""Plot of a front; needs matplotlib (`pip install tsnas[plots]`)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from tsnas.errors import SettingError
from tsnas.pareto.points import Point, front_of
from tsnas.plots import BLUE, GREEN, ORANGE, RED

COLORS, MARKERS = (BLUE, ORANGE, GREEN, RED), "os^D"
TICKS_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def plot_points(points: Sequence[Point], path: str | os.PathLike[str] | None = None) -> Any:
    """Plots macro-F1 against latency, with a line through the front of each board, and markers for all points.

    Args:
        points: sequence of `Point`.
        path: path of a file to write. Defaults to None, no file.

    Returns:
        The matplotlib figure.

    Raises:
        SettingError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise SettingError("The plot of a front needs matplotlib: pip install 'tsnas[plots]'.") from error
    figure = Figure(figsize=(8, 5), layout="constrained")
    axis = figure.subplots()
    for index, board in enumerate(dict.fromkeys(point.board for point in points)):
        color, marker = COLORS[index % len(COLORS)], MARKERS[index % len(MARKERS)]
        own = [point for point in points if point.board == board]
        # The line is the front in latency and macro-F1 only; points that are there for their RAM would make it dip.
        steps = [point for point in front_of(own) if not any(_above(other, point) for other in own)]
        axis.plot([p.latency_ms for p in steps], [p.macro_f1 for p in steps], "-", color=color, linewidth=1.2)
        axis.plot([p.latency_ms for p in own], [p.macro_f1 for p in own], marker, color=color, label=board)
    axis.set(xscale="log", xlabel="latency of one inference (ms, predicted)", ylabel="macro-F1 on validation windows")
    axis.set_xticks(_ticks(points), labels=[f"{tick:g}" for tick in _ticks(points)])
    axis.minorticks_off()
    axis.grid(color="0.9", linewidth=0.6)
    axis.legend()
    if path is not None:
        figure.savefig(path, dpi=120)
    return figure


def _above(one: Point, other: Point) -> bool:
    return one.latency_ms < other.latency_ms and one.macro_f1 >= other.macro_f1


def _ticks(points: Sequence[Point]) -> list[int]:
    least, most = min(p.latency_ms for p in points), max(p.latency_ms for p in points)
    return [tick for tick in TICKS_MS if least / 2 <= tick <= 2 * most]
