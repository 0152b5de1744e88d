"""Draws the architecture as SVG: one picture for each cell, so that they flow over a page of any width."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from tsnas.graph.shapes import conv_output_size
from tsnas.report import svg
from tsnas.report.text import shape
from tsnas.space.operators import skip_width

BOX_WIDTH, BOX_HEIGHT, GAP, ROW = 92, 34, 22, 42
TOP, ARROW = 26, 26
FONT = 11

Shape = tuple[int, int, int]


def draw_network(time: int, channels: int, classes: int, cells: list[dict[str, Any]]) -> list[Markup]:
    """Draws a picture each for the input, every cell and the output, in this order.

    Args:
        time: int, samples per window.
        channels: int, channels per window.
        classes: int, number of classes.
        cells: list of the cells, as in `Architecture.to_json`.
    """
    size: Shape = (time, channels, 1)
    pictures = [_draw_chain("Input", [("window", f"{time} samples")], size, starts=True)]
    for index, cell in enumerate(cells):
        if cell["kind"] == "time_reduce":
            size = (conv_output_size(size[0], cell["kernel"], cell["stride"], "same"), size[1], cell["filters"])
            what = (f"{cell['kernel']}\N{MULTIPLICATION SIGN}1 conv", f"{cell['filters']} filters, /{cell['stride']}")
            pictures.append(_draw_chain(f"{index}  Time-Reduce", [what], size))
        elif cell["kind"] == "time_conv":
            size = (size[0], size[1], cell["filters"])
            dilated = f", dil. {cell['dilation']}" if cell["dilation"] > 1 else ""
            what = (f"{cell['kernel']}\N{MULTIPLICATION SIGN}1 conv{dilated}", f"{cell['filters']} filters")
            pictures.append(_draw_chain(f"{index}  Time-Convolution", [what], size))
        else:
            before = size
            width = conv_output_size(size[1], skip_width(cell["stride"]), cell["stride"], "same")
            size = (size[0], width, cell["filters"])
            pictures.append(_draw_fusion(f"{index}  Sensor-Fusion", cell, before[1], size))
    steps = [("1\N{MULTIPLICATION SIGN}1 conv", f"{classes} filters"), ("mean, softmax", f"{classes} classes")]
    return [*pictures, _draw_chain("Output", steps, None)]


def _draw_chain(title: str, boxes: list[tuple[str, str]], out: Shape | None, starts: bool = False) -> Markup:
    """Draws boxes one after the other, with an arrow to the next picture."""
    parts, x, middle = [_draw_title(title)], 0.0 if starts else float(GAP), TOP + BOX_HEIGHT / 2
    if not starts:
        parts.append(svg.line(0, middle, x, middle, "wire"))
    for place, (first, second) in enumerate(boxes):
        if place:
            parts.append(svg.line(x, middle, x + GAP, middle, "wire"))
            x += GAP
        parts.append(_draw_box(x, TOP, first, second))
        x += BOX_WIDTH
    return _finish_picture(title, parts, x, middle, TOP + BOX_HEIGHT, out)


def _draw_fusion(title: str, cell: dict[str, Any], sensors: int, out: Shape) -> Markup:
    """Draws a Sensor-Fusion cell: the skip on top, below it the branches after their common convolution."""
    stride, cross = cell["stride"], "\N{MULTIPLICATION SIGN}"
    rows = [("skip", f"1{cross}{skip_width(stride)} skip", f"{cell['filters']} filters, /{stride}")] * cell["skip"]
    rows += [("branch", f"{kernel}{cross}1 conv", f"{cell['filters']} filters") for kernel in cell["kernels"]]
    heights = [TOP + ROW * row for row in range(len(rows))]
    middles = [height + BOX_HEIGHT / 2 for height in heights]
    centre = (middles[0] + middles[-1]) / 2
    parts, branches = [_draw_title(title)], [m for m, row in zip(middles, rows, strict=True) if row[0] == "branch"]
    left = float(GAP)
    split, join = left + BOX_WIDTH + GAP / 2, left + 2 * BOX_WIDTH + 1.5 * GAP
    column = left + BOX_WIDTH + GAP if branches else left
    if not branches:
        split, join = left / 2, left + BOX_WIDTH + GAP / 2
    parts.append(svg.line(0, centre, left / 2, centre, "wire"))
    if branches:
        mid = sum(branches) / len(branches)
        # The input reaches the skip and the common convolution.
        tops = [middle for middle, row in zip(middles, rows, strict=True) if row[0] == "skip"]
        parts += [svg.line(left / 2, min([*tops, mid, centre]), left / 2, max(mid, centre), "wire")]
        parts += [svg.line(left / 2, top, column, top, "wire") for top in tops]
        parts.append(svg.line(left / 2, mid, left, mid, "wire"))
        parts.append(
            _draw_box(
                left, mid - BOX_HEIGHT / 2, f"1{cross}{sensors} conv", f"{cell['mid_filters']} filters, /{stride}"
            )
        )
        parts.append(svg.line(left + BOX_WIDTH, mid, split, mid, "wire"))
        parts.append(svg.line(split, branches[0], split, branches[-1], "wire"))
        parts += [svg.line(split, middle, column, middle, "wire") for middle in branches]
    else:
        parts.append(svg.line(left / 2, centre, left, centre, "wire"))
    for height, (kind, first, second) in zip(heights, rows, strict=True):
        parts.append(_draw_box(column, height, first, second, kind))
        parts.append(svg.line(column + BOX_WIDTH, height + BOX_HEIGHT / 2, join, height + BOX_HEIGHT / 2, "wire"))
    parts.append(svg.line(join, middles[0], join, middles[-1], "wire"))
    end = join
    if len(rows) > 1:
        parts.append(svg.line(join, centre, join + 6, centre, "wire"))
        parts.append(svg.element("circle", cx=join + 15, cy=centre, r=9, class_="box"))
        parts.append(svg.text(join + 15, centre + 4, "+", "middle"))
        end = join + 24
    return _finish_picture(title, parts, end, centre, heights[-1] + BOX_HEIGHT, out)


def _finish_picture(
    title: str, parts: list[Markup], x: float, middle: float, bottom: float, out: Shape | None
) -> Markup:
    """Completes a picture with an arrow to the right, labelled with the shape of the output."""
    width = x + 2
    if out is not None:
        carried = shape(out)
        end = x + max(ARROW, svg.CHARACTER * FONT * len(carried) + 10)
        parts += [
            svg.line(x, middle, end - 6, middle, "wire"),
            svg.element(
                "path", d=f"M{end - 7:.1f} {middle - 4:.1f}L{end:.1f} {middle:.1f}L{end - 7:.1f} {middle + 4:.1f}z"
            ),
            svg.text(x + 4, middle - 6, carried, class_="size"),
        ]
        width = end
    return svg.picture(width, bottom + 4, title, *parts, class_="cell")


def _draw_box(x: float, y: float, first: str, second: str, kind: str = "") -> Markup:
    centre = x + BOX_WIDTH / 2
    return svg.element(
        "g",
        svg.rect(x, y, BOX_WIDTH, BOX_HEIGHT, f"box {kind}".rstrip(), rx=3),
        svg.text(centre, y + 14, first, "middle"),
        svg.text(centre, y + 27, second, "middle", "soft"),
    )


def _draw_title(title: str) -> Markup:
    return svg.text(0, 12, title, class_="strong")
