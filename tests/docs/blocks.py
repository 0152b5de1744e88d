"""Reads the blocks of code of a page: what they are, where they stand, and whether they are marked as not to be run."""

import ast
import dataclasses
import re
import shlex

from markdown_it import MarkdownIt

NOT_RUN = re.compile(r"<!--\s*not run:\s*(.+?)\s*-->", re.DOTALL)
PROGRAMS = (
    "apt-get",
    "cat",
    "export",
    "git",
    "make",
    "mkdocs",
    "pip",
    "python",
    "python3",
    "sudo",
    "tensorboard",
    "tsnas",
)
ASSIGNMENT = re.compile(r"[A-Z_]+=\S*")
PYTHON, SHELL, SHOWN = "python", "shell", "shown"


@dataclasses.dataclass(frozen=True)
class Block:
    """A block of code.

    Args:
        kind: `"python"`, `"shell"`, or `"shown"`: another language, or what a program prints.
        text: str.
        line: int, where it stands in its page, from 1.
        not_run: str or None, the reason why it is not run.
    """

    kind: str
    text: str
    line: int
    not_run: str | None

    def commands(self):
        """Commands of a shell block as lists of words, with continued lines joined and comments left out."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [words for words in (shlex.split(line, comments=True) for line in lines) if words]


def blocks_of(markdown):
    """The blocks of a page, in order.

    Raises:
        AssertionError: Python in an indented block, which nobody would run.
    """
    found, reason = [], None
    for token in MarkdownIt("commonmark").enable("table").parse(markdown):
        if token.type == "html_block":
            marked = NOT_RUN.search(token.content)
            reason = marked[1] if marked else reason
        elif token.type in ("fence", "code_block"):
            line = token.map[0] + 1
            kind = _fenced(token.info.split(" ")[0]) if token.type == "fence" else _indented(token.content, line)
            found.append(Block(kind, token.content, line, reason))
            reason = None
    return found


def _fenced(language):
    return {"python": PYTHON, "shell": SHELL, "sh": SHELL, "bash": SHELL, "console": SHELL}.get(language, SHOWN)


def _indented(text, line):
    words = next((words for words in map(str.split, text.splitlines()) if words and words[0] != "#"), [])
    words = [word for word in words if not ASSIGNMENT.fullmatch(word)]
    if words and words[0] in PROGRAMS:
        return SHELL
    try:
        meant = any(not isinstance(node, ast.Expr) for node in ast.parse(text).body)
    except SyntaxError:
        return SHOWN
    assert not meant, f"line {line}: Python in an indented block is not run; fence it with ```python"
    return SHOWN
