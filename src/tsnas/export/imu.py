"""Which reading of an inertial sensor each raw channel of a model is, by the units of the training data."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Sequence

from tsnas.errors import ExportError

AXES = "xyz"
SENSORS = ("acceleration", "turn rate", "magnetic field")
# Sensor and units per unit that its library gives: g, degrees per second and microtesla.
UNITS = {
    "g": (0, 1.0),
    "mg": (0, 1000.0),
    "m/s2": (0, 9.80665),
    "dps": (1, 1.0),
    "mdps": (1, 1000.0),
    "rad/s": (1, math.pi / 180),
    "uT": (2, 1.0),
    "mT": (2, 0.001),
    "gauss": (2, 0.01),
}
# Other ways to write them, as files do.
SPELLINGS = {
    "G": "g",
    "m/s^2": "m/s2",
    "m/s²": "m/s2",
    "m/s/s": "m/s2",
    "ms-2": "m/s2",
    "deg/s": "dps",
    "°/s": "dps",
    "degrees/s": "dps",
    "mdeg/s": "mdps",
    "radians/s": "rad/s",
    "µT": "uT",
    "μT": "uT",
}
MOST_CHANNELS = len(SENSORS) * len(AXES)
# The slower of both revisions of the board; the other gives 119 a second.
MOST_HZ = 99.84


@dataclasses.dataclass(frozen=True)
class Reading:
    """A reading of the sensor as a raw channel.

    Args:
        sensor: int, index into `SENSORS`.
        axis: int, index into `AXES`.
        factor: float, units of the training data per unit of the sensor's library.
        unit: str, unit of the training data; empty if it is not known.
    """

    sensor: int
    axis: int
    factor: float
    unit: str

    @property
    def index(self) -> int:
        """The number of the reading: all axes of the first sensor, then of the next."""
        return self.sensor * len(AXES) + self.axis

    @property
    def comment(self) -> str:
        """Sensor, axis and unit, such as `acceleration x in m/s2`."""
        return f"{SENSORS[self.sensor]} {AXES[self.axis]} in {self.unit or '...'}"


def assign_readings(units: Sequence[str], channels: int, names: Sequence[str] = ()) -> list[Reading]:
    """Assigns a reading to each raw channel: the axes that names end in, else x, y, z in this order.

    Args:
        units: unit of each raw channel, or of each three that follow one another; keys of `UNITS`.
        channels: int, number of raw channels.
        names: names of the raw channels, such as `az`. Defaults to (): not known.

    Returns:
        list of `Reading`, one for each raw channel.

    Raises:
        ExportError: a unit is not known, their number does not fit, or the sensor has fewer axes.

    Example:
        >>> [reading.comment for reading in assign_readings(["m/s2"], 3)][:2]
        ['acceleration x in m/s2', 'acceleration y in m/s2']
    """
    for unit in units:
        if unit not in UNITS:
            raise ExportError(f"units has {unit!r}, which is not known; choose from {', '.join(UNITS)}.")
    each = [unit for unit in units for _ in AXES] if len(units) * len(AXES) == channels else list(units)
    if len(each) != channels:
        raise ExportError(
            f"units={','.join(units)!r} has {len(units)} units for {channels} raw channels; give one for each channel"
            f"{', or one for each three' if channels % len(AXES) == 0 else ''}."
        )
    found: list[Reading] = []
    for unit in each:
        sensor, factor = UNITS[unit]
        axis = sum(reading.sensor == sensor for reading in found)
        if axis == len(AXES):
            raise ExportError(
                f"units={','.join(units)!r} asks for more than {len(AXES)} channels of {SENSORS[sensor]}, but the IMU "
                f"of the Nano 33 BLE Sense has {len(AXES)} axes; leave units out and write read_sensor of the sketch "
                "Classify instead."
            )
        found.append(Reading(sensor, axis, factor, unit))
    return _by_names(found, names) if len(names) == channels else found


def _by_names(readings: list[Reading], names: Sequence[str]) -> list[Reading]:
    """Returns readings with the axes in which the names of a sensor's channels end, if all of them do."""
    ends = [re.search(rf"([{AXES}])$", re.sub(r"[(\[].*", "", name).strip().lower()) for name in names]
    found = list(readings)
    for sensor in {reading.sensor for reading in readings}:
        own = [index for index, reading in enumerate(readings) if reading.sensor == sensor]
        axes = [AXES.index(end.group(1)) for end in (ends[index] for index in own) if end]
        if len(set(axes)) == len(own):
            for index, axis in zip(own, axes, strict=True):
                found[index] = dataclasses.replace(readings[index], axis=axis)
    return found


def known_units(units: Sequence[str], channels: int) -> list[str] | None:
    """Returns the units that channels of a file have in the words of `UNITS`; None if a sensor's library lacks one.

    Args:
        units: unit of each raw channel, "" where none is known.
        channels: int, number of raw channels.
    """
    found = [SPELLINGS.get(unit, unit) for unit in units[:channels]]
    if len(found) != channels or not set(found) <= set(UNITS):
        return None
    sensors = [UNITS[unit][0] for unit in found]
    return found if max(map(sensors.count, sensors)) <= len(AXES) else None


def placeholders(channels: int) -> list[Reading]:
    """Returns readings in their order, without units, for a table that is to be edited."""
    return [Reading(index // len(AXES), index % len(AXES), 1.0, "") for index in range(channels)]
