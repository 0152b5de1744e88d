"""Samples among bytes that arrive, whatever their form: an entry for each, and how many values most of them have."""

from __future__ import annotations

import collections


class Received:
    """Base of the forms of samples; each reads bytes with its own `feed`.

    Attributes:
        rows: list with an entry for each sample; None for one that was lost or damaged.
        headers: int, how often names of channels have come.
        last_bad: str, the last line that was no sample; "" if there is none.
    """

    def __init__(self) -> None:
        self.rows: list[list[float] | None] = []
        self.headers = 0
        self.last_bad = ""
        self._rest = b""
        self._lengths: collections.Counter[int] = collections.Counter()

    @property
    def fields(self) -> int:
        """The count of values in most samples; 0 before there are any."""
        return self._lengths.most_common(1)[0][0] if self._lengths else 0

    @property
    def count(self) -> int:
        """The count of whole samples."""
        return self._lengths[self.fields]

    def good(self, row: list[float] | None) -> bool:
        """Returns whether an entry of `rows` is a sample with as many values as most."""
        return row is not None and len(row) == self.fields
