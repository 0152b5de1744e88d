"""Draws the charts of a report as SVG: bars in tables, lines over epochs, and the finalists of a contest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from tsnas.report import svg

# Natural size of a chart, about the width of a phone.
WIDTH, HEIGHT = 340, 190
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 10, 34
FONT = 11


def draw_bar(value: float, most: float, class_: str = "bar", width: int = 56, track: bool = False) -> Markup:
    """Draws a horizontal bar for a table, next to a number; `track` shows its full length."""
    length = 0.0 if most <= 0 else width * value / most
    shown = max(length, 1.0) if value > 0 else 0.0
    return svg.element(
        "svg",
        *([svg.rect(0, 0, width, 9, "track")] if track else []),
        svg.rect(0, 0, shown, 9, class_),
        width=width,
        height=9,
        viewBox=f"0 0 {width} 9",
        class_="inbar",
        aria_hidden="true",
    )


def round_ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Returns about `count` round numbers between `low` and `high`."""
    span = high - low
    if span <= 0:
        return [low]
    raw = span / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(step * i, 10) + 0.0 for i in range(first, math.floor(high / step + 1e-9) + 1)]


class Plane:
    """The coordinate system of a chart, which maps values to positions and draws grid, numbers and titles."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float]):
        self.x_range, self.y_range = x, y
        self._rows = [(value, f"{value:g}") for value in round_ticks(*y)]
        # Long numbers move the plane to the right.
        self.left = max([LEFT, *(svg.text_width(number, FONT) + 8 for _, number in self._rows)])

    def x(self, value: float) -> float:
        """Returns the horizontal position of a value."""
        low, high = self.x_range
        return self.left + (WIDTH - self.left - RIGHT) * (value - low) / ((high - low) or 1.0)

    def y(self, value: float) -> float:
        """Returns the vertical position of a value."""
        low, high = self.y_range
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / ((high - low) or 1.0)

    def axes(self, x_title: str, x_ticks: Sequence[float] | None = None) -> list[Markup]:
        """Draws grid, numbers and the title of the horizontal axis."""
        parts: list[Markup] = []
        for value, number in self._rows:
            parts += [
                svg.line(self.left, self.y(value), WIDTH - RIGHT, self.y(value), "grid"),
                svg.text(self.left - 6, self.y(value) + 4, number, "end"),
            ]
        ticks = round_ticks(*self.x_range, count=6) if x_ticks is None else x_ticks
        for x, number in svg.spaced([(self.x(value), f"{value:g}") for value in ticks], FONT, WIDTH):
            parts.append(svg.text(x, HEIGHT - BOTTOM + 15, number, "middle"))
        floor = self.y(self.y_range[0])
        parts.append(svg.line(self.left, floor, WIDTH - RIGHT, floor))
        parts.append(svg.text(WIDTH - RIGHT, HEIGHT - 4, x_title, "end"))
        return parts


def epochs_chart(
    label: str, series: Sequence[tuple[str, str, Sequence[float | None]]], limit: float | None = None, top: float = 0.0
) -> Markup:
    """Draws lines over epochs.

    Args:
        label: str, description of the chart.
        series: sequence of (name, CSS class, values), with None for missing values.
        limit: float, drawn as a dashed line unless it is far above the values. Defaults to None.
        top: float, upper end of the axis if known. Defaults to 0: found from the values.
    """
    known = [value for _, _, values in series for value in values if value is not None]
    epochs = max(len(values) for _, _, values in series)
    shown = limit is not None and limit <= 3 * max(known, default=0.0)
    high = top or 1.08 * max([*known, *([limit] if shown and limit is not None else [])], default=1.0)
    plane = Plane((1, max(epochs, 2)), (0.0, high or 1.0))
    x_ticks = sorted({round(value) for value in round_ticks(1, epochs, 6)} | {1, epochs})
    parts = plane.axes("epoch", x_ticks)
    if shown and limit is not None:
        parts.append(svg.line(plane.left, plane.y(limit), WIDTH - RIGHT, plane.y(limit), "limit"))
        parts.append(svg.text(plane.left + 4, plane.y(limit) - 4, f"limit {limit:g}", class_="limit-text"))
    for _, class_, values in series:
        places = [(plane.x(i), plane.y(value)) for i, value in enumerate(values, start=1) if value is not None]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(svg.element("polyline", points=path, class_=f"line {class_}"))
        if len(places) <= 12:
            parts += [svg.element("circle", cx=x, cy=y, r=2.5, class_=f"dot {class_}") for x, y in places]
    return svg.picture(WIDTH, HEIGHT, label, *parts)


def contest_chart(contest: dict[str, Any], limit_ms: float | None) -> Markup:
    """Draws the finalists: macro-F1 over latency for both rounds, with a ring around the winner."""
    finalists = contest["finalists"]
    costs = [finalist["latency_ms"] for finalist in finalists]
    scores = [finalist[key] for finalist in finalists for key in ("macro_f1", "second_macro_f1")]
    known = [score for score in scores if score is not None]
    shown = limit_ms is not None and limit_ms <= 2 * max(costs)
    x_range = _pad([*costs, *([limit_ms] if shown and limit_ms is not None else [])])
    low, high = _pad(known)
    plane = Plane(x_range, (max(low, 0.0), min(high, 1.0)))
    parts = plane.axes("latency (ms)")
    if shown and limit_ms is not None:
        x = plane.x(limit_ms)
        parts.append(svg.line(x, TOP, x, HEIGHT - BOTTOM, "limit"))
        said = f"limit {limit_ms:g}"
        # Not over the numbers of the vertical axis.
        left = x - 4 - svg.text_width(said, FONT) >= plane.left
        parts.append(svg.text(x - 4 if left else x + 4, TOP + 8, said, "end" if left else "start", "limit-text"))
    for place, finalist in enumerate(finalists):
        x, first, second = plane.x(finalist["latency_ms"]), plane.y(finalist["macro_f1"]), finalist["second_macro_f1"]
        tip = f"finalist {place + 1}: {finalist['latency_ms']:.2f} ms, macro-F1 {finalist['macro_f1']:.3f}"
        if second is not None:
            tip += f", second round {second:.3f}"
            parts.append(svg.line(x, first, x, plane.y(second), "link"))
        parts.append(svg.element("circle", svg.element("title", tip), cx=x, cy=first, r=4, class_="first"))
        if second is not None:
            y = plane.y(second)
            diamond = f"{x:.1f},{y - 5:.1f} {x + 5:.1f},{y:.1f} {x:.1f},{y + 5:.1f} {x - 5:.1f},{y:.1f}"
            parts.append(svg.element("polygon", svg.element("title", tip), points=diamond, class_="second"))
        if place == contest["winner"]:
            y = first if second is None else plane.y(second)
            parts.append(svg.element("circle", cx=x, cy=y, r=9, class_="ring"))
            end = x > WIDTH - 90
            parts.append(svg.text(x - 13 if end else x + 13, y + 4, "winner", "end" if end else "start", "strong"))
    return svg.picture(WIDTH, HEIGHT, "Macro-F1 of the finalists over their latency", *parts)


def _pad(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = 0.12 * (high - low) or 0.05 * abs(high) or 0.05
    return low - room, high + room
