"""Fits text, commands and tables to the width of the terminal; what goes to a file or a pipe keeps its own."""

from __future__ import annotations

import os
import re
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import TextIO

import tabulate

# Narrower than this, text is no easier to read if it is wrapped.
LEAST = 40
# A cell of a notebook shows about so many in a window of 1,000 pixels, and breaks longer lines.
NOTEBOOK = 88
# A word or two that stand before the text of a line, such as `advice   ` in the totals of an estimate.
LABEL = re.compile(r"\s*\S{0,12}(?: \S{1,12})?\s{2,}(?=\S)")


def columns(stream: TextIO | None = None) -> int | None:
    """Returns the number of columns of the terminal that a stream writes to.

    Args:
        stream: text stream. Defaults to None: standard output.

    Returns:
        int; in a notebook 88; None if the stream is neither, or a terminal that does not know its width, or if there
        is none, as in a process that was started without a standard output.

    Example:
        >>> columns()
        80
    """
    stream = stream or sys.stdout
    if type(stream).__module__.partition(".")[0] == "ipykernel":
        return NOTEBOOK
    try:
        if not stream.isatty():
            return None
        asked = os.environ.get("COLUMNS", "")
        found = int(asked) if asked.isdecimal() else os.get_terminal_size(stream.fileno()).columns
    except (AttributeError, OSError, ValueError):
        return None
    return max(found, LEAST) if found else None


def say(text: str = "", stream: TextIO | None = None) -> None:
    """Prints a text, wrapped if it goes to a terminal.

    Args:
        text: str. Defaults to an empty line.
        stream: text stream. Defaults to None: standard output.

    Example:
        >>> say("tsnas: error: no such board", sys.stderr)
    """
    print(fit_text(text, columns(stream)), file=stream or sys.stdout, flush=True)


def fit_text(text: str, width: int | None) -> str:
    """Wraps the lines of a text that are too long, with the later ones below the first word after a label.

    Args:
        text: str, of any number of lines.
        width: int, columns that a line may take; None leaves the text as it is.

    Returns:
        str. Words are never broken, so that paths, flags and numbers can be copied.

    Example:
        >>> print(fit_text("advice   fewer filters or a shorter kernel would help most", 40))
        advice   fewer filters or a shorter
                 kernel would help most
    """
    if width is None:
        return text
    return "\n".join(_fit_line(line, width) for line in text.split("\n"))


def _fit_line(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    label = LABEL.match(line)
    start = label.group() if label and label.group().strip() else line[: len(line) - len(line.lstrip())]
    return textwrap.fill(
        line[len(start) :],
        width,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    )


def fit_command(command: str, width: int | None) -> str:
    """Breaks a command that is too long in the way of a shell, so that it can still be copied.

    Args:
        command: str, a command line without line breaks.
        width: int, columns that a line may take; None leaves the command as it is.

    Returns:
        str, each line but the last with a backslash at its end.
    """
    if width is None or len(command) <= width:
        return command
    start = command[: len(command) - len(command.lstrip())]
    lines = textwrap.wrap(
        command.lstrip(),
        width - len(start) - 2,
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return " \\\n".join(start + line for line in lines)


def fit_table(
    rows: Sequence[Sequence[str]],
    headers: Sequence[str],
    align: Sequence[str],
    width: int | None = None,
    shorten: Mapping[str, int] | None = None,
    drop: Sequence[str] = (),
    style: str | tabulate.TableFormat = "simple",
) -> str:
    """Returns a table that is no wider than asked for, if its less important columns allow it.

    Args:
        rows: sequence of rows of text.
        headers: sequence of str, names of the columns.
        align: sequence of str, `"left"` or `"right"` for each column.
        width: int, columns of the terminal that a line may take. Defaults to None: the whole table.
        shorten: dict of a column to the fewest characters that are left of its texts, which lose their middle; the
            first is shortened first. Defaults to None: no column.
        drop: sequence of str, columns that are left out if that is not enough; the first is left out first.
        style: format of tabulate. Defaults to `"simple"`.

    Returns:
        str.

    Example:
        >>> row, headers = ("stem", "conv2d", "4.1"), ("op", "kind", "ms")
        >>> print(fit_table([row], headers, ("left", "left", "right"), width=12, drop=["kind"]))
        op      ms
        ----  ----
        stem   4.1
    """
    cells, names = [list(row) for row in rows], list(headers)
    aligned = list(align)

    def drawn() -> str:
        known = aligned if cells else None
        return tabulate.tabulate(cells, names, tablefmt=style, colalign=known, disable_numparse=True)

    def excess() -> int:
        return 0 if width is None else max(map(len, drawn().splitlines()), default=0) - width

    for name, least in (shorten or {}).items():
        over = excess()
        if over <= 0 or name not in names:
            continue
        place = names.index(name)
        longest = max((len(row[place]) for row in cells), default=0)
        most = max(least, len(name), longest - over)
        for row in cells:
            row[place] = shortened(row[place], most)
    for name in drop:
        if excess() <= 0:
            break
        if name in names:
            place = names.index(name)
            for line in (names, aligned, *cells):
                del line[place]
    return drawn()


def shortened(text: str, most: int) -> str:
    """Returns a text of at most `most` characters, with an ellipsis in the place of its middle."""
    if len(text) <= most:
        return text
    head = (most - 1) // 2
    return f"{text[:head]}…{text[len(text) - (most - 1 - head) :]}"
