"""Reads what Edge Impulse exports and takes: JSON, CBOR and CSV files, with `info.labels` beside them."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np

from tsnas.data.formats.recording_list import Recording, recording_set
from tsnas.data.recording_set import RecordingSet
from tsnas.data.tables import from_csv
from tsnas.errors import FormatError

LABELS = "info.labels"
TIME = "timestamp"
PARTS = {"interval_ms", "sensors", "values"}


def recognise(files: list[pathlib.Path]) -> str:
    """Returns why files are of this format, or ""."""
    names = {file.name for file in files}
    if LABELS in names:
        return f"{LABELS} lists the files"
    for file in files:
        if file.suffix.lower() == ".json" and _payload(file) is not None:
            return f"{file.name} has a payload with interval_ms, sensors and values"
        # The file's own words; without cbor2 it is still known what is missing.
        if file.suffix.lower() == ".cbor" and all(part.encode() in file.read_bytes() for part in PARTS):
            return f"{file.name} has a payload with interval_ms, sensors and values"
        if _is_csv(file) and len(file.name.split(".")) > 2:
            return f"{file.name} begins with {TIME} and is named like a sample of a label"
    return ""


def read(root: pathlib.Path, files: list[pathlib.Path]) -> RecordingSet:
    """Reads the files; labels are those of `info.labels`, else what stands before the first point of a file's name."""
    labels = _read_labels([file for file in files if file.name == LABELS])
    found, units, left = [], set(), 0
    notes: list[str] = []
    tables = [file for file in files if _is_csv(file)]
    for file in files:
        if file.name == LABELS or file in tables:
            continue
        payload = _payload(file)
        if payload is None:
            left += 1
            continue
        sensors = payload["sensors"]
        units |= {f"{one['name']} in {one['units']}" for one in sensors if one.get("units")}
        channels = tuple(str(one["name"]) for one in sensors)
        values = _values(file, payload["values"], len(channels))
        source = file.relative_to(root).as_posix() if root.is_dir() else file.name
        known = tuple(str(one.get("units") or "") for one in sensors)
        found.append(Recording(values, _label(file, labels), None, source, channels, _rate_hz(file, payload), known))
    if tables:
        data = from_csv(tables, time=TIME, time_unit="ms")
        notes += data.notes
        by_source = {file.as_posix(): file for file in tables}
        for array, source in zip(data.arrays, data.sources, strict=True):
            file = by_source[source]
            name = file.relative_to(root).as_posix() if root.is_dir() else file.name
            found.append(Recording(array, _label(file, labels), None, name, data.channels, data.rate_hz))
    notes += [f"Units: {', '.join(sorted(units))}."] if units else []
    notes += [f"Files of another kind, left out: {left}."] if left else []
    return recording_set(found, tuple(notes))


def _read_labels(indices: list[pathlib.Path]) -> dict[str, Any]:
    labels: dict[str, Any] = {}
    for index in indices:
        try:
            for one in json.loads(index.read_text(encoding="utf-8")).get("files", []):
                label = one.get("label", {})
                text = label.get("label") if isinstance(label, dict) else label
                labels[(index.parent / one["path"]).as_posix()] = text
        except (ValueError, KeyError, TypeError, AttributeError):
            raise FormatError(f"{index} is no list of files with their labels; export the data again.") from None
    return labels


def _label(file: pathlib.Path, labels: dict[str, Any]) -> Any:
    return labels.get(file.as_posix(), None if labels else file.name.split(".")[0])


def _values(file: pathlib.Path, values: Any, channels: int) -> np.ndarray:
    try:
        found = np.array(values, np.float64)
    except (ValueError, TypeError):
        raise FormatError(f"{file.name} has values that are no rows of numbers; export it again.") from None
    found = found[:, np.newaxis] if found.ndim == 1 else found
    if found.ndim != 2 or found.shape[1] != channels:
        raise FormatError(f"{file.name} has {channels} sensors, but rows of {found.shape[-1]} values.")
    return found


def _rate_hz(file: pathlib.Path, payload: dict[str, Any]) -> float:
    interval_ms = payload["interval_ms"]
    if not isinstance(interval_ms, int | float) or not interval_ms > 0:
        raise FormatError(
            f"{file.name} has interval_ms={interval_ms!r}, which is no rate; samples of one value are none."
        )
    return 1000.0 / interval_ms


def _is_csv(file: pathlib.Path) -> bool:
    if file.suffix.lower() != ".csv":
        return False
    with file.open(encoding="utf-8-sig", errors="replace") as lines:
        return lines.readline().strip().split(",")[0].strip('"') == TIME


def _payload(file: pathlib.Path) -> dict[str, Any] | None:
    kind = file.suffix.lower()
    if kind not in (".json", ".cbor"):
        return None
    try:
        whole = json.loads(file.read_text(encoding="utf-8")) if kind == ".json" else _load_cbor(file)
        found = whole["payload"]
    except FormatError:
        raise
    except (ValueError, KeyError, TypeError, OSError):
        return None
    return found if isinstance(found, dict) and set(found) >= PARTS else None


def _load_cbor(file: pathlib.Path) -> Any:
    try:
        import cbor2
    except ImportError:
        raise FormatError(
            f"{file} is CBOR, which needs the package cbor2: pip install 'tsnas[formats]'; or export the data as JSON."
        ) from None
    try:
        return cbor2.loads(file.read_bytes())
    except (cbor2.CBORDecodeError, ValueError, EOFError) as error:
        raise FormatError(f"{file} is no whole CBOR file: {error}; export it again.") from None
