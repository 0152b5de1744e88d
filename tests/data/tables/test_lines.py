"""Lines of files as loggers write them: ends, empty lines, cut lines, spaces, stamps of a monitor, heads of numbers."""

import numpy as np
import pytest

from tsnas.data import check, from_csv
from tsnas.data.tables.heads import is_header
from tsnas.errors import SettingError, TableFileError, TableValueError

VALUES = np.round(np.random.default_rng(0).normal(0, 2, (40, 3)), 3)
ROWS = [",".join(f"{value:.3f}" for value in row) for row in VALUES]


def write(path, lines, encoding="utf-8"):
    path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
    return path


def expect(data, values=VALUES):
    (array,) = data.arrays
    np.testing.assert_array_equal(array, values.astype(np.float32))


@pytest.mark.parametrize("end", [";", ",", " ;", "\t", ";;"])
@pytest.mark.parametrize("header", [False, True])
def test_a_delimiter_at_the_end_of_lines_is_no_field(tmp_path, end, header):
    lines = [*(["x,y,z"] if header else []), *(row + end for row in ROWS)]
    for delimiter in (None, ","):
        data = from_csv(write(tmp_path / "a.csv", lines), rate_hz=50, delimiter=delimiter)
        expect(data)
        assert data.channels == (("x", "y", "z") if header else ("0", "1", "2"))


@pytest.mark.parametrize("between", [" ", "   ", "|", ";", "\t"])
def test_fields_between_blanks_and_bars(tmp_path, between):
    lines = [f" x{between}y{between}z", *(row.replace(",", between) for row in ROWS)]
    data = from_csv(write(tmp_path / "a.csv", lines), rate_hz=50)
    expect(data)
    assert data.channels == ("x", "y", "z")


@pytest.mark.parametrize("line", ["", ",,", "-,-,-", " ", "nan,nan,nan", "x,y,z"])
def test_lines_without_values_divide_recordings(tmp_path, line):
    lines = ["x,y,z", *ROWS[:15], line, line, *ROWS[15:], line]
    data = from_csv(write(tmp_path / "a.csv", lines), rate_hz=50)
    assert [len(array) for array in data.arrays] == [15, 25]
    assert any("at which recordings were divided: 1" in note for note in data.notes)


def test_empty_lines_between_all_lines_divide_nothing(tmp_path):
    lines = [line for row in ["x,y,z", *ROWS] for line in (row, "")]
    expect(from_csv(write(tmp_path / "a.csv", lines), rate_hz=50))


def test_cut_and_doubled_lines_are_counted_in_one_error_or_skipped(tmp_path):
    lines = ["x,y,z", *ROWS[:10], "1.5,2", *ROWS[10:20], ROWS[0] + "," + ROWS[1], "1,2x3,4", *ROWS[20:]]
    path = write(tmp_path / "a.csv", lines)
    with pytest.raises(TableFileError, match=r"line 12, has 2 fields.*; so have 1 more of 43 lines.*bad_lines='skip'"):
        from_csv(path, rate_hz=50)
    data = from_csv(path, rate_hz=50, bad_lines="skip")
    expect(data)
    assert any(note.startswith("Lines with too few or too many fields, left out: 2") for note in data.notes)
    assert any(note.startswith("Lines with a cell that is no number, left out: 1") for note in data.notes)
    with pytest.raises(SettingError, match="bad_lines='no' is not known"):
        from_csv(path, rate_hz=50, bad_lines="no")
    with pytest.raises(TableValueError, match="give bad_lines='skip'"):
        from_csv(write(path, ["x,y,z", *ROWS, "1,2x3,4", ROWS[0]]), rate_hz=50)
    with pytest.raises(TableFileError, match="look at the header"):
        from_csv(write(path, ["x,y", *ROWS[:9], "1,2,3,4"]), rate_hz=50, bad_lines="skip")


def test_a_first_line_that_was_cut(tmp_path):
    data = from_csv(write(tmp_path / "a.csv", ["5,1.5", *ROWS]), rate_hz=50, bad_lines="skip")
    expect(data)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("t [\u03bcs]", 1e6),
        ("t [\u00b5s]", 1e6),
        ("t/\u03bcs", 1e6),
        ("t [\u00c2\u00b5s]", 1e6),
        ("timeUs", 1e6),
        ("micros", 1e6),
        ("Timestamp (microseconds)", 1e6),
        ("timestampMs", 1e3),
        ("time in msec", 1e3),
        ("millis", 1e3),
        ("t/ms", 1e3),
        ("seconds_elapsed", 1),
        ("Time (s)", 1),
        ("epoch_ns", 1e9),
    ],
)
def test_units_in_names_of_stamps(tmp_path, name, unit):
    lines = [f"{name},x,y,z", *(f"{k * unit / 50:.15g},{row}" for k, row in enumerate(ROWS))]
    data = from_csv(write(tmp_path / "a.csv", lines), time=name)
    assert data.rate_hz == 50
    expect(data)


def test_stamps_of_a_serial_monitor(tmp_path):
    def stamp(k, mark="."):
        seconds = 86_399.5 + k / 50  # over midnight
        minutes = int(seconds // 60) % 1440
        return f"{minutes // 60:02}:{minutes % 60:02}:{seconds % 60:06.3f}".replace(".", mark)

    for mark in ".,":
        lines = [f"{stamp(k, mark)} -> {line}" for k, line in enumerate(["x,y,z", *ROWS])]
        data = from_csv(write(tmp_path / "a.csv", lines), time="time")
        expect(data)
        assert (data.channels, data.rate_hz) == (("x", "y", "z"), 50)
        expect(from_csv(tmp_path / "a.csv", rate_hz=50))
    expect(from_csv(write(tmp_path / "a.csv", lines[1:]), time=0))


def test_a_first_line_of_numbers():
    below = [row.split(",") for row in ROWS]
    assert is_header(["0", "1", "2"], below) == (True, "its numbers count the columns, and those below do not")
    assert is_header(["", "0", "1"], below)[0]
    assert is_header(below[0], below[1:]) == (False, "")
    assert not is_header(["1", "2", "3"], [["4", "5", "6"], ["7", "8", "9"]])[0]
    assert is_header(["x", "y", "3"], below) == (True, "'x' stands over numbers")
    assert not is_header(["7", "walk", "1.5"], [["7", "walk", "1.25"], ["8", "run", "0"]])[0]


def test_start_times_and_rates_are_no_samples(tmp_path):
    lines = [",".join(["1700000000.000000"] * 3), ",".join(["32.000000"] * 3), *ROWS]
    data = from_csv(write(tmp_path / "a.csv", lines), rate_hz=32)
    expect(data)
    assert any("Line 1, 1700000000.000000 in each column, was taken for a start time" in note for note in data.notes)
    assert any("Line 2, 32.000000 in each column, was taken for a rate" in note for note in data.notes)
    expect(from_csv(write(tmp_path / "a.csv", ["x,y,z", "100,100,100", *ROWS]), rate_hz=32))
    one = from_csv(write(tmp_path / "a.csv", ["2,2,2", *ROWS]), rate_hz=32)
    assert len(one.arrays[0]) == len(ROWS) + 1


@pytest.mark.parametrize("every", [4, 11])
def test_a_channel_that_is_measured_less_often_is_kept_and_named(tmp_path, every):
    rows = [f"{k / 100:.2f},{80 + k // 30 if k % every == 0 else ''},{row}" for k, row in enumerate(ROWS * 3)]
    path = write(tmp_path / "a.csv", ["t_s,heart_rate,x,y,z", *rows])
    data = from_csv(path, time="t_s")
    assert data.channels == ("heart_rate", "x", "y", "z")
    assert sum(map(len, data.arrays)) >= 120 - every
    (note,) = [note for note in data.notes if "heart_rate" in note]
    assert f"has no value in {100 * (1 - -(-120 // every) / 120):.0f}% of the rows" in note
    assert "leave it out of channels, or give max_gap_s" in note
    assert len(from_csv(path, time="t_s", channels=["x"]).arrays[0]) == 120
    if every == 11:
        with pytest.raises(TableFileError, match=r"'heart_rate' has no value in 91% .*leave it out of"):
            from_csv(path, time="t_s", max_gap_s=0.02)


def named(labels, groups=None):
    arrays = [np.random.default_rng(k).normal(size=(20, 1)) for k in range(len(labels))]
    return {one.kind: one.message for one in check(arrays, labels, groups).findings}


def test_names_of_classes_and_groups():
    found = named(["walk", "Walk ", "run", "wal-k"])["similar classes"]
    assert "Classes 'Walk ', 'wal-k' and 'walk' differ only in case" in found
    found = named(["walk_1", "walk_2", "run_1", "run_2"])["numbered classes"]
    assert "Classes 'run_1' and 'run_2' look like takes of one class, 'run'" in found
    assert "there are 4 classes, but only 2 names" in found
    assert "label and group may be swapped" in named(["user1", "user2"], ["walk", "run"])["label like group"]
    fine = named(["gesture1", "gesture2", "gesture3"], ["s1", "s2", "s3"])
    assert not {"similar classes", "numbered classes", "label like group"} & set(fine)
