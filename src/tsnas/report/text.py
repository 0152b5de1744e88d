"""Numbers, names and tables as a reader wants to see them."""

from __future__ import annotations

import re
import unicodedata

from tsnas.cost.limits import BYTES_PER_KB
from tsnas.system.words import listed as listed
from tsnas.system.words import number as number
from tsnas.system.words import plural as plural

DASH = "\N{EN DASH}"
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def kb(n_bytes: float, decimals: int = 1) -> str:
    """Bytes as KB of 1024, without the unit."""
    return f"{n_bytes / BYTES_PER_KB:,.{decimals}f}"


def size(n_bytes: float) -> str:
    """Bytes with their unit: in KB of 1024, or as they are below one."""
    return f"{n_bytes:,.0f} bytes" if n_bytes < BYTES_PER_KB else f"{kb(n_bytes)} KB"


def percent(share: float | None, decimals: int = 0) -> str:
    """A share as percent; one that is over 1 never reads as 100."""
    if share is None:
        return DASH
    text = f"{100 * share:.{decimals}f}"
    while (share > 1) != (float(text) > 100) and decimals < 6:
        decimals += 1
        text = f"{100 * share:.{decimals}f}"
    return f"{text} %"


def score(value: float | None) -> str:
    """A score between 0 and 1 with three decimals, or a dash where there is none."""
    return DASH if value is None else f"{value:.3f}"


def count(value: float) -> str:
    """A whole number in full, or as a power of ten where it has many digits."""
    if value < 1e6:
        return f"{value:,.0f}"
    digits, power = f"{value:.2e}".split("e")
    return f"{digits} \N{MULTIPLICATION SIGN} 10{str(int(power)).translate(SUPERSCRIPTS)}"


def prose(sentence: str) -> str:
    """A sentence whose numbers stay on one line with their units."""
    return re.sub(
        r"(?<=[\d\N{PLUS-MINUS SIGN}]) (?=(?:ms|KB|MHz|bytes|mJ)\b|%|\d+\.?\d*\))", "\N{NO-BREAK SPACE}", sentence
    )


def shape(sizes: list[int] | tuple[int, ...]) -> str:
    """Sizes with a cross between them, such as 128 by 9."""
    return "\N{MULTIPLICATION SIGN}".join(map(str, sizes))


def cell_name(layer: str) -> str:
    """`sensor_fusion_2_branch3` without the kind of its cell, as `2_branch3`: the number of a cell says which it is."""
    return re.sub(r"^(time_reduce|sensor_fusion)_", "", layer)


def name(label: str) -> str:
    """A user's name on one line: no control characters, no halves of surrogate pairs, no runs of spaces."""
    kept = ("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) == "Cs" else c for c in label)
    words = " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in kept).split())
    return words or "(empty)"


def markdown(label: str) -> str:
    """Text in Markdown, also in a table or a list: what has a meaning there is escaped."""
    # An underscore inside a word has none.
    text = re.sub(r"([\\`*{}\[\]<>|&~$]|(?<![^\W_])_|_(?![^\W_]))", r"\\\1", name(label))
    return re.sub(r"^(\d*)([-+#=.)])", r"\1\\\2", text)
