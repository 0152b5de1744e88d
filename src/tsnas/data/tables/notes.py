"""Counts the changes made while tables are read, and states each kind of change in one sentence."""

from __future__ import annotations

from typing import Any

from tsnas.system.words import plural

MOST_NAMED = 3


class Notes:
    """A record of changes, by kind and by the file in which they were made.

    Example:
        >>> notes = Notes()
        >>> notes.add("Rows without a time stamp, left out", "walk/u1.csv", 9)
        >>> notes.sentences()
        ['Rows without a time stamp, left out: 9 (walk/u1.csv).']
    """

    def __init__(self) -> None:
        self._counts: dict[str, dict[str, int]] = {}

    def add(self, kind: str, source: str, count: Any) -> None:
        """Adds `count` changes of a kind in a file; in its sentence, `kind` precedes their number."""
        if count:
            found = self._counts.setdefault(kind, {})
            found[source] = found.get(source, 0) + int(count)

    def tell(self, sentence: str, source: str = "") -> None:
        """Adds a statement about a whole file, or about all files; `sentence` gets no number."""
        self._counts.setdefault(f"={sentence}", {})[source] = 1

    def sentences(self) -> list[str]:
        """Returns one sentence for each kind of change, in the order in which the kinds first occurred."""
        return [
            (kind[1:] if kind[0] == "=" else f"{kind}: {sum(found.values()):,}") + f"{_name_files(found)}."
            for kind, found in self._counts.items()
        ]


def _name_files(found: dict[str, int]) -> str:
    names = sorted(found, key=lambda name: -found[name])
    if names == [""]:
        return ""
    if len(names) <= MOST_NAMED:
        return f" ({', '.join(names)})"
    return f" ({plural(len(names), 'file')}, such as {names[0]})"
