"""Reads `.cwa` files of Axivity AX3 and AX6: blocks of 512 bytes with accelerations, and angular rates of the AX6."""

from __future__ import annotations

import datetime
import itertools
import pathlib
import struct
import urllib.parse
from typing import Any, NamedTuple

import numpy as np

from tsnas.data.formats.folder_names import name_of, names_of
from tsnas.data.recording_set import RecordingSet
from tsnas.data.tables.columns import Columns
from tsnas.data.tables.notes import Notes
from tsnas.data.tables.read import join_tables
from tsnas.data.tables.table import Table
from tsnas.errors import FormatError

SUFFIX = ".cwa"
BLOCK, HEADER = 512, 1024
# What each block begins with, after its name and length: fraction of a second or device, session, number, time, scale
# and light, temperature, events, battery, rate, axes, sample at which the time holds, samples.
HEAD = struct.Struct("<2sHHIIIHHBBBBhH")
SAMPLES_AT, CHECKSUM_AT = 30, 510
TIME = "time_s"
AXES: dict[int, tuple[str, ...]] = {3: ("acc_x", "acc_y", "acc_z")}
AXES[6] = ("gyro_x", "gyro_y", "gyro_z", *AXES[3])
AXES[9] = (*AXES[6], "mag_x", "mag_y", "mag_z")
UNITS = {"acc": "g", "gyro": "deg/s", "mag": "raw"}
PACKED, SHORTS = 0, 2
# Blocks that follow each other may be off by so many samples, as clocks differ and times are rounded.
OFF_SAMPLES = 3.0


class _Block(NamedTuple):
    session: int
    number: int
    start_s: float
    rate_hz: float
    values: np.ndarray


def recognise(files: list[pathlib.Path]) -> str:
    """Returns why files are of Axivity, or ""."""
    for file in _ours(files):
        with file.open("rb") as content:
            if content.read(4) == b"MD" + struct.pack("<H", HEADER - 4):
                return f"{file.name} begins with MD and a header of 1,024 bytes"
    return ""


def read(root: pathlib.Path, files: list[pathlib.Path]) -> RecordingSet:
    """Reads the files in g and degrees per second; the subject of their metadata is the group."""
    ours, notes = _ours(files), Notes()
    tables, subjects = [], []
    for file in ours:
        content = file.read_bytes()
        tables.append(_table(content, name_of(root, file), notes))
        subjects.append(_subject(content))
    paths = names_of(root, ours).with_persons(subjects)
    paths.tell(notes)
    return join_tables(tables, paths.names, Columns(TIME, channels=tables[0].names[1:], time_unit="s"), notes)


def _ours(files: list[pathlib.Path]) -> list[pathlib.Path]:
    return [file for file in files if file.suffix.lower() == SUFFIX]


def _subject(content: bytes) -> str | None:
    """Returns the code of the subject, as the program that sets the device up writes it."""
    text = content[64:512].decode("latin-1").strip(" \0\xff")
    return dict(urllib.parse.parse_qsl(text)).get("_sc") or None


def _table(content: bytes, source: str, notes: Notes) -> Table:
    if len(content) < HEADER + BLOCK:
        raise FormatError(f"{source} has {len(content):,} bytes, and so no block of samples; copy it again.")
    blocks, damaged = [], 0
    for start in range(HEADER, len(content) - BLOCK + 1, BLOCK):
        block = _parse(content[start : start + BLOCK], source)
        damaged += block is None
        if block is not None and len(block.values):
            blocks.append(block)
    notes.add("Blocks with a wrong checksum or of another kind, left out", source, damaged)
    if not blocks:
        raise FormatError(f"{source} has no whole block of samples; copy it from the device again.")
    widths = {one.values.shape[1] for one in blocks}
    if len(widths) > 1:
        raise FormatError(
            f"{source} has blocks of {' and '.join(map(str, sorted(widths)))} axes, which are no recording."
        )
    columns = AXES[widths.pop()]
    times = np.concatenate([_times(run) for run in _runs(blocks)])
    values = np.concatenate([one.values for one in blocks])
    units = {name: UNITS[name.split("_")[0]] for name in columns}
    cells: list[Any] = [times, *values.T]
    return Table(source, [TIME, *columns], cells, np.arange(len(times)), unit="sample", units=units)


def _parse(block: bytes, source: str) -> _Block | None:
    """Returns a block; None if it is damaged or holds something else."""
    name, length, device, session, number, stamp, light, _, _, _, rate, axes, offset, samples = HEAD.unpack_from(block)
    if name != b"AX" or length != BLOCK - 4 or np.frombuffer(block, "<u2").sum() & 0xFFFF:
        return None
    count, packing = axes >> 4, axes & 0x0F
    if count not in AXES or packing not in (PACKED, SHORTS) or (packing == PACKED and count != 3):
        raise FormatError(f"{source} has samples of {count} axes in packing {packing}, which is not known.")
    rate_hz = 3200 / (1 << (15 - (rate & 0x0F)))
    size = 4 if packing == PACKED else 2 * count
    if samples * size > CHECKSUM_AT - SAMPLES_AT:
        return None
    try:
        moment = datetime.datetime(
            2000 + (stamp >> 26), stamp >> 22 & 15, stamp >> 17 & 31, stamp >> 12 & 31, stamp >> 6 & 63, stamp & 63
        )
    except ValueError:
        return None
    fraction = (device & 0x7FFF) / 0x8000 if device & 0x8000 else 0.0
    # The offset was moved by the whole samples of the fraction, so that readers that do not know it are right.
    start_s = moment.replace(tzinfo=datetime.UTC).timestamp() + fraction - (offset + int(fraction * rate_hz)) / rate_hz
    raw = block[SAMPLES_AT : SAMPLES_AT + samples * size]
    values = _unpack(raw) if packing == PACKED else np.frombuffer(raw, "<i2").reshape(-1, count)
    return _Block(session, number, start_s, rate_hz, values * _scale(light, count))


def _unpack(raw: bytes) -> np.ndarray:
    """Returns samples of 32 bits: three axes of 10 bits, and by how many bits all are shifted."""
    words = np.frombuffer(raw, "<u4").astype(np.int64)
    axes = np.stack([words >> place & 0x3FF for place in (0, 10, 20)], axis=1)
    axes -= (axes >= 0x200) * 0x400
    return axes << (words >> 30)[:, np.newaxis]


def _scale(light: int, count: int) -> np.ndarray:
    """Returns g, degrees per second and 1 per level of each axis; the bits above those of the light say it."""
    acc = 1.0 / (1 << (8 + (light >> 13)))
    turn = 8000.0 / (1 << (light >> 10 & 7)) / 32768.0
    sizes = {"acc": acc, "gyro": turn, "mag": 1.0}
    return np.array([sizes[name.split("_")[0]] for name in AXES[count]])


def _runs(blocks: list[_Block]) -> list[list[_Block]]:
    """Divides blocks where numbers, session or rate say that some are missing, or the clock does."""
    runs = [[blocks[0]]]
    for before, one in itertools.pairwise(blocks):
        off = (one.start_s - before.start_s) * one.rate_hz - len(before.values)
        # Over a block of some 80 samples, clocks differ by less than one.
        if (one.session, one.number, one.rate_hz) != (before.session, before.number + 1, before.rate_hz) or (
            abs(off) > OFF_SAMPLES
        ):
            runs.append([])
        runs[-1].append(one)
    return runs


def _times(run: list[_Block]) -> np.ndarray:
    """Returns the time of each sample: on one line if the sensor has kept its rate, else between blocks."""
    lengths = np.array([len(one.values) for one in run])
    firsts = np.concatenate([[0], np.cumsum(lengths)])
    starts = np.array([one.start_s for one in run])
    order = np.arange(firsts[-1])
    step = 1.0 / run[0].rate_hz
    if len(run) == 1:
        return starts[0] + step * order
    begin = starts[0]
    slope, at = np.polyfit(firsts[:-1], starts - begin, 1)
    if np.abs(starts - begin - (at + slope * firsts[:-1])).max() <= OFF_SAMPLES * step:
        return begin + at + slope * order
    ends = np.append(starts, starts[-1] + lengths[-1] * step)
    return np.interp(order, firsts, ends)
