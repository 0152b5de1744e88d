"""Builds SVG elements as safe markup: text and attributes are escaped, numbers have at most one decimal place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup, escape

# Width of a character relative to the font size: any system font may be used, and this is the width of a wide one.
CHARACTER = 0.64


def element(tag: str, *children: Any, **attributes: Any) -> Markup:
    """Builds one element; `class_` stands for class, underscores for dashes; attributes that are None are left out.

    Args:
        tag: str, name of the element.
        *children: its content; anything that is not Markup is escaped.
        **attributes: its attributes, str or number.

    Returns:
        Markup.

    Example:
        >>> element("text", "a < b", x=1.25, class_="name")
        Markup('<text x="1.2" class="name">a &lt; b</text>')
    """
    pairs = [
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _format_value(value))
        for key, value in attributes.items()
        if value is not None
    ]
    head = Markup("<") + Markup(tag) + Markup("").join(pairs)
    if not children:
        return head + Markup("/>")
    return head + Markup(">") + Markup("").join(escape(child) for child in children) + Markup(f"</{tag}>")


def picture(width: float, height: float, label: str, *children: Any, class_: str = "chart") -> Markup:
    """Builds an svg element of a natural `width` and `height`, with a label for screen readers."""
    return element(
        "svg",
        *children,
        viewBox=f"0 0 {_format_value(width)} {_format_value(height)}",
        width=width,
        height=height,
        class_=class_,
        role="img",
        aria_label=label,
    )


def text(x: float, y: float, content: Any, anchor: str = "start", class_: str | None = None) -> Markup:
    """Builds a line of text with its baseline at `y`."""
    return element("text", content, x=x, y=y, text_anchor=None if anchor == "start" else anchor, class_=class_)


def line(x1: float, y1: float, x2: float, y2: float, class_: str = "axis") -> Markup:
    """Builds a straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def rect(x: float, y: float, width: float, height: float, class_: str, title: str | None = None, **more: Any) -> Markup:
    """Builds a rectangle, with a tooltip if it has a title."""
    children = () if title is None else (element("title", title),)
    return element("rect", *children, x=x, y=y, width=width, height=height, class_=class_, **more)


def shorten(content: str, width: float, size: float) -> str:
    """Shortens text to about `width` at a font size; returns an empty string if not even four letters fit."""
    room = int(width / text_width("x", size))
    if len(content) <= room:
        return content
    return content[: room - 1] + "\N{HORIZONTAL ELLIPSIS}" if room >= 5 else ""


def text_width(content: str, size: float) -> float:
    """Returns about the width of a text at a font size, in any font that may be used."""
    return CHARACTER * size * len(content)


def spaced(labels: Sequence[tuple[float, str]], size: float, end: float) -> list[tuple[float, str]]:
    """Returns those labels of an axis that do not touch; the first and the last stay as long as both have room.

    Args:
        labels: sequence of (position of its middle, text), from left to right.
        size: float, font size.
        end: float, right end of the picture, which no label crosses.
    """
    labels = [(min(middle, end - text_width(content, size) / 2), content) for middle, content in labels]

    def is_clear(left: tuple[float, str], right: tuple[float, str]) -> bool:
        return right[0] - left[0] >= (text_width(left[1], size) + text_width(right[1], size)) / 2 + size / 3

    kept = list(labels[:1])
    if len(labels) < 2 or not is_clear(labels[0], labels[-1]):
        return kept
    last = labels[-1]
    for label in labels[1:-1]:
        if is_clear(kept[-1], label) and is_clear(label, last):
            kept.append(label)
    return [*kept, last]


def _format_value(value: Any) -> str:
    # Adding zero turns a negative zero into zero.
    return f"{round(value, 1) + 0.0:g}" if isinstance(value, float) else str(value)
