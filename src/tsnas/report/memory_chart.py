"""The arena over time as SVG: each buffer is a box as wide as it lives and as high as it is large, at its place."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from tsnas.cost.limits import BYTES_PER_KB
from tsnas.report import svg
from tsnas.report.charts import ticks
from tsnas.report.text import kb

LEFT, RIGHT, TOP, BOTTOM = 48, 8, 8, 40
HEIGHT = 300
# A step is at least so wide, so that its number can be read; fewer steps share the width of the page.
LEAST_STEP, PAGE = 22, 880
FONT = 11


def memory_chart(memory: dict[str, Any]) -> Markup:
    """Draws the `memory` facts of a report: time to the right, places in the arena upwards."""
    steps = len(memory["steps"])
    step = max(LEAST_STEP, (PAGE - LEFT - RIGHT) / (steps + 1))
    width = LEFT + RIGHT + step * (steps + 1)
    arena = memory["arena_bytes"]
    floor = HEIGHT - BOTTOM
    scale = (floor - TOP) / arena

    def box(first: int, last: int, offset: float, size: float) -> tuple[float, float, float, float]:
        return LEFT + step * first, floor - scale * (offset + size), step * (last - first + 1), scale * size

    parts: list[Markup] = []
    for value in ticks(0, arena / BYTES_PER_KB, 5):
        y = floor - scale * value * BYTES_PER_KB
        parts += [svg.line(LEFT, y, width - RIGHT, y, "grid"), svg.text(LEFT - 6, y + 4, f"{value:g}", "end")]
    for buffer in memory["buffers"]:
        place = box(buffer["first_step"], buffer["last_step"], buffer["offset"], buffer["bytes"])
        tip = f"{buffer['name']}: {buffer['bytes']:,} bytes at {buffer['offset']:,}"
        parts.append(svg.rect(*place, class_=f"buffer {buffer['kind']}", title=tip))
        parts += _label(place, buffer["name"], buffer["bytes"])
    # The notes of the planner may need more than the head; they are gone when the network runs.
    head = arena - memory["persistent_bytes"]
    persistent = box(0, steps, head, memory["persistent_bytes"])
    tip = f"persistent part: {memory['persistent_bytes']:,} bytes"
    parts.append(svg.rect(*persistent, class_="buffer persistent", title=tip))
    parts += _label(persistent, "persistent part of the interpreter", memory["persistent_bytes"])
    for index in range(steps + 1):
        middle = LEFT + step * (index + 0.5)
        parts.append(svg.text(middle, floor + 15, "in" if index == 0 else str(index), "middle"))
    parts.append(svg.line(LEFT, floor, width - RIGHT, floor))
    parts.append(svg.text(width - RIGHT, HEIGHT - 6, "operator, in the order of execution", "end"))
    parts.append(svg.text(4, HEIGHT - 6, "KB"))
    return svg.picture(width, HEIGHT, "What lies where in the tensor arena while each operator runs", *parts)


def _label(place: tuple[float, float, float, float], name: str, n_bytes: int) -> list[Markup]:
    """The name, and its size below it, as far as there is room."""
    x, y, width, height = place
    if height < FONT + 1:
        return []
    shown = svg.fitted(f"{name}, {kb(n_bytes)} KB", width - 6, FONT)
    if not shown.endswith("KB"):
        shown = svg.fitted(name, width - 6, FONT)
    return [svg.text(x + 4, y + height / 2 + 4, shown, class_="name")] if shown else []
