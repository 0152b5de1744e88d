"""Reads series of the UCR and UEA archives: `.tsv` and `.ts` files, whose class names keep their case."""

from __future__ import annotations

import pathlib

import numpy as np

from tsnas.data.formats.recording_list import Recording, recording_set
from tsnas.data.recording_set import RecordingSet
from tsnas.errors import FormatError


def recognise_ts(files: list[pathlib.Path]) -> str:
    """Returns why files are `.ts` files, or ""."""
    ours = [
        file for file in files if file.suffix.lower() == ".ts" and "@data" in file.read_text("utf-8", "replace").lower()
    ]
    return f"{ours[0].name} has a line @data" if ours else ""


def read_ts(root: pathlib.Path, files: list[pathlib.Path]) -> RecordingSet:
    """Reads `.ts` files: dimensions between colons, the class last; the part, such as TRAIN, is the group."""
    found = []
    for file in (file for file in files if file.suffix.lower() == ".ts"):
        in_data, labelled = False, False
        for number, line in enumerate(file.read_text("utf-8", "replace").splitlines(), 1):
            text = line.strip()
            if not text or text.startswith(("#", "%")):
                continue
            if text.startswith("@"):
                words = text.split()
                in_data |= words[0].lower() == "@data"
                labelled |= words[0].lower() == "@classlabel" and len(words) > 1 and words[1].lower() == "true"
                if words[0].lower() == "@timestamps" and words[-1].lower() == "true":
                    raise FormatError(
                        f"{file.name} has time stamps in its series, which is not read; write it without."
                    )
            elif in_data:
                dimensions = text.split(":")
                label = dimensions.pop().strip() if labelled else None
                try:
                    columns = [
                        [np.nan if one.strip() == "?" else float(one) for one in each.split(",")] for each in dimensions
                    ]
                    values = np.array(columns).T
                except ValueError:
                    raise FormatError(f"{file.name}, line {number}, is no series of numbers of one length.") from None
                found.append(series(values, label, file, number))
    return recording_set(named(found), (), rate_known=False)


def recognise_tsv(files: list[pathlib.Path]) -> str:
    """Returns why files are those of the UCR archive, or ""."""
    ours = [file for file in files if file.suffix.lower() == ".tsv" and file.stem.upper().endswith(("_TRAIN", "_TEST"))]
    return f"{ours[0].name} is named like a part of the UCR archive" if ours else ""


def read_tsv(root: pathlib.Path, files: list[pathlib.Path]) -> RecordingSet:
    """Reads `NAME_TRAIN.tsv` and `NAME_TEST.tsv`: the class, then the series, between tabs; the part is the group."""
    found = []
    for file in (file for file in files if file.suffix.lower() == ".tsv"):
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            label, *cells = line.rstrip("\n").split("\t")
            try:
                values = np.array([float(cell) if cell else np.nan for cell in cells])
            except ValueError:
                raise FormatError(f"{file.name}, line {number}, is no class with a series of numbers.") from None
            if len(values):
                found.append(series(values[:, np.newaxis], label.strip(), file, number))
    return recording_set(named(found), (), rate_known=False)


def series(values: np.ndarray, label: str | None, file: pathlib.Path, number: int) -> Recording:
    """Returns a series of a file as a recording, whose group is the part of the archive.

    Args:
        values: float array (time, channels); missing values at its end fill a shorter series up.
        label: str or None, its class.
        file: path of its file.
        number: int, its line.
    """
    kept = np.flatnonzero(~np.isnan(values).all(axis=1))
    values = values[: kept[-1] + 1] if len(kept) else values[:0]
    for channel in range(values.shape[1]):
        missing = np.isnan(values[:, channel])
        if missing.any() and not missing.all():
            order = np.arange(len(values))
            values[missing, channel] = np.interp(order[missing], order[~missing], values[~missing, channel])
    part = next((part for part in ("TRAIN", "TEST") if file.stem.upper().endswith(part)), file.stem)
    return Recording(values, label, part, f"{file.name}, line {number}", (), 1.0)


def named(found: list[Recording]) -> list[Recording]:
    """Returns series of two samples or more, with numbers as the names of their channels."""
    return [
        one._replace(channels=tuple(str(k) for k in range(one.values.shape[1]))) for one in found if len(one.values) > 1
    ]
