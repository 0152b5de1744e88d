"""Numbers in the lines that a board prints: fields between commas, blanks or tabs, stamps, names in a header."""

from __future__ import annotations

import collections
import re

from tsnas.data.recorder.received import Received
from tsnas.data.tables.lines import STAMP

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
# Serial plotters take `ax:0.1,ay:0.2`.
NAMED = re.compile(r"([A-Za-z_][\w ./()^\[\]-]*?)\s*[:=]\s*(\S+)")
BETWEEN = re.compile(r"\s*[,;\t]\s*|\s+")
LONGEST_LINE = 4096
TAKEN = ("time_s", "label", "group")


class NumberLines(Received):
    """Lines of numbers among what arrives, which may be cut, joined or corrupted anywhere.

    The first line, unless it is a header, is left out: it may have been cut where the port was opened, and a number
    without its first digits is still a number.

    Example:
        >>> lines = NumberLines()
        >>> lines.feed(b"ax,ay\\n1,2\\n")
        >>> lines.rows, lines.names
        ([None, [1.0, 2.0]], ['ax', 'ay'])
    """

    def __init__(self) -> None:
        super().__init__()
        self._first = True
        self._candidates: collections.Counter[tuple[str, tuple[str, ...]]] = collections.Counter()
        self._separators: collections.Counter[str] = collections.Counter()

    @property
    def names(self) -> list[str]:
        """Names of the channels, from the header that fits numbers best, else `ch0`, `ch1` and so on."""
        usual = self._separators.most_common(1)[0][0] if self._separators else ""
        fitting = [(key, count) for key, count in self._candidates.items() if len(key[1]) == self.fields]
        if not fitting:
            return [f"ch{index}" for index in range(self.fields)]
        # What a board says as it starts may have as many words as there are channels.
        return list(max(fitting, key=lambda one: (one[0][0] == usual, one[1]))[0][1])

    def feed(self, data: bytes) -> int:
        """Takes bytes, and adds an entry to `rows` for each line that they complete: None for a bad one.

        Returns:
            int, how many entries were added.
        """
        before = len(self.rows)
        *lines, self._rest = (self._rest + data).replace(b"\r\n", b"\n").split(b"\n")
        self._rest = self._rest[-LONGEST_LINE:]
        for line in lines:
            self._take(line)
        return len(self.rows) - before

    def _take(self, line: bytes) -> None:
        first, self._first = self._first, False
        text = line.decode("ascii", "replace").replace("\r", "").replace("\ufeff", "").strip()
        text = STAMP.sub("", text).strip().rstrip(",;").strip()
        if not text:
            return
        numbers, names = parse_line(text)
        separator = next((one for one in ",;\t" if one in text), " ")
        if names:
            self._candidates[separator, tuple(names)] += 1
        if numbers:
            self.rows.append(None if first and not names else numbers)
            if self.rows[-1] is not None:
                self._lengths[len(numbers)] += 1
                self._separators[separator] += 1
        elif names:
            self.headers += 1
        else:
            self.last_bad = text[:60]
            self.rows.append(None)


def parse_line(text: str) -> tuple[list[float], list[str]]:
    """Returns the numbers of a line and the names of its channels; both are empty if it is neither."""
    fields = BETWEEN.split(text)
    if all(NUMBER.fullmatch(field) for field in fields):
        return [float(field) for field in fields], []
    named = [NAMED.fullmatch(field) for field in re.split(r"\s*[,;\t]\s*", text)]
    if not all(named):
        named = [NAMED.fullmatch(field) for field in re.split(r"\s+", text)]
    if all(match and NUMBER.fullmatch(match.group(2)) for match in named):
        return [float(match.group(2)) for match in named if match], _clean([match.group(1) for match in named if match])
    names = re.split(r"\s*[,;\t]\s*", text)
    names = names if len(names) > 1 else text.split()
    if text.isascii() and all(re.fullmatch(r"[A-Za-z_][\w .()/^*\[\]-]*", name) for name in names):
        return [], _clean(names)
    return [], []


def _clean(names: list[str]) -> list[str]:
    """Returns names without those of other columns and without doublets."""
    found: list[str] = []
    for name in names:
        name = name.strip().replace('"', "")
        name = f"{name}_of_board" if name in TAKEN else name
        found.append(name if name not in found else f"{name}_{len(found)}")
    return found
