"""Makes a recording set of arrays that a format holds, at the rate that it states."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tsnas.data.channel_units import units_of
from tsnas.data.recording_set import RecordingSet
from tsnas.data.tables.names import convert_whole_numbers
from tsnas.data.tables.resample import resample
from tsnas.errors import FormatError

LARGEST = float(np.finfo(np.float32).max)
# The note of a format that does not say how fast its samples were taken.
NO_RATE = "These files say no rate; it was set to 1 Hz, so that times are samples."


class Recording(NamedTuple):
    """One recording of a format.

    Args:
        values: float array (time, channels).
        label: its class; None if the format names none.
        group: its group; None if the format names none, so that each source is one.
        source: str, the file.
        channels: tuple of str.
        rate_hz: float.
        units: tuple of str, of the channels; () if the format names none.
    """

    values: np.ndarray
    label: Any
    group: Any
    source: str
    channels: tuple[str, ...]
    rate_hz: float
    units: tuple[str, ...] = ()


def recording_set(recordings: list[Recording], notes: tuple[str, ...], rate_known: bool = True) -> RecordingSet:
    """Returns recordings as a set of one rate.

    Args:
        recordings: list of `Recording`.
        notes: tuple of str.
        rate_known: bool, False if the files say no rate, and 1 Hz stands for it; a note says so then. Defaults to True.

    Raises:
        FormatError: there are none, their channels differ, or a rate or a value is no number that can be used.
    """
    if not recordings:
        raise FormatError("The files hold no recording.")
    for one in recordings:
        if not 0 < one.rate_hz < float("inf"):
            raise FormatError(f"{one.source} has a rate of {one.rate_hz} Hz, which is none.")
        if np.abs(one.values).max(initial=0) > LARGEST:
            raise FormatError(f"{one.source} holds values beyond float32; it is damaged, or no recording.")
    first = recordings[0]
    for one in recordings:
        if one.channels != first.channels:
            raise FormatError(
                f"{one.source} has the channels {', '.join(one.channels)}, but {first.source} has "
                f"{', '.join(first.channels)}; read files of the same channels."
            )
    rate_hz = float(np.median([one.rate_hz for one in recordings]))
    arrays = []
    for one in recordings:
        times = np.arange(len(one.values)) / one.rate_hz
        arrays.append(
            resample(times, one.values.astype(np.float64), one.rate_hz, rate_hz, one.source)[1].astype(np.float32)
        )
    labelled = all(one.label is not None for one in recordings)
    grouped = all(one.group is not None for one in recordings)
    labels = convert_whole_numbers([np.array([str(one.label)]) for one in recordings]) if labelled else []
    groups = convert_whole_numbers([np.array([str(one.group) if grouped else one.source]) for one in recordings])
    return RecordingSet(
        arrays,
        [label[0].item() for label in labels] if labelled else None,
        [group[0].item() for group in groups],
        first.channels,
        rate_hz,
        tuple(one.source for one in recordings),
        notes if rate_known else (*notes, NO_RATE),
        (0.0,) * len(arrays),
        grouped,
        units_of(first.channels, dict(zip(first.channels, first.units, strict=False))),
        rate_known,
    )
