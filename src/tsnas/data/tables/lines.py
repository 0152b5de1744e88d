"""Lines of a text file with their numbers: encoding, comments, empty lines between recordings, stamps of a monitor."""

from __future__ import annotations

import codecs
import io
import pathlib
import re
from typing import NamedTuple

from tsnas.data.tables.notes import Notes
from tsnas.errors import TableFileError

BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}

# The serial monitor of the Arduino IDE writes the time before what the board sent.
STAMP = re.compile(r"^\s*(\d{1,2}:\d\d:\d\d(?:[.,]\d+)?)\s*->\s*")
# Lines of which so many have a stamp all have one; the others were cut.
MOST = 0.9


class Lines(NamedTuple):
    """Lines that are no comments.

    Args:
        numbers: list of int, the number of each line in the file.
        texts: list of str, the lines.
        comments: list of str, the comments before the first of them.
        breaks: set of int, the numbers of lines that follow empty ones.
    """

    numbers: list[int]
    texts: list[str]
    comments: list[str]
    breaks: set[int]


def read_text(path: pathlib.Path, source: str, notes: Notes) -> str:
    """Reads a text file in UTF-8, UTF-16 with its mark, or else Latin-1.

    Raises:
        TableFileError: the file cannot be read, or is not text.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TableFileError(f"{source} cannot be read: {error.strerror}; give the path of a CSV file.") from None
    encoding = next((name for bom, name in BOMS.items() if content.startswith(bom)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        if encoding != "utf-8":
            raise TableFileError(
                f"{source} starts with the mark of {encoding}, but is not in that encoding; save it as UTF-8."
            ) from None
        text = content.decode("latin-1")
        notes.tell("Text that is not UTF-8 was read as Latin-1", source)
    if "\0" in text:
        raise TableFileError(f"{source} holds zero bytes, so it is not text; export it as CSV in UTF-8.")
    return text


def split_lines(text: str, comment: str) -> Lines:
    """Divides text into lines, without comments and empty lines."""
    found = Lines([], [], [], set())
    empty = False
    for number, line in enumerate(io.StringIO(text, newline=None), 1):
        stripped = line.strip()
        if comment and stripped.startswith(comment):
            if not found.texts:
                found.comments.append(stripped.removeprefix(comment).strip())
        elif stripped:
            if empty and found.texts:
                found.breaks.add(number)
            empty = False
            found.numbers.append(number)
            found.texts.append(line)
        else:
            empty = True
    return found


def split_stamps(texts: list[str]) -> tuple[list[str], list[str]]:
    """Takes the times off that a serial monitor wrote before each line.

    Args:
        texts: list of str.

    Returns:
        (stamps, texts): the times as text, empty lists unless nearly all lines have one; and what follows them.
    """
    found = [STAMP.match(text) for text in texts]
    if sum(match is not None for match in found) < MOST * len(texts):
        return [], texts
    stamps = [match.group(1).replace(",", ".") if match else "" for match in found]
    return stamps, [text[match.end() :] if match else text for text, match in zip(texts, found, strict=True)]


def strip_ends(texts: list[str], delimiter: str, others: tuple[str, ...]) -> list[str]:
    """Takes a foreign delimiter off the ends of lines, such as a semicolon after fields between commas."""
    for end in others:
        if end != delimiter and not end.isspace():
            ends = sum(text.rstrip().endswith(end) for text in texts)
            if ends >= len(texts) / 2:
                return [text.rstrip().rstrip(end) for text in texts]
    return texts
