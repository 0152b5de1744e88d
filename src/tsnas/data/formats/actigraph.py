"""Reads `.gt3x` files of ActiGraph: a zip file with a text of facts and a log of records, a second in each."""

from __future__ import annotations

import pathlib
import struct
import zipfile
import zlib
from collections.abc import Iterator

import numpy as np

from tsnas.data.formats.folder_names import name_of, names_of
from tsnas.data.recording_set import RecordingSet
from tsnas.data.tables.columns import Columns
from tsnas.data.tables.notes import Notes
from tsnas.data.tables.read import join_tables
from tsnas.data.tables.table import Table
from tsnas.errors import FormatError

SUFFIX = ".gt3x"
INFO, LOG, OLD_LOG = "info.txt", "log.bin", "activity.bin"
LARGEST = 2**31
# Separator, kind, seconds since 1970, bytes that follow; a checksum ends a record.
HEAD = struct.Struct("<BBIH")
SEPARATOR = 0x1E
TWELVE_BITS, PARAMETERS, SIXTEEN_BITS = 0x00, 0x15, 0x1A
SCALE_AT = (0, 55)
# Levels per g by the beginning of the serial number, where the log does not say it.
LEVELS_PER_G = {"NEO": 341.0, "CLE": 341.0, "MRA": 341.0}
OTHERS_PER_G = 256.0
TIME, AXES = "time_s", ("acc_x", "acc_y", "acc_z")


def recognise(files: list[pathlib.Path]) -> str:
    """Returns why files are of ActiGraph, or ""."""
    for file in _ours(files):
        if zipfile.is_zipfile(file):
            return f"{file.name} is a .zip file of that name"
    return ""


def read(root: pathlib.Path, files: list[pathlib.Path]) -> RecordingSet:
    """Reads accelerations in g; the subject is the group, and a gap divides a recording."""
    ours, notes = _ours(files), Notes()
    tables, subjects = zip(*(_table(file, name_of(root, file), notes) for file in ours), strict=True)
    paths = names_of(root, ours).with_persons(subjects)
    paths.tell(notes)
    return join_tables(list(tables), paths.names, Columns(TIME, channels=list(AXES), time_unit="s"), notes)


def _ours(files: list[pathlib.Path]) -> list[pathlib.Path]:
    return [file for file in files if file.suffix.lower() == SUFFIX]


def _table(file: pathlib.Path, source: str, notes: Notes) -> tuple[Table, str | None]:
    """Returns the samples of a file, and its subject."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            if OLD_LOG in names and LOG not in names:
                raise FormatError(f"{source} is of a firmware before 3.0, which has no log.bin; export it as CSV.")
            if sum(one.file_size for one in archive.infolist()) > LARGEST:
                raise FormatError(f"{source} holds more than 2 GB; export a part of it.")
            info, log = archive.read(INFO).decode("utf-8", "replace"), archive.read(LOG)
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise FormatError(f"{source} is no whole .gt3x file: {error}; download it again.") from None
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in info.splitlines())}
    try:
        rate_hz = float(facts["Sample Rate"])
    except (KeyError, ValueError):
        rate_hz = 0.0
    if not 1 <= rate_hz <= 1000:
        raise FormatError(f"{source} has {facts.get('Sample Rate')!r} as its Sample Rate in info.txt, which is none.")
    per_g = LEVELS_PER_G.get(facts.get("Serial Number", "")[:3], OTHERS_PER_G)
    times, values, damaged, others = [], [], 0, 0
    for kind, second, payload in _records(log):
        if kind is None:
            damaged += 1
        elif kind == PARAMETERS:
            per_g = _scale(payload) or per_g
        elif kind in (TWELVE_BITS, SIXTEEN_BITS):
            levels = _twelve(payload) if kind == TWELVE_BITS else _sixteen(payload)
            # A record of one byte marks that a cable was plugged in.
            if len(levels):
                times.append(second + np.arange(len(levels)) / max(rate_hz, len(levels)))
                values.append(levels)
        else:
            others += 1
    notes.add("Damaged parts of the log, left out", source, damaged)
    notes.add("Records of other things than the acceleration, left out", source, others)
    if not values:
        raise FormatError(f"{source} holds no acceleration in its log; download it again.")
    columns = [np.concatenate(times).astype(np.float64), *(np.concatenate(values) / per_g).T]
    rows, units = np.arange(len(columns[0])), dict.fromkeys(AXES, "g")
    return Table(source, [TIME, *AXES], columns, rows, unit="sample", units=units), facts.get("Subject Name") or None


def _records(log: bytes) -> Iterator[tuple[int | None, int, bytes]]:
    """Yields kind, second and bytes of each record; None for its kind where a part of the log is damaged."""
    place, lost = 0, False
    while place + HEAD.size < len(log):
        separator, kind, second, size = HEAD.unpack_from(log, place)
        end = place + HEAD.size + size
        if separator == SEPARATOR and end < len(log):
            sums = np.bitwise_xor.reduce(np.frombuffer(log, np.uint8, end - place, place))
            if sums ^ 0xFF == log[end]:
                if lost:
                    yield None, 0, b""
                lost = False
                yield kind, second, log[place + HEAD.size : end]
                place = end + 1
                continue
        # Zeros between records are allowed.
        lost |= separator != 0
        following = log.find(bytes([SEPARATOR]), place + 1)
        place = following if following >= 0 else len(log)
    if lost or place < len(log):
        yield None, 0, b""


def _scale(payload: bytes) -> float:
    """Returns levels per g of a record of parameters; 0 if it does not say them."""
    for space, number, value in struct.iter_unpack("<HHI", payload[: len(payload) // 8 * 8]):
        if (space, number) == SCALE_AT:
            fraction, exponent = struct.unpack("<i", struct.pack("<I", value << 8 & 0xFFFFFFFF))[0] / 2**31, value >> 24
            return abs(fraction * 2.0 ** (exponent - 256 if exponent > 127 else exponent))
    return 0.0


def _sixteen(payload: bytes) -> np.ndarray:
    return np.frombuffer(payload[: len(payload) // 6 * 6], "<i2").reshape(-1, 3).astype(np.float64)


def _twelve(payload: bytes) -> np.ndarray:
    """Returns samples whose y, x and z are 12 bits each, the first bit first."""
    packed = np.frombuffer(payload, np.uint8)
    nibbles = np.stack([packed >> 4, packed & 15], axis=1).ravel()
    whole = nibbles[: len(nibbles) // 9 * 9].astype(np.int64).reshape(-1, 3)
    levels = (whole @ [256, 16, 1]).reshape(-1, 3)
    levels -= (levels >= 0x800) * 0x1000
    return levels[:, [1, 0, 2]].astype(np.float64)
