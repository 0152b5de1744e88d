"""Units of channels: as a file says them, or in the brackets that end a channel's name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

# A unit is short: "ax (m/s^2)", "Gyro X [deg/s]", "ADC_1(uV)".
BRACKETS = re.compile(r"[(\[]\s*([^()\[\]]{1,12}?)\s*[)\]]\s*$")
# What else stands in brackets at the end of a name.
NO_UNIT = re.compile(r"\d+|raw|left|right|avg|mean|max|min|std|filtered|[xyz]", re.IGNORECASE)


def unit_in_name(name: str) -> str:
    """Returns the unit that a name ends in, such as `g` of `ax [g]`; "" if there is none."""
    match = BRACKETS.search(name)
    return "" if match is None or NO_UNIT.fullmatch(match.group(1)) else match.group(1)


def units_of(channels: Sequence[str], given: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Returns the unit of each channel, "" where none is known.

    Args:
        channels: sequence of str.
        given: dict of channels to the units that a file says. Defaults to None: names alone say them.

    Returns:
        tuple of str; () if no unit is known at all.
    """
    found = tuple((given or {}).get(name) or unit_in_name(name) for name in channels)
    return found if any(found) else ()
