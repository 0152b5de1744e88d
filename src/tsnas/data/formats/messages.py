"""Numbers in messages of robots, with their names, units and time; what is no measurement is left out."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np

# Types whose numbers are measured, without the middle part of their names ("msg" in ROS 2).
SENSORS = re.compile(
    r"(sensor_msgs/(Imu|MagneticField|FluidPressure|Temperature|RelativeHumidity|Illuminance|Range)"
    r"|geometry_msgs/(Accel|Twist|Vector3|Wrench)(Stamped)?"
    r"|std_msgs/(String|Float32|Float64|Int16|Int32|Float32MultiArray|Float64MultiArray|Int16MultiArray))$"
)
UNITS = {
    "sensor_msgs/Imu": {"linear_acceleration": "m/s^2", "angular_velocity": "rad/s"},
    "sensor_msgs/MagneticField": {"magnetic_field": "T"},
    "sensor_msgs/FluidPressure": {"fluid_pressure": "Pa"},
    "sensor_msgs/Temperature": {"temperature": "deg C"},
    "sensor_msgs/Illuminance": {"illuminance": "lx"},
    "sensor_msgs/Range": {"range": "m"},
}
# Facts about a sensor rather than what it measures, and the order of the elements of an array.
LEFT_OUT = re.compile(
    r"(^|_)(header|covariance|variance|layout|seq|frame_id|radiation_type|field_of_view|min_range|max_range)($|_)|__"
)
# Topics of text that name what is being done.
LABEL_TOPIC = re.compile(
    r"(^|[/_])(label|labels|activity|annotation|annotations|class|gesture|behavior)$", re.IGNORECASE
)
STAMPS = ("timestamp_ns", "time_ns", "timestamp", "time", "t")
MOST_VALUES = 64


class Message(NamedTuple):
    """A message.

    Args:
        topic: str.
        kind: str, the name of its type, or "".
        time_s: float, when it was recorded.
        content: the decoded message; None if it is not of a sensor.
        text: str if it is text alone, else None.
    """

    topic: str
    kind: str
    time_s: float
    content: Any
    text: str | None


class Values(NamedTuple):
    """The numbers of a message: the time of the measurement in seconds, values by name, units by name."""

    time_s: float
    values: dict[str, float]
    units: dict[str, str]


def short_kind(kind: str) -> str:
    """Returns the name of a type without its middle part: `sensor_msgs/Imu` of `sensor_msgs/msg/Imu`."""
    return kind.replace("/msg/", "/")


def is_sensor(kind: str) -> bool:
    """Tells whether messages of a type hold what a sensor measures, or text."""
    return SENSORS.match(short_kind(kind)) is not None


def values_of(message: Message) -> Values | None:
    """Returns the numbers of a message; None if it holds none, or more than a sensor measures."""
    found: dict[str, float] = {}
    _walk("", message.content, found)
    content = message.content
    if isinstance(content, dict):
        # The time of JSON is the recorder's: its fields say no unit.
        for name in STAMPS:
            found.pop(name, None)
    # A message of an inertial sensor says by a covariance of -1 what it does not measure.
    for field in ("orientation", "angular_velocity", "linear_acceleration"):
        covariance = _field(content, f"{field}_covariance")
        if covariance is not None and len(covariance) and covariance[0] == -1:
            found = {name: value for name, value in found.items() if not name.startswith(f"{field}_")}
    if not found or len(found) > MOST_VALUES:
        return None
    units = {
        name: unit
        for field, unit in UNITS.get(short_kind(message.kind), {}).items()
        for name in found
        if name == field or name.startswith(f"{field}_")
    }
    return Values(_stamp(content) or message.time_s, found, units)


def _field(content: Any, name: str) -> Any:
    return content.get(name) if isinstance(content, dict) else getattr(content, name, None)


def _stamp(content: Any) -> float:
    """Returns the time in the header of a message in seconds; 0 if it has none."""
    stamp = _field(_field(content, "header"), "stamp")
    if stamp is None:
        return 0.0
    for seconds, nanos in (("sec", "nanosec"), ("secs", "nsecs"), ("sec", "nsec")):
        whole, part = _field(stamp, seconds), _field(stamp, nanos)
        if isinstance(whole, int) and isinstance(part, int):
            return whole + part / 1e9
    return 0.0


def _walk(name: str, value: Any, found: dict[str, float]) -> None:
    """Collects the numbers of a message by the names of their fields, joined with `_`."""
    if LEFT_OUT.search(name) or len(found) > MOST_VALUES or value is None or isinstance(value, str | bytes):
        return
    if isinstance(value, bool | int | float | np.number):
        found[name or "value"] = float(value)
    elif isinstance(value, dict):
        for key, one in value.items():
            _walk(f"{name}_{key}" if name else str(key), one, found)
    elif isinstance(value, list | tuple | np.ndarray):
        if len(value) <= MOST_VALUES:
            for index, one in enumerate(value):
                _walk(f"{name}_{index}" if name else str(index), one, found)
    else:
        fields = getattr(value, "__slots__", None) or getattr(value, "__dataclass_fields__", None) or vars(value)
        for key in fields:
            _walk(f"{name}_{key}" if name else str(key), getattr(value, key), found)
