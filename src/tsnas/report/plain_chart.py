"""Draws the scores of plain models beside that of the network as SVG."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from tsnas.model.plain_scores import RIVALS
from tsnas.report import svg
from tsnas.report.charts import FONT, WIDTH, round_ticks

LEFT, RIGHT, TOP, ROW, BOTTOM = 64, 14, 8, 26, 22
ROOM = 0.08  # of the range, on each side
SMALLEST_RANGE = 0.1


def draw_plain(plain: dict[str, Any]) -> Markup:
    """Draws a row for the network and for each plain model: its macro-F1, and the spread of the difference.

    A dashed line marks the network's score; a plain model whose spread does not reach it is clearly better or worse. No
    spread is drawn where it is not known.

    Args:
        plain: dict, the facts on plain models.
    """
    names = [name for name in RIVALS if name in plain]
    own = plain["model"]["macro_f1"]
    reached = [own]
    for name in names:
        spread = plain[name]["spread"] or 0.0
        reached += [plain[name]["macro_f1"] - spread, plain[name]["macro_f1"] + spread]
    low, high = max(min(reached), 0.0), min(max(reached), 1.0)
    room = max(ROOM * (high - low), (SMALLEST_RANGE - (high - low)) / 2)
    low, high = max(low - room, 0.0), min(high + room, 1.0)

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (min(max(value, low), high) - low) / (high - low)

    floor = TOP + ROW * (len(names) + 1)
    parts: list[Markup] = []
    ticks = round_ticks(low, high, count=6)
    parts += [svg.line(x(tick), TOP, x(tick), floor, "grid") for tick in ticks]
    for place, number in svg.spaced([(x(tick), f"{tick:g}") for tick in ticks], FONT, WIDTH):
        parts.append(svg.text(place, floor + 15, number, "middle"))
    parts.append(svg.line(LEFT, floor, WIDTH - RIGHT, floor))
    parts.append(svg.line(x(own), TOP, x(own), floor, "link"))
    for row, name in enumerate(["model", *names]):
        y = TOP + ROW * (row + 0.5)
        score = plain[name]["macro_f1"]
        label = "network" if name == "model" else name
        parts.append(svg.text(LEFT - 8, y + 4, label, "end", "strong" if name == "model" else None))
        if name == "model":
            tip = svg.element("title", f"network: {score:.3f}")
            parts.append(svg.element("circle", tip, cx=x(score), cy=y, r=5, class_="second"))
            continue
        spread = plain[name]["spread"]
        said = f"{name}: {score:.3f}"
        if spread is not None:
            said += f", spread {spread:.3f}"
            ends = x(score - spread), x(score + spread)
            parts.append(svg.line(ends[0], y, ends[1], y, "whisker"))
            parts += [svg.line(end, y - 4, end, y + 4, "whisker") for end in ends]
        parts.append(svg.element("circle", svg.element("title", said), cx=x(score), cy=y, r=4, class_="first"))
    return svg.picture(WIDTH, floor + BOTTOM, "Macro-F1 of the network and of plain models", *parts)
