"""Formats numbers, names and tables for readers."""

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
    """Formats bytes as KB of 1024 bytes, without the unit."""
    return f"{n_bytes / BYTES_PER_KB:,.{decimals}f}"


def size(n_bytes: float) -> str:
    """Formats a size with its unit: in KB of 1024 bytes, or in bytes below one KB."""
    return f"{n_bytes:,.0f} bytes" if n_bytes < BYTES_PER_KB else f"{kb(n_bytes)} KB"


def percent(share: float | None, decimals: int = 0) -> str:
    """Formats a fraction as a percentage; one above 1 never reads as 100."""
    if share is None:
        return DASH
    text = f"{100 * share:.{decimals}f}"
    while (share > 1) != (float(text) > 100) and decimals < 6:
        decimals += 1
        text = f"{100 * share:.{decimals}f}"
    return f"{text} %"


def score(value: float | None) -> str:
    """Formats a score between 0 and 1 with three decimals, or as a dash if it is None."""
    return DASH if value is None else f"{value:.3f}"


def count(value: float) -> str:
    """Formats a whole number in full below a million, else with a power of ten."""
    if value < 1e6:
        return f"{value:,.0f}"
    digits, power = f"{value:.2e}".split("e")
    return f"{digits} \N{MULTIPLICATION SIGN} 10{str(int(power)).translate(SUPERSCRIPTS)}"


def prose(sentence: str) -> str:
    """Keeps the numbers of a sentence on one line with their units."""
    return re.sub(
        r"(?<=[\d\N{PLUS-MINUS SIGN}]) (?=(?:ms|KB|MHz|bytes|mJ)\b|%|\d+\.?\d*\))", "\N{NO-BREAK SPACE}", sentence
    )


def shape(sizes: list[int] | tuple[int, ...]) -> str:
    """Formats sizes with a multiplication sign between them, such as 128 by 9."""
    return "\N{MULTIPLICATION SIGN}".join(map(str, sizes))


def cell_name(layer: str) -> str:
    """Shortens the name of a layer: `sensor_fusion_2_mid` to `2_mid`, and that of a second member to `m2 2_mid`."""
    short = re.sub(r"^(member\d+_)?sensor_fusion_(?=\d+_)", r"\1", layer)
    return re.sub(r"^member(\d+)_", r"m\1 ", short)


def name(label: str) -> str:
    """Cleans a user's name for one line: no control characters, unpaired surrogates or repeated spaces."""
    kept = ("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) == "Cs" else c for c in label)
    words = " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in kept).split())
    return words or "(empty)"


def markdown(label: str) -> str:
    """Escapes text for Markdown, including tables and lists."""
    # An underscore inside a word has no meaning there.
    text = re.sub(r"([\\`*{}\[\]<>|&~$]|(?<![^\W_])_|_(?![^\W_]))", r"\\\1", name(label))
    return re.sub(r"^(\d*)([-+#=.)])", r"\1\\\2", text)
