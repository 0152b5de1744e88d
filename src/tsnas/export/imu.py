"""Which reading of an inertial sensor each raw channel of a model is, by the units of the training data."""

from __future__ import annotations

import dataclasses
import math
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


def assign_readings(units: Sequence[str], channels: int) -> list[Reading]:
    """Assigns a reading to each raw channel: the axes of a sensor in the order x, y, z.

    Args:
        units: unit of each raw channel, or of each three that follow one another; keys of `UNITS`.
        channels: int, number of raw channels.

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
    return found


def placeholders(channels: int) -> list[Reading]:
    """Returns readings in their order, without units, for a table that is to be edited."""
    return [Reading(index // len(AXES), index % len(AXES), 1.0, "") for index in range(channels)]
