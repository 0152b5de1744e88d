"""Fills the templates of exported sources, with numbers, strings and names in the syntax of C."""

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
    """Renders a template to text that neither starts nor ends with a blank line and has a final newline."""
    return _environment().get_template(template).render(**values).strip("\n") + "\n"


@functools.lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    # Sources and Markdown, no HTML: values that need escaping pass through a filter of their own.
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tsnas.export"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters |= {
        "c_string": quote_c_string,
        "comment": escape_comment,
        "float32": format_float,
        "floats": format_floats,
        "integers": format_integers,
        "samples": format_samples,
        "markdown": escape_markdown,
        "properties": join_lines,
    }
    return environment


def quote_c_string(text: str) -> str:
    """Returns text as a C string literal in ASCII; other characters become octal escapes of their UTF-8 bytes.

    Example:
        >>> print(quote_c_string('go "left"'))
        "go \\"left\\""
    """
    escaped = {'"': '\\"', "\\": "\\\\", "?": "\\?"}
    return (
        '"'
        + "".join(escaped.get(chr(byte), chr(byte)) if 32 <= byte < 127 else f"\\{byte:03o}" for byte in text.encode())
        + '"'
    )


def escape_comment(text: str) -> str:
    """Returns text for a C comment: one line that can neither end the comment nor start another."""
    plain = re.sub(r"[^ -~]", "?", text.encode("ascii", "replace").decode())
    return plain.replace("*/", "* /").replace("/*", "/ *").replace("\\", "/").replace("??", "? ?")


def join_lines(text: str) -> str:
    """Joins text to one line, for a file of `key=value` lines."""
    return " ".join(text.split())


def escape_markdown(text: str) -> str:
    """Escapes text for a cell of a Markdown table, so that it appears literally."""
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", join_lines(text))


def format_float(value: float) -> str:
    """Formats a number as the C float literal of the same float32 value.

    Example:
        >>> format_float(0.1)
        '0.1f'
    """
    single = np.float32(value)
    plain = single == 0 or 1e-4 <= abs(single) < 1e7
    text = np.format_float_positional(single) if plain else np.format_float_scientific(single)
    return (text + "0" if text.endswith(".") else text) + "f"


def format_floats(values: Iterable[float]) -> str:
    """Formats the elements of a C array of floats."""
    return _wrap(", ".join(map(format_float, values)), 4)


def format_samples(window: np.ndarray) -> str:
    """Formats the elements of a C array of samples (time, channels), at least one line per sample."""
    rows = ("{" + ", ".join(map(format_float, sample)) + "}," for sample in window)
    return "\n".join(_wrap(row, 8) for row in rows)


def format_integers(values: np.ndarray | bytes) -> str:
    """Formats the elements of a C array of integers."""
    array = np.frombuffer(values, np.uint8) if isinstance(values, bytes) else values
    # The smallest int32 has no literal in C: -2147483648 is the negation of a number that is too large.
    texts = ("(-2147483647 - 1)" if value == -(2**31) else str(value) for value in array.tolist())
    return _wrap(", ".join(texts), 4)


def _wrap(text: str, indent: int) -> str:
    margin = " " * indent
    return "\n".join(
        textwrap.wrap(
            text, WIDTH, initial_indent=margin, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False
        )
    )
