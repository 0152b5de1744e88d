"""Wording of counts, lists and numbers in sentences."""

from __future__ import annotations


def plural(count: int, noun: str) -> str:
    """Returns a count with its noun in the singular or plural, such as `1 class` or `2 classes`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "es" if noun.endswith("s") else "s")


def listed(words: list[str]) -> str:
    """Returns words as a list within a sentence, such as `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def variable(name: str) -> str:
    """Returns the name of an array as it stands in code, such as `x` of `x of validation_data`."""
    return name.split()[0]


def number(value: float) -> str:
    """Returns a number of any size as text, with four significant digits."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
