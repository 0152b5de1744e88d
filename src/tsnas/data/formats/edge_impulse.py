"""Reads what Edge Impulse exports: JSON files of its data acquisition format, with `info.labels` beside them."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np

from tsnas.data.formats.recording_list import Recording, recording_set
from tsnas.data.recording_set import RecordingSet
from tsnas.errors import FormatError

LABELS = "info.labels"


def recognise(files: list[pathlib.Path]) -> str:
    """Returns why files are of this format, or ""."""
    names = {file.name for file in files}
    if LABELS in names:
        return f"{LABELS} lists the files"
    first = next((file for file in files if file.suffix.lower() == ".json"), None)
    if first is not None and _payload(first) is not None:
        return f"{first.name} has a payload with interval_ms, sensors and values"
    return ""


def read(root: pathlib.Path, files: list[pathlib.Path]) -> RecordingSet:
    """Reads the files; labels are those of `info.labels`, else what stands before the first point of a file's name."""
    labels: dict[str, Any] = {}
    for index in (file for file in files if file.name == LABELS):
        for one in json.loads(index.read_text(encoding="utf-8")).get("files", []):
            label = one.get("label", {})
            labels[(index.parent / one["path"]).as_posix()] = label.get("label") if isinstance(label, dict) else label
    found, units, left = [], set(), 0
    for file in files:
        if file.suffix.lower() == ".cbor":
            raise FormatError(f"{file} is CBOR, which is not read; export the data as JSON.")
        payload = _payload(file) if file.suffix.lower() == ".json" else None
        if payload is None:
            left += file.name != LABELS
            continue
        sensors = payload["sensors"]
        units |= {f"{one['name']} in {one['units']}" for one in sensors if one.get("units")}
        values = np.array(payload["values"], np.float64)
        values = values[:, np.newaxis] if values.ndim == 1 else values
        label = labels.get(file.as_posix(), None if labels else file.name.split(".")[0])
        source = file.relative_to(root).as_posix() if root.is_dir() else file.name
        channels = tuple(one["name"] for one in sensors)
        found.append(Recording(values, label, None, source, channels, 1000.0 / float(payload["interval_ms"])))
    notes = [f"Units: {', '.join(sorted(units))}."] if units else []
    notes += [f"Files of another kind, left out: {left}."] if left else []
    return recording_set(found, tuple(notes))


def _payload(file: pathlib.Path) -> dict[str, Any] | None:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))["payload"]
    except (ValueError, KeyError, TypeError, OSError):
        return None
    return found if isinstance(found, dict) and {"interval_ms", "sensors", "values"} <= set(found) else None
