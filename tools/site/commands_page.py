"""The reference of the command line, made from the commands' own flags: an index, and a page for each first word."""

from __future__ import annotations

import html
import itertools
import re

from tsnas.commands.command import Command, flag_head, flag_meaning
from tsnas.commands.main import COMMANDS

INDEX = "reference/commands.md"
INTRODUCTION = """# Command line

`tsnas --help` lists the commands, and `tsnas COMMAND --help` describes one, as its page here does. A boolean flag is
switched off with `--noflag`.

| command | what it does |
|---|---|
"""
EXIT_CODES = """
Exit codes: 0 all went well, 1 the limits cannot be kept, 2 bad input, 130 interrupted.
"""


def pages() -> dict[str, str]:
    """The pages as Markdown, by their places in the site."""
    groups: dict[str, list[Command]] = {}
    for command in COMMANDS.values():
        groups.setdefault(command.name.split()[0], []).append(command)
    rows = [
        f"| [`tsnas {command.name}`](commands/{group}.md#{_anchor(command)}) | {_cell(command.summary)} |\n"
        for group, own in groups.items()
        for command in own
    ]
    made = {INDEX: "".join([INTRODUCTION, *rows, EXIT_CODES])}
    for group, own in groups.items():
        if len(own) == 1:
            parts = [f"# tsnas {group}\n\n{_body(own[0])}"]
        else:
            parts = [f"# tsnas {group}\n", *(f"## tsnas {command.name}\n\n{_body(command)}" for command in own)]
        made[f"reference/commands/{group}.md"] = "\n".join(parts)
    return made


def _anchor(command: Command) -> str:
    """The place of a command in its page. A second heading of the same words would get a number."""
    words = f"tsnas {command.name}".replace(" ", "-")
    alone = sum(other.name.split()[0] == command.name for other in COMMANDS.values()) <= 1
    return words if alone or " " in command.name else f"{words}_1"


def _body(command: Command) -> str:
    values = command.new_flags()
    rows = [f"| `{flag_head(values[name])}` | {_cell(flag_meaning(values[name]))} |" for name in values]
    table = ["| flag | meaning |", "|---|---|", *rows]
    parts = [
        _cell(f"{command.summary} {command.details}".strip()),
        f'<div class="usage" markdown>\n\n```text\ntsnas {command.name} {command.usage}\n```\n\n</div>',
        '<div class="flags" markdown>\n\n' + "\n".join(table) + "\n\n</div>" if rows else "No flags.",
        f"For example:\n\n```shell\n{command.example}\n```\n",
    ]
    return "\n\n".join(parts)


def _cell(text: str) -> str:
    """Plain text, so that nothing in it is taken for Markdown, but for code in backticks."""
    parts = text.split("`")
    plain = [re.sub(r"([\\*_|\[\]])", r"\\\1", html.escape(part, quote=False)) for part in parts[::2]]
    code = [f"`{part}`" for part in parts[1::2]]
    return "".join(part for pair in itertools.zip_longest(plain, code, fillvalue="") for part in pair)
