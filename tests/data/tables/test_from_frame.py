"""from_frame: frames of pandas give what CSV files give."""

import numpy as np
import pytest

from tsnas.data import from_csv, from_frame
from tsnas.errors import TableColumnError, TableFileError, TableValueError

pandas = pytest.importorskip("pandas")


@pytest.fixture
def frame():
    k = np.arange(60)
    return pandas.DataFrame(
        {
            "time": k % 30 * 20,
            "x": np.sin(k).round(4),
            "y": (k % 7).astype("int16"),
            "activity": np.where(k < 30, "walk", "sit"),
            "user": k // 30,
        }
    )


def test_a_frame_gives_what_a_file_gives(frame, tmp_path):
    frame.to_csv(tmp_path / "a.csv", index=False)
    arguments = {"time": "time", "label": "activity", "group": "user", "time_unit": "ms"}
    one, other = from_frame(frame, **arguments), from_csv(tmp_path / "a.csv", **arguments)
    for array, expected in zip(one.arrays, other.arrays, strict=True):
        np.testing.assert_array_equal(array, expected)
    assert (one.labels, one.groups, one.channels) == (["walk", "sit"], [0, 1], ("x", "y"))
    assert (other.labels, other.groups, other.channels) == (one.labels, one.groups, one.channels)
    assert one.rate_hz == 50


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_times_of_pandas(frame, zone):
    frame["time"] = pandas.to_datetime(frame["time"], unit="ms", utc=zone is not None)
    if zone:
        frame["time"] = frame["time"].dt.tz_convert(zone)
    data = from_frame(frame, time="time", label="activity", group="user")
    assert data.rate_hz == 50
    assert [len(array) for array in data.arrays] == [30, 30]


def test_columns_of_pandas_with_missing_values(frame):
    frame["y"] = frame["y"].astype("Int64")
    frame.loc[5, "y"] = pandas.NA
    frame["x"] = frame["x"].astype("float32")
    frame["activity"] = frame["activity"].astype("category")
    data = from_frame(frame, time="time", label="activity", group="user", time_unit="ms")
    assert data.arrays[0][5, 1] == pytest.approx(5)
    assert data.labels == ["walk", "sit"]
    assert "Missing values, interpolated: 1 (the frame)." in data.notes


def test_without_groups_a_frame_is_one(frame):
    data = from_frame(frame, rate_hz=50, label="activity", recording="user", channels=["x"])
    assert data.groups == ["the frame", "the frame"]


def test_what_is_no_frame(frame):
    with pytest.raises(TableFileError, match=r"frame is list; give a pandas\.DataFrame"):
        from_frame([[1, 2]], rate_hz=50)
    with pytest.raises(TableFileError, match="0 rows and 5 columns"):
        from_frame(frame[:0], rate_hz=50)
    with pytest.raises(TableColumnError, match="the frame has no column 'tme' for time; did you mean 'time'"):
        from_frame(frame, time="tme")
    frame["x"] = frame["x"].astype(object)
    frame.loc[3, "x"] = "much"
    with pytest.raises(TableValueError, match="the frame, row 3, column 'x', holds 'much'"):
        from_frame(frame, rate_hz=50)
