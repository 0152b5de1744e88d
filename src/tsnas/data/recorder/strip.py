"""A strip of what a board sends, one line for a terminal: length, rate, gaps, and the shape of each channel."""

from __future__ import annotations

import sys
from typing import TextIO

import numpy as np

from tsnas.data.recorder.session import Recorded
from tsnas.system.words import plural

BLOCKS = "▁▂▃▄▅▆▇█"
CELLS = 12


def draw(values: np.ndarray, cells: int = CELLS) -> str:
    """Returns the shape of a channel as blocks, each the mean of its share of the samples.

    Args:
        values: float array (samples,).
        cells: int. Defaults to 12.

    Returns:
        str of at most `cells` characters.
    """
    if not len(values):
        return ""
    means = np.array([part.mean() for part in np.array_split(values, min(cells, len(values)))])
    low, high = float(means.min()), float(means.max())
    if high == low:
        return BLOCKS[0] * len(means)
    return "".join(BLOCKS[int(level)] for level in np.round((means - low) / (high - low) * (len(BLOCKS) - 1)))


def describe(state: Recorded, width: int = 100) -> str:
    """Returns the strip.

    Args:
        state: `Recorded`.
        width: int, most characters. Defaults to 100.
    """
    rate = "-" if state.rate_hz != state.rate_hz else f"{state.rate_hz:.1f}"
    text = f"{state.seconds:6.1f} s  {plural(state.samples, 'sample')}  {rate} Hz  {plural(state.gaps, 'gap')}"
    text += f"  {state.bad_lines} bad"
    for name, values in zip(state.channels, state.latest.T, strict=True):
        more = f"  {name} {draw(values)}"
        if len(text) + len(more) > width:
            break
        text += more
    return text[:width]


class StatusLine:
    """Shows texts in a terminal in one line that is redrawn, and elsewhere each in a line of its own.

    Args:
        stream: text stream. Defaults to None: stdout.
    """

    def __init__(self, stream: TextIO | None = None):
        self._stream = stream or sys.stdout
        self.is_live = self._stream.isatty()
        self._open = False

    def show(self, text: str) -> None:
        """Shows a text."""
        if self.is_live:
            self._stream.write(f"\r\x1b[K{text}")
            self._open = True
        else:
            self._stream.write(text + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Ends the line."""
        if self._open:
            self._stream.write("\n")
            self._stream.flush()
            self._open = False


class Strip:
    """Shows states of a recording in a terminal in one line that is redrawn, elsewhere in a line each second.

    Args:
        stream: text stream. Defaults to None: stdout.
        width: int, most characters. Defaults to 100.
    """

    def __init__(self, stream: TextIO | None = None, width: int = 100):
        self._line = StatusLine(stream)
        self._width = width
        self._shown_s = -1.0

    def __call__(self, state: Recorded) -> None:
        """Shows a state."""
        if self._line.is_live or state.seconds - self._shown_s >= 1:
            self._shown_s = state.seconds
            self._line.show(describe(state, self._width))

    def close(self) -> None:
        """Ends the line."""
        self._line.close()
