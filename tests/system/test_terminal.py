"""Text, commands and tables fit the terminal; a file or a pipe gets them as they are."""

import contextlib
import io
import os
import pty
import shlex

import pytest

from tsnas.system.terminal import NOTEBOOK, columns, fit_command, fit_table, fit_text, say

HEADERS, ALIGN = ("op", "kind", "params", "ms"), ("left", "left", "right", "right")
ROWS = [
    ("stem", "conv2d", "72", "0.500"),
    ("mean", "global_average_pooling2d", "0", "0.069"),
]


@contextlib.contextmanager
def terminal(width):
    """A stream that writes to a terminal of some columns, and what reads the other end of it."""
    import fcntl
    import struct
    import termios

    reader, writer = pty.openpty()
    fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    try:
        with open(writer, "w", encoding="utf-8") as stream:
            yield stream, lambda: os.read(reader, 10_000).decode()
    finally:
        os.close(reader)


@pytest.mark.parametrize(("width", "expected"), [(80, 80), (120, 120), (20, 40), (0, None)])
def test_columns_are_those_of_the_terminal(width, expected, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    with terminal(width) as (stream, _):
        assert columns(stream) == expected


def test_a_pipe_has_no_columns_whatever_the_environment_says(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert columns(io.StringIO()) is None
    with terminal(80) as (stream, _):
        assert columns(stream) == 60


def test_a_notebook_has_as_many_as_its_cells_show(monkeypatch):
    shown = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})()
    assert columns(shown) == NOTEBOOK == 88
    monkeypatch.setattr("sys.stdout", shown)
    say("word " * 40)
    assert max(map(len, shown.getvalue().splitlines())) <= 88


def test_a_message_is_wrapped_on_a_terminal_and_plain_in_a_pipe(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    message = "tsnas: error: " + " ".join(["word"] * 30)
    with terminal(50) as (stream, read):
        say(message, stream)
        lines = read().splitlines()
    assert len(lines) > 2
    assert max(map(len, lines)) <= 50
    assert " ".join(lines) == message
    pipe = io.StringIO()
    say(message, pipe)
    assert pipe.getvalue() == f"{message}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "advice   one two three four five six seven eight",
            "advice   one two three four five six\n         seven eight",
        ),
        ("   ^ one two three four five six seven eight", "   ^ one two three four five six seven\n   eight"),
        ("boards new  one two three four five six seven", "boards new  one two three four five six\n            seven"),
        ("short\n\nlines", "short\n\nlines"),
        (f"see {'/folder' * 8}/file", f"see\n{'/folder' * 8}/file"),
    ],
)
def test_lines_are_wrapped_below_their_text_and_words_are_kept(text, expected):
    assert fit_text(text, 40) == expected
    assert fit_text(text, None) == text


def test_a_long_command_stays_one_command():
    command = "  tsnas export 'two words' --out=runs/a/rather/long/folder --format=arduino --units=m/s2"
    fitted = fit_command(command, 60)
    assert max(map(len, fitted.splitlines())) <= 60
    assert shlex.split(fitted.replace("\\\n", "")) == shlex.split(command)
    assert fit_command(command, None) == fit_command(command, 200) == command


def test_a_table_shortens_and_then_leaves_out_what_says_least():
    def fitted(width):
        return fit_table(ROWS, HEADERS, ALIGN, width, shorten={"kind": 9}, drop=("params", "kind"))

    whole = fitted(None)
    assert "global_average_pooling2d" in whole
    assert fitted(len(whole.splitlines()[0])) == whole
    assert "globa…ling2d" in fitted(35)
    assert max(map(len, fitted(35).splitlines())) == 35
    assert "params" in fitted(35)
    assert fitted(24).splitlines()[0].split() == ["op", "kind", "ms"]
    assert fitted(14).splitlines()[0].split() == ["op", "ms"]
    assert fitted(5).splitlines()[0].split() == ["op", "ms"]


def test_a_table_without_rows_has_its_headers():
    assert fit_table([], HEADERS, ALIGN, 80).split()[:4] == list(HEADERS)
