"""Docstrings of tsnas as Markdown: each section a heading, its entries a list, its example highlighted, names as links.

A griffe extension. Griffe's own parser of such sections would split texts like "float32 array (windows, classes): ..."
at their first colon, and knows no "Call arguments".
"""

from __future__ import annotations

import pathlib
import re
import sys
import textwrap
from typing import Any

import griffe

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from reference_pages import contents  # It lies beside this file, which is no package.

SECTION = re.compile(r"(Args|Attributes|Call arguments|Example|Raises|Returns|Source):\s*(.*)")
ENTRY = re.compile(r"(\*{0,2}[\w.*]+(?:, \*{0,2}[\w.]+)*): (.*)")
CODE = re.compile(r"`(?:tsnas\.)?(?:\w+\.)?(\w+)(\(\))?`")
# The last part of each public name, and the name under which the reference has it.
PUBLIC = {name.rpartition(".")[2]: name for names in contents().values() for name in names}
LISTS = ("Args", "Attributes", "Call arguments", "Raises")


class SectionsAsMarkdown(griffe.Extension):
    """Rewrites docstrings as they are loaded."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring is not None:
            obj.docstring.value = as_markdown(obj.docstring.value)


def as_markdown(docstring: str) -> str:
    """The docstring with its sections as Markdown.

    Args:
        docstring: str, without the indentation that it has in the source.

    Returns:
        str.
    """
    written: list[str] = []
    for title, lines in _sections(docstring.split("\n")):
        if title is None:
            written += map(_linked, lines)
            continue
        text = textwrap.dedent("\n".join(lines)).strip("\n")
        if title in LISTS:
            written += [f"**{title}**", "", *map(_linked, _entries(text.split("\n"))), ""]
        elif title == "Example":
            written += ["**Example**", "", "```pycon", text, "```", ""]
        else:
            written += [f"**{title}**", "", _linked(text), ""]
    return "\n".join(written)


def _sections(lines: list[str]) -> list[tuple[str | None, list[str]]]:
    """(title or None, lines) of each part, in order."""
    parts: list[tuple[str | None, list[str]]] = [(None, [])]
    for line in lines:
        match = SECTION.fullmatch(line)
        if match:
            parts.append((match[1], [match[2]] if match[2] else []))
        elif parts[-1][0] is not None and line and not line.startswith(" ") and parts[-1][0] != "Source":
            parts.append((None, ["", line]))
        else:
            parts[-1][1].append(line)
    return parts


def _entries(lines: list[str]) -> list[str]:
    """A list with an item for each entry; what follows an entry, indented further, belongs to it."""
    items: list[str] = []
    for line in lines:
        match = ENTRY.fullmatch(line)
        if match:
            names = ", ".join(f"`{name}`" for name in match[1].split(", "))
            items.append(f"- {names}: {match[2]}")
        elif line.strip():
            items.append(f"  {line.strip()}")
    return items


def _linked(text: str) -> str:
    """Public names in backticks as links to where they are documented."""

    def link(match: re.Match[str]) -> str:
        name = PUBLIC.get(match[1])
        return f"[{match[0]}][{name}]" if name else match[0]

    return CODE.sub(link, text)
