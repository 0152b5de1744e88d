"""The strip of a recording: shapes of channels, one redrawn line in a terminal, lines elsewhere."""

import dataclasses
import io
import pathlib

import numpy as np

from tsnas.data.recorder.session import Recorded
from tsnas.data.recorder.strip import Strip, describe, draw


def state(seconds, gaps=1):
    latest = np.stack([np.arange(100.0), -np.arange(100.0)], axis=1)
    return Recorded(pathlib.Path("walk_01.csv"), seconds, 1234, 2, gaps, 0.5, 99.84, ("ax", "ay"), latest)


def test_shapes():
    assert draw(np.arange(80.0), 8) == "▁▂▃▄▅▆▇█"
    assert draw(np.full(9, 3.0), 4) == "▁▁▁▁"
    assert draw(np.array([])) == ""
    assert draw(np.array([1.0, 2.0])) == "▁█"


def test_a_line_fits_the_width():
    text = describe(state(12.34))
    assert text.startswith("  12.3 s  1,234 samples  99.8 Hz  1 gap  2 bad  ax ▁")
    assert " ay █" in text
    assert "ay" not in describe(state(12.34), 70)
    assert len(describe(state(12.34), 20)) == 20
    assert "1 sample  - Hz" in describe(dataclasses.replace(state(0.1), rate_hz=float("nan"), samples=1))


def test_one_line_in_a_terminal():
    stream = io.StringIO()
    stream.isatty = lambda: True
    strip = Strip(stream)
    for seconds in (0.25, 0.5, 0.75):
        strip(state(seconds))
    strip.close()
    strip.close()
    assert stream.getvalue().count("\r\x1b[K") == 3
    assert stream.getvalue().count("\n") == 1


def test_lines_where_there_is_no_terminal():
    stream = io.StringIO()
    strip = Strip(stream)
    for quarter in range(9):
        strip(state(quarter / 4))
    strip.close()
    assert [line.split()[0] for line in stream.getvalue().splitlines()] == ["0.0", "1.0", "2.0"]
    assert "\r" not in stream.getvalue()
