"""Several sensors of one recording: joined on time from files or from rows of a log, never mixed."""

import numpy as np
import pytest

from tsnas.data import from_csv
from tsnas.errors import SettingError, TableTimeError

START = 1_700_000_000_000


def signal(times, sensor):
    return np.stack([np.sin(times / 3 + k) + 10 * sensor for k in range(3)], axis=1)


def write(path, times_s, sensor, stamp=lambda t: f"{START + 1000 * t:.0f}"):
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        ",".join([stamp(t), f"{t:.3f}", *(f"{v:.6f}" for v in row)])
        for t, row in zip(times_s, signal(times_s, sensor), strict=True)
    ]
    path.write_text("\n".join(["time_ms,seconds_elapsed,x,y,z", *rows]) + "\n")


def make(folder, rate=(50, 50), offset=0.004):
    for label in ("walk", "run"):
        for take in "12":
            for sensor, name in enumerate(("accelerometer", "gyroscope")):
                times = np.arange(0, 8, 1 / rate[sensor]) + sensor * offset
                write(folder / label / f"take{take}" / f"{name}.csv", times, sensor)


def check_values(data, rate=50):
    assert data.channels == tuple(f"{sensor}_{axis}" for sensor in ("accelerometer", "gyroscope") for axis in "xyz")
    assert data.rate_hz == rate
    for array in data.arrays:
        times = np.arange(len(array)) / rate
        offsets = [array[:, 3 * k : 3 * k + 3] - signal(times, k) for k in (0, 1)]
        # The clock of the joined recording begins at the later of the first samples.
        assert np.abs(offsets).max() < 0.01


def test_files_with_names_of_sensors_are_joined(tmp_path):
    make(tmp_path)
    data = from_csv(tmp_path, time="time_ms", pattern=r"(?P<label>\w+)/(?P<group>take\d)/(?P<sensor>\w+)")
    assert sorted(zip(data.labels, data.groups, strict=True)) == [
        (a, b) for a in ("run", "walk") for b in ("take1", "take2")
    ]
    check_values(data)
    assert any(
        "Sensors joined on time at 50 Hz: accelerometer (50 Hz) and gyroscope (50 Hz)" in one for one in data.notes
    )
    for given in ({}, {"sensor_from": "file"}):
        again = from_csv(tmp_path, time="time_ms", group_from="folder", **given)
        check_values(again)
        assert sorted(again.groups) == ["take1", "take1", "take2", "take2"]


def test_rates_that_differ_are_an_error_that_says_both_or_become_one(tmp_path):
    make(tmp_path, rate=(50, 100))
    with pytest.raises(TableTimeError, match=r"accelerometer \(50 Hz\) and gyroscope \(100 Hz\). Give rate_hz"):
        from_csv(tmp_path, time="time_ms", sensor_from="file")
    check_values(from_csv(tmp_path, time="time_ms", time_unit="ms", sensor_from="file", rate_hz=50))
    make(tmp_path, offset=100)
    with pytest.raises(TableTimeError, match="have no time in common: accelerometer from"):
        from_csv(tmp_path, time="time_ms", sensor_from="file")
    with pytest.raises(SettingError, match="joined on time; name the column"):
        from_csv(tmp_path, rate_hz=50, sensor_from="file")
    with pytest.raises(SettingError, match="without columns for label"):
        from_csv(tmp_path, time="time_ms", sensor_from="file", label="x")
    with pytest.raises(SettingError, match="sensor_from='x' is not known"):
        from_csv(tmp_path, time="time_ms", sensor_from="x")


def test_a_log_of_events_is_divided_by_its_sensor(tmp_path):
    rows = []
    for sensor, name in enumerate(("accelerometer", "gyroscope")):
        times = np.arange(0, 8, 0.02) + sensor * 0.004
        rows += [
            (t, f"{START + 1000 * t:.0f},{name},{x:.6f},{y:.6f},{z:.6f}")
            for t, (x, y, z) in zip(times, signal(times, sensor), strict=True)
        ]
    (tmp_path / "walk.csv").write_text("\n".join(["time_ms,type,x,y,z", *(row for _, row in sorted(rows))]) + "\n")
    data = from_csv(tmp_path, time="time_ms", sensor="type", label_from="file")
    check_values(data)
    assert data.labels == ["walk"]


def test_gaps_of_one_sensor_divide_all(tmp_path):
    make(tmp_path)
    path = tmp_path / "run/take1/gyroscope.csv"
    lines = path.read_text().split("\n")
    path.write_text("\n".join(lines[:101] + lines[201:]))
    data = from_csv(tmp_path, time="time_ms", sensor_from="file")
    assert len(data) == 5


def test_stamps_that_are_dates(tmp_path):
    for sensor, name in enumerate(("acc", "gyr")):
        times = np.arange(0, 4, 0.02)
        write(tmp_path / f"{name}.csv", times, sensor, lambda t: f"2024-05-01T09:30:{t:09.6f}+02:00")
    data = from_csv(tmp_path, time="time_ms")
    assert data.channels == ("acc_x", "acc_y", "acc_z", "gyr_x", "gyr_y", "gyr_z")
    assert len(data.arrays[0]) == 200


@pytest.mark.parametrize("seed", range(3))
def test_nanoseconds_since_1970_are_joined_to_the_sample(tmp_path, seed):
    rng = np.random.default_rng(seed)
    for sensor, name in enumerate(("accelerometer", "gyroscope")):
        # A phone's stamps are no multiples of anything.
        times = 0.5 + np.arange(0, 8, 0.02) + rng.normal(0, 0.001, 400)
        write(tmp_path / "take1" / f"{name}.csv", times, sensor, lambda t: str(START * 10**6 + round(1e9 * t)))
    data = from_csv(tmp_path, time="time_ms", time_unit="ns", sensor_from="file", rate_hz=50)
    (array,) = data.arrays
    assert len(array) >= 398
    # Both sensors show the same wave.
    assert np.abs(array[:, :3] - (array[:, 3:] - 10)).max() < 0.01
