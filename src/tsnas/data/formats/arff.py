"""Reads series in ARFF files of the UCR and UEA archives, of one channel or, as relations, of several."""

from __future__ import annotations

import pathlib
import re

import numpy as np

from tsnas.data.formats.archives import named, series
from tsnas.data.formats.recording_list import recording_set
from tsnas.data.recording_set import RecordingSet
from tsnas.errors import FormatError

SUFFIX = ".arff"
NUMBERS = ("numeric", "real", "integer")
ATTRIBUTE = re.compile(
    r"""@attribute\s+('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s{]+)\s*(\{.*|(?<=\s)\S.*)""", re.IGNORECASE
)
# A quoted field, in which a backslash hides a quote, or whatever holds no comma.
FIELD = re.compile(r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([^,]*?))\s*(?:,|$)""")
# A series in a relation has a channel in each line, and the file has the two characters \n for the end of one.
LINE_END = "\\n"


def recognise_arff(files: list[pathlib.Path]) -> str:
    """Returns why files are ARFF files, or ""."""
    for file in _ours(files):
        if re.search(r"^\s*@relation\b", file.read_text("utf-8", "replace"), re.IGNORECASE | re.MULTILINE):
            return f"{file.name} has a line @relation"
    return ""


def read_arff(root: pathlib.Path, files: list[pathlib.Path]) -> RecordingSet:
    """Reads ARFF files: a series in each line, the class last; the part, such as TRAIN, is the group."""
    found = []
    for file in _ours(files):
        kinds: list[str] = []
        in_data, in_relation = False, False
        for number, line in enumerate(file.read_text("utf-8", "replace").splitlines(), 1):
            text = line.strip()
            word = text.split(maxsplit=1)[0].lower() if text else ""
            if not text or text.startswith("%"):
                continue
            if in_data:
                found.append(series(*_read_line(text, kinds, f"{file.name}, line {number},"), file, number))
            elif word == "@data":
                in_data = True
                if not kinds:
                    raise FormatError(f"{file.name} has a line @data, but no @attribute before it.")
            elif word == "@end":
                in_relation = False
            elif word == "@attribute" and not in_relation:
                match = ATTRIBUTE.match(text)
                if match is None:
                    raise FormatError(f"{file.name}, line {number}, is no attribute with a name and a type.")
                kinds.append(match.group(2).strip().lower().split()[0])
                in_relation = kinds[-1] == "relational"
    return recording_set(named(found), (), rate_known=False)


def _ours(files: list[pathlib.Path]) -> list[pathlib.Path]:
    return [file for file in files if file.suffix.lower() == SUFFIX]


def _read_line(text: str, kinds: list[str], where: str) -> tuple[np.ndarray, str | None]:
    """Returns the series (time, channels) and the class of a line of data."""
    if text.startswith("{"):
        raise FormatError(f"{where} is sparse, which is not read; write all values.")
    fields = split_fields(text)
    if len(fields) != len(kinds):
        raise FormatError(f"{where} has {len(fields)} fields, but there are {len(kinds)} attributes.")
    labelled = kinds[-1] not in (*NUMBERS, "relational")
    label = fields.pop() if labelled else None
    rows = fields[0].split(LINE_END) if kinds[0] == "relational" else [",".join(fields)]
    try:
        columns = [[np.nan if one.strip() == "?" else float(one) for one in row.split(",")] for row in rows if row]
        return np.array(columns).T, label
    except ValueError:
        raise FormatError(f"{where} is no series of numbers of one length.") from None


def split_fields(text: str) -> list[str]:
    """Splits a line at its commas; those between quotes belong to a field, and `\\'` is a quote in one."""
    found, place = [], 0
    while place < len(text):
        match = FIELD.match(text, place)
        if match is None or match.end() == place:
            break
        single, double, plain = match.groups()
        quoted = single if single is not None else double
        found.append(plain if quoted is None else re.sub(r"""\\(['"\\])""", r"\1", quoted))
        place = match.end()
    return found
