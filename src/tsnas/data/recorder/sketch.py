"""Writes an Arduino sketch that sends samples in binary frames."""

from __future__ import annotations

import importlib.resources
import os
import pathlib
import re
from collections.abc import Sequence

from tsnas.data.recorder.frames import FLOATS, MOST_VALUES
from tsnas.errors import SettingError
from tsnas.system.files import write_files

NAME = "tsnas_record"
VALUES = {"float": FLOATS, "int16": 0}
LONGEST_NAMES = 250


def write_sketch(
    directory: str | os.PathLike[str],
    channels: Sequence[str] = ("ax", "ay", "az"),
    rate_hz: float = 100.0,
    values: str = "float",
    baud: int = 115200,
) -> list[pathlib.Path]:
    """Writes a sketch whose samples `record` takes, with a counter and a checksum, so that no damaged one is kept.

    Args:
        directory: str or path of a folder, created if missing; the sketch lies in a folder `tsnas_record` of it.
        channels: sequence of str, the names of the values. Defaults to `("ax", "ay", "az")`.
        rate_hz: float, samples per second. Defaults to 100.
        values: str, `"float"` or `"int16"`. Defaults to `"float"`.
        baud: int, bits per second. Defaults to 115200.

    Returns:
        list of the path written.

    Raises:
        SettingError: an argument is not allowed, or the port is too slow for so many samples.
        OutputDirError: the folder cannot be written to.

    Example:
        >>> write_sketch("sketches", ["ax", "ay", "az"], rate_hz=100)
        [PosixPath('sketches/tsnas_record/tsnas_record.ino')]
    """
    names = list(channels)
    text = ",".join(names)
    if not 1 <= len(names) <= MOST_VALUES or not all(
        re.fullmatch(r"[A-Za-z_][\w .()/^-]*", name, re.A) for name in names
    ):
        raise SettingError(
            f"channels={names!r} must be 1 to {MOST_VALUES} names of letters, digits and _, such as ['ax', 'ay', 'az']."
        )
    if len(set(names)) < len(names) or len(text) > LONGEST_NAMES:
        raise SettingError(f"channels={names!r} must differ, and have {LONGEST_NAMES} characters at most.")
    if values not in VALUES:
        raise SettingError(f"values={values!r} is not known; choose 'float' or 'int16'.")
    if not 0.1 <= rate_hz <= 10_000:
        raise SettingError(f"rate_hz={rate_hz!r} must be a number of samples per second from 0.1 to 10,000.")
    # Ten bits for each byte: a start bit, eight bits, a stop bit.
    needed = rate_hz * 10 * (6 + len(names) * (4 if values == "float" else 2))
    if needed > baud:
        raise SettingError(
            f"{rate_hz:g} samples of {len(names)} values a second need {needed:,.0f} bits per second, but baud={baud}; "
            "give a higher baud, a lower rate_hz, or values='int16'."
        )
    parts = {
        "RATE_HZ": f"{rate_hz:g}",
        "CHANNELS": str(len(names)),
        "PERIOD_US": str(round(1e6 / rate_hz)),
        "NAMES": text,
        "TYPE": "float" if values == "float" else "int16_t",
        "BAUD": str(baud),
        "FORM": f"0x{VALUES[values]:02X} | CHANNELS",
    }
    source = importlib.resources.files("tsnas.data.recorder").joinpath("record.ino").read_text(encoding="utf-8")
    source = re.sub(r"@(\w+)@", lambda match: parts[match.group(1)], source)
    return write_files(directory, {f"{NAME}/{NAME}.ino": source})
