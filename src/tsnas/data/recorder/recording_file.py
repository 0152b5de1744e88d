"""The file of a recording from a port: its name, and its text with a time, the channels and the label in each line."""

from __future__ import annotations

import os
import pathlib
import re
from typing import Any

import numpy as np

from tsnas.errors import SettingError

FIRST_LINE = "# tsnas data record"
TIME, LABEL, GROUP = "time_s", "label", "group"


def check_name(role: str, text: str) -> str:
    """Returns a label or group without blanks around it.

    Raises:
        SettingError: it is empty, or cannot stand in a line between commas.
    """
    if not isinstance(text, str) or not text.strip() or re.search(r"[,;\"#\n\r\t\\/]", text):
        raise SettingError(
            f"{role}={text!r} must be a name without commas, semicolons, quotes, #, slashes and tabs, such as 'walk'."
        )
    return text.strip()


def check_channels(channels: Any) -> tuple[str, ...]:
    """Returns names of channels that the caller gives; () for None.

    Raises:
        SettingError: they are no names, are given twice, or are those of other columns.
    """
    if channels is None:
        return ()
    names = (channels,) if isinstance(channels, str) else tuple(channels)
    for name in names:
        check_name("channels", name)
    names = tuple(name.strip() for name in names)
    if not names or len(set(names)) < len(names) or {TIME, LABEL, GROUP} & set(names):
        raise SettingError(
            f"channels={list(names)!r} must be different names, one for each number of a sample, and none of {TIME}, "
            f"{LABEL} and {GROUP}."
        )
    return names


def next_path(folder: str | os.PathLike[str], label: str) -> pathlib.Path:
    """Returns the first free path of a label: `walk_01.csv`, `walk_02.csv` and so on."""
    stem = re.sub(r"[^\w.-]+", "_", label)
    number = 1
    while (path := pathlib.Path(folder) / f"{stem}_{number:02d}.csv").exists():
        number += 1
    return path


def compose(
    rows: list[list[float]], times: np.ndarray, names: list[str], label: str, group: str | None, rate_hz: float
) -> str:
    """Returns the text of a file.

    Args:
        rows: list of lists of numbers.
        times: float array (rows,) in seconds.
        names: list of str, the channels.
        label: str.
        group: str or None.
        rate_hz: float, the rate that was stated.
    """
    ends = [label] if group is None else [label, group]
    head = [TIME, *names, LABEL] if group is None else [TIME, *names, LABEL, GROUP]
    lines = [f"{FIRST_LINE} rate_hz={rate_hz:g}", ",".join(head)]
    lines += [
        ",".join([f"{time:.6f}", *(f"{value:.9g}" for value in row), *ends])
        for time, row in zip(times.tolist(), rows, strict=True)
    ]
    return "\n".join(lines) + "\n"
