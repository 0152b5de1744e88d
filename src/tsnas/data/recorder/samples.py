"""Samples from a board, whatever it sends: lines of numbers, or binary frames where the bytes say so."""

from __future__ import annotations

from collections.abc import Sequence

from tsnas.data.recorder.frames import Frames
from tsnas.data.recorder.number_lines import NumberLines

# Bytes that are no text may be the beginning of a frame; after so many of them without one, they are corrupted text.
UNDECIDED, MOST_WAITING = 4096, 65536


class Samples:
    """Samples among bytes of either form, which is found out from the first of them.

    Args:
        names: sequence of str, names of the channels in place of those that the board says. Defaults to (): those.
    """

    def __init__(self, names: Sequence[str] = ()) -> None:
        self.given = tuple(names)
        self._waiting = b""
        self._form: NumberLines | Frames | None = None
        self._shown: NumberLines | Frames = NumberLines()

    def feed(self, data: bytes) -> int:
        """Takes bytes; returns how many entries `rows` has got."""
        if self._form is not None:
            return self._form.feed(data)
        self._waiting = (self._waiting + data)[-MOST_WAITING:]
        text, frames = NumberLines(), Frames()
        text.feed(self._waiting)
        strange = not self._waiting.isascii()
        if strange and (frames.feed(self._waiting) or frames.headers):
            self._form = frames
        elif text.fields or text.headers or (text.rows and (not strange or len(self._waiting) >= UNDECIDED)):
            self._form = text
        self._shown = self._form or text
        if self._form is None:
            return 0
        self._waiting = b""
        return len(self._form.rows)

    def take(self) -> list[list[float] | None]:
        """Returns all entries of `rows`, and empties it."""
        taken = list(self.rows)
        self.rows.clear()
        return taken

    @property
    def is_binary(self) -> bool:
        """Whether frames come."""
        return isinstance(self._form, Frames)

    @property
    def rows(self) -> list[list[float] | None]:
        """An entry for each sample; None for one that was lost or damaged."""
        return [] if self._form is None else self._form.rows

    @property
    def fields(self) -> int:
        """The count of numbers in most samples; 0 before there are any."""
        return self._shown.fields

    @property
    def count(self) -> int:
        """The count of whole samples."""
        return self._shown.count

    @property
    def names(self) -> list[str]:
        """Names of the channels."""
        return list(self.given) if len(self.given) == self.fields > 0 else self._shown.names

    @property
    def named(self) -> bool:
        """Whether names are given, or the board has said them."""
        return self.names != [f"ch{index}" for index in range(self.fields)]

    @property
    def last_bad(self) -> str:
        """The last line that was no sample."""
        return self._shown.last_bad

    def good(self, row: list[float] | None) -> bool:
        """Returns whether an entry of `rows` is a sample with as many numbers as most."""
        return self._shown.good(row)
