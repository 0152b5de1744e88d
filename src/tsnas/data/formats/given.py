"""Labels, groups and channels that the caller gives for files of any form."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import numpy as np

from tsnas.data.recording_set import RecordingSet
from tsnas.data.tables.names import compile_pattern, convert_whole_numbers, parse_name
from tsnas.errors import SettingError


def with_names(data: RecordingSet, pattern: str | None) -> RecordingSet:
    """Returns recordings with the labels and groups that a pattern finds in their paths.

    Args:
        data: `RecordingSet`.
        pattern: str, as in `tsnas.data.read`, or None for the recordings as they are.

    Raises:
        SettingError: the pattern is no regular expression, or names neither label nor group.
        TableNameError: a path does not match.
    """
    found = compile_pattern(pattern)
    if found is None:
        return data
    changes: dict[str, Any] = {}
    for role in ("label", "group"):
        if role not in found.groupindex:
            continue
        names = [parse_name(pathlib.Path(one), one, None, found, role) for one in data.sources]
        changes[f"{role}s"] = [one[0].item() for one in convert_whole_numbers([np.array([name]) for name in names])]
    if not changes:
        raise SettingError(f"pattern={pattern!r} has neither (?P<label>...) nor (?P<group>...); name one of them.")
    said = [f"{role}: {', '.join(sorted({str(one) for one in own})[:5])}" for role, own in changes.items()]
    replaced = ", in place of what is said above" if data.labels is not None or data.groups_given else ""
    note = f"The pattern says {'; '.join(said)}{replaced}."
    given = data.groups_given or "groups" in changes
    return dataclasses.replace(data, **changes, groups_given=given, notes=(*data.notes, note))


def with_channels(data: RecordingSet, channels: Any) -> RecordingSet:
    """Returns recordings with some of their channels.

    Args:
        data: `RecordingSet`.
        channels: list of str, or None for the recordings as they are.

    Raises:
        SettingError: there are no such channels, or one is named twice.
    """
    if channels is None:
        return data
    names = [channels] if isinstance(channels, str) else list(channels)
    if not names or len(set(names)) < len(names) or not set(names) <= set(data.channels):
        raise SettingError(
            f"channels={names!r} must be different names of channels; there are {', '.join(map(repr, data.channels))}."
        )
    places = [data.channels.index(name) for name in names]
    return dataclasses.replace(
        data,
        arrays=[np.ascontiguousarray(array[:, places]) for array in data.arrays],
        channels=tuple(names),
        units=tuple(data.units[place] for place in places) if data.units else (),
    )
