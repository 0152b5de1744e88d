"""Draws the arena over time as SVG: a box for each buffer, as wide as its lifetime and as high as its size."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from tsnas.cost.limits import BYTES_PER_KB
from tsnas.report import svg
from tsnas.report.charts import round_ticks
from tsnas.report.text import cell_name, size

LEFT, RIGHT, TOP, BOTTOM = 40, 8, 6, 40
HEIGHT, STRIP = 290, 22
# A step has at least this width, so that its number is legible; if there are few, they share the width of the page.
LEAST_STEP, PAGE = 26, 1040
FONT = 11


def memory_chart(memory: dict[str, Any]) -> Markup:
    """Draws the `memory` facts of a report: time from left to right, offsets in the arena upwards."""
    steps = len(memory["steps"])
    step = max(LEAST_STEP, (PAGE - LEFT - RIGHT) / (steps + 1))
    width = LEFT + RIGHT + step * (steps + 1)
    floor = HEIGHT - BOTTOM
    ceiling = TOP + STRIP + 4
    head = memory["head_bytes"]
    scale = (floor - ceiling) / head
    parts: list[Markup] = []
    for value in round_ticks(0, head / BYTES_PER_KB, 5):
        y = floor - scale * value * BYTES_PER_KB
        parts += [svg.line(LEFT, y, width - RIGHT, y, "grid"), svg.text(LEFT - 6, y + 4, f"{value:g}", "end")]
    for buffer in memory["buffers"]:
        x, y = LEFT + step * buffer["first_step"], floor - scale * (buffer["offset"] + buffer["bytes"])
        long, high = step * (buffer["last_step"] - buffer["first_step"] + 1), scale * buffer["bytes"]
        tip = f"{buffer['name']}: {buffer['bytes']:,} bytes at {buffer['offset']:,}"
        parts.append(svg.rect(x, y, long, high, f"buffer {buffer['kind']}", tip))
        parts += _label((x, y, long, high), buffer)
    # It never changes and may be larger than all else, so it is drawn not to scale, in a strip of its own.
    parts.append(svg.rect(LEFT, TOP, width - LEFT - RIGHT, STRIP, "buffer persistent"))
    note = f"persistent part of the interpreter, {size(memory['persistent_bytes'])} (height not to scale)"
    parts.append(svg.text(LEFT + 6, TOP + STRIP / 2 + 4, note, class_="on"))
    numbers = [(LEFT + step * (index + 0.5), str(index) if index else "start") for index in range(steps + 1)]
    for middle, number in svg.spaced(numbers, FONT, width):
        parts.append(svg.text(middle, floor + 15, number, "middle"))
    parts.append(svg.line(LEFT, floor, width - RIGHT, floor))
    parts.append(svg.text(LEFT, HEIGHT - 6, "number of the layer that runs", class_="soft"))
    parts.append(svg.text(LEFT - 6, floor + 15, "KB", "end", "soft"))
    return svg.picture(width, HEIGHT, "Buffers in the tensor arena while each layer runs", *parts)


def _label(place: tuple[float, float, float, float], buffer: dict[str, Any]) -> list[Markup]:
    """Labels a box with name and size, or only with its name, if there is room."""
    x, y, width, height = place
    if height < FONT + 1:
        return []
    name = "scratch" if buffer["kind"] == "scratch" else buffer["name"]
    short = cell_name(name)
    # The colour already says scratch, so half of the word would add nothing.
    last = "" if name == "scratch" else svg.shorten(short, width - 6, FONT)
    options = (f"{name}, {size(buffer['bytes'])}", name, short, last)
    room = (width - 6) / (svg.CHARACTER * FONT)
    shown = next(option for option in options if len(option) <= room or option is last)
    return [svg.text(x + 4, y + height / 2 + 4, shown, class_="on")] if shown else []
