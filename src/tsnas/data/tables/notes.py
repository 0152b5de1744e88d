"""Keeps count of all that was changed while tables were read, and says it in a sentence for each kind of change."""

from __future__ import annotations

from typing import Any

from tsnas.system.words import plural

MOST_NAMED = 3


class Notes:
    """Changes by their kind and by the file that they were made in.

    Example:
        >>> notes = Notes()
        >>> notes.add("Rows without a time stamp, left out", "walk/u1.csv", 9)
        >>> notes.sentences()
        ['Rows without a time stamp, left out: 9 (walk/u1.csv).']
    """

    def __init__(self) -> None:
        self._counts: dict[str, dict[str, int]] = {}

    def add(self, kind: str, source: str, count: Any) -> None:
        """Counts `count` changes of a kind in a file; `kind` goes before their number."""
        if count:
            found = self._counts.setdefault(kind, {})
            found[source] = found.get(source, 0) + int(count)

    def tell(self, sentence: str, source: str = "") -> None:
        """Notes what is true of a whole file, or of all of them; `sentence` has no number."""
        self._counts.setdefault(f"={sentence}", {})[source] = 1

    def sentences(self) -> list[str]:
        """One sentence for each kind, in the order in which they were first met."""
        return [
            (kind[1:] if kind[0] == "=" else f"{kind}: {sum(found.values()):,}") + f"{_files(found)}."
            for kind, found in self._counts.items()
        ]


def _files(found: dict[str, int]) -> str:
    names = sorted(found, key=lambda name: -found[name])
    if names == [""]:
        return ""
    if len(names) <= MOST_NAMED:
        return f" ({', '.join(names)})"
    return f" ({plural(len(names), 'file')}, such as {names[0]})"
