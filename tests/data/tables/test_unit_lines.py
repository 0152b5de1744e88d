"""A line of units below the header is no sample: its units go to the channels and to the clock."""

import numpy as np
import pytest

import tsnas
from tsnas.data import from_csv

ROWS = [f"{20 * k},{k * 0.5:.2f},{-k},walk" for k in range(30)]


def write(tmp_path, *lines):
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "a.csv"


@pytest.mark.parametrize("lines", [["ms,m/s2,deg/s,"], ["RAW,CAL,CAL,n/a", "ms,m/s2,deg/s,no_units"]])
def test_units_are_taken_over(tmp_path, lines):
    path = write(tmp_path, "time,ax,gx,kind", *lines, *ROWS)
    data = from_csv(path, time="time", label="kind")
    assert data.units == ("m/s2", "deg/s")
    assert data.rate_hz == 50
    assert data.labels == ["walk"]
    np.testing.assert_allclose(data.arrays[0][:, 0], 0.5 * np.arange(30))
    assert any(
        note.startswith("The line before the samples was taken for units: ms, m/s2, deg/s") for note in data.notes
    )


def test_a_folder_of_such_files_is_read_without_options(tmp_path):
    for label in ("walk", "run"):
        (tmp_path / label).mkdir()
        write(tmp_path / label, "time,ax,gx", "ms,g,deg/s", *(row.rsplit(",", 1)[0] for row in ROWS))
    data = tsnas.data.read(tmp_path)
    assert set(data.labels) == {"walk", "run"}
    assert data.units == ("g", "deg/s")


@pytest.mark.parametrize("units", [[], ["ms,g,g,deg/s"]])
def test_axes_below_the_names_of_sensors_make_names_of_their_own(tmp_path, units):
    rows = [f"{20 * k},{k}.5,{-k},{k % 3}" for k in range(30)]
    data = from_csv(write(tmp_path, "time_ms,Acc,Acc,Gyr", ",x,y,x", *units, *rows), time="time_ms")
    assert data.channels == ("Acc x", "Acc y", "Gyr x")
    assert data.units == (("g", "g", "deg/s") if units else ())
    assert any("a part of the names, such as 'Gyr x'" in note for note in data.notes)


def test_empty_lines_divide_at_the_same_samples(tmp_path):
    """Rows are counted after the line of units."""
    path = write(tmp_path, "time,ax,gx,kind", "ms,g,g,", *ROWS[:10], "", *ROWS[10:])
    data = from_csv(path, time="time", label="kind")
    assert [len(array) for array in data.arrays] == [10, 20]


def test_a_first_sample_without_a_value_is_a_sample(tmp_path):
    for first in ("0,,,walk", "0,err,1,walk", "0,nan,nan,walk"):
        path = write(tmp_path, "time_ms,ax,gx,kind", first, *ROWS[1:])
        try:
            data = from_csv(path, time="time_ms", label="kind")
        except tsnas.errors.TableValueError:
            assert "err" in first
            continue
        assert not data.units
        assert not any("units" in note for note in data.notes)
