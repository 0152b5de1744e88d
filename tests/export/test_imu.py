"""Readings of an inertial sensor: units as files write them, and the axes in which names of channels end."""

import pytest

from tsnas.errors import ExportError
from tsnas.export.imu import assign_readings, known_units


def axes(readings):
    return "".join("xyz"[reading.axis] for reading in readings)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((), "xyzxyz"),
        (("ax", "ay", "az", "gx", "gy", "gz"), "xyzxyz"),
        # The order of Sensor Logger.
        (("Accelerometer_z", "Accelerometer_y", "Accelerometer_x", "gz [deg/s]", "gy [deg/s]", "gx [deg/s]"), "zyxzyx"),
        (("Acceleration y (m/s^2)", "Acceleration x (m/s^2)", "Acceleration z (m/s^2)", "a", "b", "c"), "yxzxyz"),
        (("ax", "ax", "az", "gx", "gy", "gz"), "xyzxyz"),
    ],
)
def test_axes_are_those_that_names_end_in(names, expected):
    assert axes(assign_readings(["m/s2", "dps"], 6, names)) == expected


def test_two_axes_of_a_sensor():
    assert axes(assign_readings(["g", "g"], 2, ("ax", "az"))) == "xz"
    assert axes(assign_readings(["g", "g"], 2)) == "xy"


def test_units_of_channels_are_known_by_other_spellings():
    assert known_units(["m/s^2"] * 3 + ["°/s"] * 3, 6) == ["m/s2"] * 3 + ["dps"] * 3
    assert known_units(["g", "g", "g", ""], 4) is None
    assert known_units(["g"] * 4, 4) is None
    assert known_units([], 3) is None
    with pytest.raises(ExportError, match="which is not known"):
        assign_readings(["m/s^2"], 3)
