"""Tables whose columns say what they are: CSV and Parquet, and logs that alternate between sensors."""

import numpy as np
import pytest
from layout_files import EPOCH_MS, ROWS, VALUES, lines

import tsnas
from tsnas.data import from_csv, read
from tsnas.errors import FormatError, TableTimeError

LABELS = ["rest"] * 200 + ["walk"] * 200


def rows(time=lambda n: 20 * n, more=lambda n: ()):
    return [(time(n), *values, *more(n)) for n, values in enumerate(VALUES)]


@pytest.mark.parametrize(
    ("name", "time"),
    [
        ("time_ms", lambda n: 20 * n),
        ("timestamp", lambda n: EPOCH_MS + 20 * n),
        ("timestamp", lambda n: f"2024-05-01T09:30:{n / 50:06.3f}"),
        ("Time since start in ms ", lambda n: 20 * n),
        ("t", lambda n: f"{n / 50:.3f}"),
        ("epoc (ms)", lambda n: EPOCH_MS + 20 * n),
    ],
)
def test_times_by_their_names_and_values(tmp_path, name, time):
    (tmp_path / "a.csv").write_text(lines(f"{name},ax (g),ay (g),az (g)", rows(time)))
    data = read(tmp_path / "a.csv")
    assert (data.channels, data.units, data.rate_hz) == (("ax (g)", "ay (g)", "az (g)"), ("g",) * 3, 50)
    np.testing.assert_allclose(data.arrays[0], VALUES, atol=1e-5)


def test_columns_of_label_user_and_trial(tmp_path):
    more = lambda n: (LABELS[n], f"u{n // 100}", n // 50)  # noqa: E731
    text = lines("time_ms,ax,ay,az,Activity,User ID,trial", rows(lambda n: 20 * (n % 50), more))
    (tmp_path / "all.csv").write_text(text)
    data = read(tmp_path)
    assert (len(data), data.labels) == (8, ["rest"] * 4 + ["walk"] * 4)
    assert data.groups == [name for name in ("u0", "u1", "u2", "u3") for _ in range(2)]
    assert any("label from 'Activity', group from 'User ID' and recording from 'trial'" in note for note in data.notes)


def test_names_of_folders_and_files(tmp_path):
    for label in ("rest", "walk"):
        for user in (1, 2):
            folder = tmp_path / "a" / label / f"user{user}"
            folder.mkdir(parents=True)
            (folder / "x.csv").write_text(lines("time_ms,ax,ay,az", rows()))
    data = read(tmp_path / "a")
    assert (data.labels, data.groups) == (["rest", "rest", "walk", "walk"], ["user1", "user2"] * 2)
    (tmp_path / "b").mkdir()
    for name in ("rest_01", "rest_02", "walk_01"):
        (tmp_path / "b" / f"{name}.csv").write_text(lines("time_ms,ax,ay,az", rows()))
    assert read(tmp_path / "b").labels == ["rest", "rest", "walk"]


def test_steps_of_one_may_be_rows(tmp_path):
    (tmp_path / "a.csv").write_text(lines("t,ax,ay,az", rows(lambda n: n)))
    with pytest.raises(FormatError, match=r"\.csv files without a column that is certainly the time are for from_csv"):
        read(tmp_path)


def log(name, first, second, more=""):
    """A log that alternates between two sensors of 50 Hz."""
    return f"time_ms,{name},x,y,z{more and ',label'}\n" + "".join(
        f"{20 * n},{sensor},{values[0] + shift},{values[1]},{values[2]}{more}\n"
        for n, values in enumerate(VALUES)
        for sensor, shift in ((first, 0), (second, 5))
    )


def test_a_log_that_alternates_between_sensors(tmp_path):
    (tmp_path / "walk.csv").write_text(log("what", "accelerometer", "gyroscope", ",walk"))
    data = read(tmp_path)
    assert data.channels == tuple(f"{sensor}_{axis}" for sensor in ("accelerometer", "gyroscope") for axis in "xyz")
    assert (data.labels, data.rate_hz) == (["walk"], 50)
    np.testing.assert_allclose(data.arrays[0], np.hstack([VALUES, VALUES + [5, 0, 0]]), atol=1e-5)
    (tmp_path / "walk.csv").write_text(log("what", "accelerometer", "gyroscope"))
    data = from_csv(tmp_path, time="time_ms")
    assert len(data.channels) == 6
    assert "Column 'what' names the sensor of each row, and divides the log." in data.notes


def test_a_log_whose_sensors_are_not_certain(tmp_path):
    (tmp_path / "a.csv").write_text(log("source", "A7", "B2"))
    with pytest.raises(TableTimeError, match=r"give sensor='source' \(--sensor=source\)\.$"):
        from_csv(tmp_path, time="time_ms")
    assert len(from_csv(tmp_path, time="time_ms", sensor="source").channels) == 6


class TestParquet:
    @pytest.fixture(autouse=True)
    def library(self):
        pytest.importorskip("pyarrow")

    def write(self, path, columns, units=None):
        import pyarrow
        import pyarrow.parquet

        table = pyarrow.table(columns)
        for index, unit in enumerate(units or []):
            if unit:
                field = table.schema.field(index)
                table = table.cast(table.schema.set(index, field.with_metadata({"unit": unit})))
        pyarrow.parquet.write_table(table, path)

    def test_a_table_of_all_recordings(self, tmp_path):
        stamps = np.datetime64("2024-05-01T09:00:00", "ns") + np.arange(ROWS) * np.timedelta64(20, "ms")
        columns = {"timestamp": stamps, **{f"a{axis}": VALUES[:, k] for k, axis in enumerate("xyz")}}
        columns |= {"label": LABELS, "subject": np.repeat([3, 4], 200), "session_id": np.repeat([0, 1, 2, 3], 100)}
        self.write(tmp_path / "all.parquet", columns, [None, "m/s^2", "m/s^2", "m/s^2"])
        data = read(tmp_path / "all.parquet")
        assert data.notes[0] == "Taken for Parquet, because all.parquet begins with PAR1."
        assert (data.channels, data.units, data.rate_hz) == (("ax", "ay", "az"), ("m/s^2",) * 3, 50)
        assert (data.labels, data.groups) == (["rest", "rest", "walk", "walk"], [3, 3, 4, 4])
        np.testing.assert_allclose(np.concatenate(data.arrays), VALUES, atol=1e-6)

    def test_what_is_no_number_is_left_out(self, tmp_path):
        columns = {"t_s": np.arange(ROWS) / 50, "x": VALUES[:, 0].astype("f4"), "n": [[1]] * ROWS, "note": ["a"] * ROWS}
        self.write(tmp_path / "a.parquet", columns)
        data = read(tmp_path)
        assert data.channels == ("x",)
        assert any("'n' was left out, because it holds list" in note for note in data.notes)

    def test_a_cut_file(self, tmp_path):
        self.write(tmp_path / "a.parquet", {"t_s": np.arange(ROWS) / 50, "x": VALUES[:, 0]})
        (tmp_path / "a.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-20])
        with pytest.raises(FormatError, match=r"a\.parquet is no whole Parquet file: .*; export it again"):
            tsnas.data.read(tmp_path)
