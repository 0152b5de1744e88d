"""The reference of the command line, made from the commands' own flags."""

from __future__ import annotations

import html
import itertools
import re

from tsnas.commands.command import flag_head, flag_meaning
from tsnas.commands.main import COMMANDS

INTRODUCTION = """# Command line

Made from what `tsnas COMMAND --help` prints. A boolean flag is switched off with `--noflag`.

Exit codes: 0 all went well, 1 the limits cannot be kept, 2 bad input, 130 interrupted.
"""


def text() -> str:
    """The page as Markdown."""
    return "\n".join([INTRODUCTION, *(_section(command) for command in COMMANDS.values())])


def _section(command) -> str:
    values = command.new_flags()
    rows = [f"| `{flag_head(values[name])}` | {_cell(flag_meaning(values[name]))} |" for name in values]
    table = ["| flag | meaning |", "|---|---|", *rows]
    parts = [
        f"## tsnas {command.name}",
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
