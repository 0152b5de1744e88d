"""Leaves columns out that are no sensors, where their values and names leave no doubt."""

from __future__ import annotations

import numpy as np

from tsnas.data.suspects import Series, find_suspects
from tsnas.data.tables.columns import Columns
from tsnas.data.tables.notes import Notes
from tsnas.data.tables.table_parts import Part


def choose_sensors(parts: list[Part], names: list[str], columns: Columns, notes: Notes) -> list[int]:
    """Returns the columns of the parts' values that may be sensors; notes say which are left out, and why.

    Args:
        parts: list of `Part`, of all files.
        names: list of str, one for each column of values.
        columns: `Columns`; nothing is left out if it names channels.
        notes: `Notes` to add to.

    Returns:
        list of int; all columns if none would be left.
    """
    everything = list(range(len(names)))
    if columns.channels is not None:
        return everything
    series = Series(
        np.concatenate([part.piece.values for part in parts]),
        np.array([len(part.piece.times) for part in parts]),
        names,
        _code([_labels(part) for part in parts]),
        _code([np.full(len(part.piece.times), str(part.group)) for part in parts]) if _have_groups(parts) else None,
        _class_names(parts, columns),
        times=np.concatenate([part.piece.times for part in parts]) if columns.time is not None else None,
    )
    certain = [suspect for suspect in find_suspects(series) if suspect.certain]
    left = [index for index in everything if index not in {suspect.index for suspect in certain}]
    if not left:
        return everything
    for suspect in certain:
        notes.tell(
            f"Column {names[suspect.index]!r} was left out, because it {suspect.reason}: {suspect.harm}; name it in "
            "channels if it is a sensor"
        )
    return left


def _labels(part: Part) -> np.ndarray | None:
    if part.piece.labels is not None:
        return part.piece.labels
    return None if part.label is None else np.full(len(part.piece.times), part.label)


def _have_groups(parts: list[Part]) -> bool:
    return parts[0].group is not None


def _code(values: list[np.ndarray | None]) -> np.ndarray | None:
    known = [value for value in values if value is not None]
    return np.unique(np.concatenate(known), return_inverse=True)[1] if len(known) == len(values) else None


def _class_names(parts: list[Part], columns: Columns) -> list[str]:
    labels = [_labels(part) for part in parts]
    found = sorted({str(name) for label in labels if label is not None for name in np.unique(label)})
    return [*found, columns.label] if isinstance(columns.label, str) else found
