"""Fills the templates of exported sources: numbers, strings and names as C has them."""

from __future__ import annotations

import functools
import re
import textwrap
from collections.abc import Iterable
from typing import Any

import jinja2
import numpy as np

WIDTH = 112


def render(template: str, **values: Any) -> str:
    """The text of a template, without blank lines at its ends but for the last newline."""
    return _environment().get_template(template).render(**values).strip("\n") + "\n"


@functools.lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    # Sources and Markdown, no HTML: what needs escaping has a filter of its own.
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tsnas.export"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters |= {
        "c_string": c_string,
        "comment": comment,
        "float32": float_literal,
        "floats": floats,
        "integers": integers,
        "samples": samples,
        "markdown": markdown,
        "properties": one_line,
    }
    return environment


def c_string(text: str) -> str:
    """A string literal of C, in ASCII; other characters as bytes of UTF-8 in octal.

    Example:
        >>> print(c_string('go "left"'))
        "go \\"left\\""
    """
    escaped = {'"': '\\"', "\\": "\\\\", "?": "\\?"}
    return (
        '"'
        + "".join(escaped.get(chr(byte), chr(byte)) if 32 <= byte < 127 else f"\\{byte:03o}" for byte in text.encode())
        + '"'
    )


def comment(text: str) -> str:
    """Text that cannot end a comment of C, start another or be more than one line."""
    plain = re.sub(r"[^ -~]", "?", text.encode("ascii", "replace").decode())
    return plain.replace("*/", "* /").replace("/*", "/ *").replace("\\", "/").replace("??", "? ?")


def one_line(text: str) -> str:
    """Text for a file of `key=value` lines."""
    return " ".join(text.split())


def markdown(text: str) -> str:
    """Text for a cell of a Markdown table, as it is."""
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", one_line(text))


def float_literal(value: float) -> str:
    """A float of C that is the same float32.

    Example:
        >>> float_literal(0.1)
        '0.1f'
    """
    single = np.float32(value)
    plain = single == 0 or 1e-4 <= abs(single) < 1e7
    text = np.format_float_positional(single) if plain else np.format_float_scientific(single)
    return (text + "0" if text.endswith(".") else text) + "f"


def floats(values: Iterable[float]) -> str:
    """The inside of an array of floats."""
    return _wrapped(", ".join(map(float_literal, values)), 4)


def samples(window: np.ndarray) -> str:
    """The inside of an array of samples (time, channels), a line or more for each."""
    rows = ("{" + ", ".join(map(float_literal, sample)) + "}," for sample in window)
    return "\n".join(_wrapped(row, 8) for row in rows)


def integers(values: np.ndarray | bytes) -> str:
    """The inside of an array of integers."""
    array = np.frombuffer(values, np.uint8) if isinstance(values, bytes) else values
    # The least int32 has no literal of its own: -2147483648 is the negative of a number that is too large.
    texts = ("(-2147483647 - 1)" if value == -(2**31) else str(value) for value in array.tolist())
    return _wrapped(", ".join(texts), 4)


def _wrapped(text: str, indent: int) -> str:
    margin = " " * indent
    return "\n".join(
        textwrap.wrap(
            text, WIDTH, initial_indent=margin, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False
        )
    )
