"""Names, units and rate of channels, which travel with a model to its report and its firmware."""

from __future__ import annotations

import dataclasses
from typing import Any

from tsnas.data.channel_units import units_of
from tsnas.errors import LengthMismatchError, SettingError
from tsnas.system.arguments import is_number


@dataclasses.dataclass(frozen=True)
class Channels:
    """Names of channels, with their units and their rate as far as they are known.

    They change no model: they stand in its report, its card and its firmware.

    Args:
        names: tuple of str.
        units: tuple of str, one for each name, "" where none is known. Defaults to (): those in which names end, such
            as `ax [g]`.
        rate_hz: float, samples per second. Defaults to None: not known.

    Raises:
        SettingError: names or units are no text, differ in number, or the rate is none.

    Example:
        >>> Channels(("ax", "ay", "az"), ("g", "g", "g"), 50).texts
        ['ax (g)', 'ay (g)', 'az (g)']
    """

    names: tuple[str, ...]
    units: tuple[str, ...] = ()
    rate_hz: float | None = None

    def __post_init__(self) -> None:
        for role in ("names", "units"):
            value = getattr(self, role)
            texts = () if isinstance(value, str) or not hasattr(value, "__iter__") else tuple(value)
            if (
                isinstance(value, str)
                or not all(isinstance(one, str) for one in texts)
                or (role == "names" and not texts)
            ):
                raise SettingError(
                    f"{role}={value!r} must be a list of texts, one for each channel, such as ['ax', 'ay']."
                )
            object.__setattr__(self, role, tuple(str(one) for one in texts))
        if self.units and len(self.units) != len(self.names):
            raise SettingError(f"There are {len(self.names)} names of channels, but {len(self.units)} units.")
        if not self.units:
            object.__setattr__(self, "units", units_of(self.names))
        if self.rate_hz is not None:
            if not (is_number(self.rate_hz) and self.rate_hz > 0):
                raise SettingError(f"rate_hz={self.rate_hz!r} must be a number above 0, or None if it is not known.")
            object.__setattr__(self, "rate_hz", float(self.rate_hz))

    @classmethod
    def of(cls, value: Any, count: int) -> Channels | None:
        """Returns the argument `channels` of a fit as an instance.

        Args:
            value: None, a list of names, `Channels`, or a `RecordingSet` that windows were cut from.
            count: int, the number of channels.

        Returns:
            `Channels`; None for None.

        Raises:
            SettingError: it is something else.
            LengthMismatchError: there are more or fewer channels.
        """
        if value is None or isinstance(value, cls):
            found = value
        elif hasattr(value, "known_rate_hz"):
            found = cls(value.channels, value.units, value.known_rate_hz)
        else:
            found = cls(value)
        if found is not None and len(found.names) != count:
            raise LengthMismatchError(
                f"channels has {len(found.names)} names, but the data have {count} channels; give one for each."
            )
        return found

    @property
    def texts(self) -> list[str]:
        """Each name with its unit, unless it ends in it."""
        units = self.units or ("",) * len(self.names)
        return [
            name if not unit or units_of([name]) == (unit,) else f"{name} ({unit})"
            for name, unit in zip(self.names, units, strict=True)
        ]

    def to_json(self) -> dict[str, Any]:
        """Returns a dict of plain JSON values, which `from_json` reads."""
        return {"names": list(self.names), "units": list(self.units), "rate_hz": self.rate_hz}

    @classmethod
    def from_json(cls, values: Any) -> Channels | None:
        """Creates the channels that `to_json` described.

        Args:
            values: dict of plain JSON values, as `to_json` returns it.

        Returns:
            `Channels`; None if it is something else, since no model depends on it.
        """
        try:
            return cls(tuple(values["names"]), tuple(values["units"]), values["rate_hz"])
        except (KeyError, TypeError, SettingError):
            return None
