"""from_csv: dialects, columns, units, labels and groups; what is changed is said, and what is wrong is named."""

import datetime

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from scale import scaled

import tsnas
from tsnas.data import from_csv
from tsnas.errors import (
    SettingError,
    TableColumnError,
    TableFileError,
    TableNameError,
    TableTimeError,
    TableValueError,
)


@pytest.fixture
def write(tmp_path):
    """Writes a file of lines, or of rows of values, and returns its path."""

    def write_file(content, name="a.csv", encoding="utf-8"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [line if isinstance(line, str) else ",".join(map(str, line)) for line in content]
        path.write_bytes("\n".join(lines).encode(encoding))
        return path

    return write_file


def samples(count=20, step=20, start=0):
    return [(start + step * k, k * 0.5, -k, k % 3) for k in range(count)]


@settings(deadline=None, max_examples=scaled(120), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    delimiter=st.sampled_from([",", ";", "\t"]),
    decimal=st.sampled_from([".", ","]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    unit=st.sampled_from(["s", "ms", "us", "ns", "iso"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    header=st.booleans(),
    comment=st.booleans(),
    trailing=st.booleans(),
    quoted=st.booleans(),
    seed=st.integers(0, 5),
)
def test_every_dialect_gives_the_same_samples(
    tmp_path, delimiter, decimal, line_end, unit, encoding, header, comment, trailing, quoted, seed
):
    # A decimal comma between commas needs quotes.
    quoted = quoted or delimiter == decimal
    rng = np.random.default_rng(seed)
    values = np.round(rng.normal(0, 5, (30, 3)), 3)
    start = datetime.datetime(2024, 5, 1, 9, 30)

    def stamp(k):
        if unit == "iso":
            return (start + datetime.timedelta(milliseconds=20 * k)).isoformat(timespec="milliseconds")
        if unit == "s":
            return f"{0.02 * k:.2f}".replace(".", decimal)
        return str(
            1_714_555_800_123_456_789 // 10**9 * 10 ** {"ms": 3, "us": 6, "ns": 9}[unit]
            + round(0.02 * k * 10 ** {"ms": 3, "us": 6, "ns": 9}[unit])
        )

    rows = [[stamp(k), *(f"{value:.3f}".replace(".", decimal) for value in row)] for k, row in enumerate(values)]
    rows = [["t", "ax", "ay", "az"]] * header + rows
    cell = '"{}"'.format if quoted else str
    lines = [delimiter.join(map(cell, row)) + (delimiter if trailing and header else "") for row in rows]
    lines = ["# made by a logger", ""] * comment + lines
    (tmp_path / "a.csv").write_bytes((line_end.join(lines) + line_end).encode(encoding))
    data = from_csv(tmp_path / "a.csv", time="t" if header else 0, time_unit=unit)
    np.testing.assert_array_equal(data.arrays[0], values.astype(np.float32))
    assert data.rate_hz == 50
    assert data.channels == (("ax", "ay", "az") if header else ("1", "2", "3"))
    assert data.notes == ("The rate is 50 Hz; the median of the recordings is 50 Hz.",)


@pytest.mark.parametrize(("unit", "step"), [("s", 0.02), ("ms", 20), ("us", 20_000), ("ns", 20_000_000)])
def test_the_unit_of_stamps_follows_from_the_rate(write, unit, step):
    path = write(["t,x", *((round(step * k, 2), k) for k in range(30))])
    data = from_csv(path, time="t", rate_hz=50)
    assert len(data.arrays[0]) == 30
    assert f"Time stamps were taken to be in {unit} ({path})." in data.notes
    # Half the rate is a matter of resampling, not of the unit.
    assert len(from_csv(path, time="t", rate_hz=25).arrays[0]) == 15


@pytest.mark.parametrize("name", ["time_ms", "t [ms]", "Timestamp (ms)", "time in ms"])
def test_the_unit_of_stamps_stands_in_the_name(write, name):
    assert from_csv(write([f"{name},x", *((20 * k, k) for k in range(9))]), time=name).rate_hz == 50


def test_an_unknown_unit_is_refused_with_what_each_would_mean(write):
    with pytest.raises(
        TableTimeError, match=r"median step is 20, so the rate is 0.05 Hz if 's', 50 Hz if 'ms', 5e\+04"
    ):
        from_csv(write(["t,x", *((20 * k, k) for k in range(9))]), time="t")
    with pytest.raises(TableTimeError, match="far from 1500 Hz in each of the units s, ms, us and ns"):
        from_csv(write(["t,x", *((20 * k, k) for k in range(9))]), time="t", rate_hz=1500)


def test_labels_and_groups_from_folders_and_names(write, tmp_path):
    for label in ("walk", "sit"):
        for user in ("u1", "u2"):
            write(["t_ms,x", *((20 * k, k) for k in range(9))], f"{label}/{user}_07.csv")
    write(["not for reading"], "walk/.hidden.csv")
    write(["not for reading"], "walk/notes.txt")
    names = ("sit/u1_07.csv", "sit/u2_07.csv", "walk/u1_07.csv", "walk/u2_07.csv")
    data = from_csv(tmp_path, time="t_ms", pattern=r"(?P<label>\w+)/(?P<group>\w+)_\d+\.csv")
    assert (data.labels, data.groups) == (["sit", "sit", "walk", "walk"], ["u1", "u2", "u1", "u2"])
    assert data.sources == names
    assert data.groups_given
    data = from_csv(tmp_path, time="t_ms", label_from="folder")
    assert data.labels == ["sit", "sit", "walk", "walk"]
    assert tuple(data.groups) == names
    assert not data.groups_given
    data = from_csv(tmp_path, time="t_ms", label_from="file", group_from="folder")
    assert (data.labels, data.groups) == (["u1_07", "u2_07"] * 2, ["sit", "sit", "walk", "walk"])
    one = from_csv([tmp_path / names[3], str(tmp_path / names[0])], time="t_ms", label_from="folder")
    assert one.labels == ["walk", "sit"]


def test_labels_of_samples_stay_with_them(write):
    path = write(["t,x,label,user", *((0.02 * k, k, "a" if k < 12 else "b", 7) for k in range(30))])
    data = from_csv(path, time="t", time_unit="s", label="label", group="user")
    assert data.labels[0].tolist() == ["a"] * 12 + ["b"] * 18
    assert data.groups == [7]
    assert data.classes == ["a", "b"]
    # At half the rate each sample takes the label that held at its time.
    data = from_csv(path, time="t", time_unit="s", label="label", rate_hz=25, channels="x")
    assert data.labels[0].tolist() == ["a"] * 6 + ["b"] * 9


def test_a_label_that_never_changes_is_one_of_the_recording(write, tmp_path):
    for name, label in (("a", 1), ("b", 0)):
        write(["t,x,label", *((0.02 * k, k, label) for k in range(9))], f"{name}.csv")
    assert from_csv(tmp_path, time="t", time_unit="s", label="label").labels == [1, 0]


def test_rows_without_a_label_are_left_out_and_divide(write):
    rows = [(0.02 * k, k, "" if 10 <= k < 20 else "a") for k in range(30)]
    data = from_csv(write(["t,x,label", *rows]), time="t", time_unit="s", label="label")
    assert [len(array) for array in data.arrays] == [10, 10]
    assert any(note.startswith("Rows without a label, left out: 10") for note in data.notes)
    data = from_csv(write(["x,label", *((k, label) for _, k, label in rows)]), rate_hz=50, label="label")
    assert [array[0, 0] for array in data.arrays] == [0, 20]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("1", "2"), [1, 2]),
        (("1.0", "2"), [1, 2]),
        (("01", "02"), ["01", "02"]),
        (("1", "a"), ["1", "a"]),
        (("9" * 30, "1"), ["9" * 30, "1"]),
    ],
)
def test_labels_are_whole_numbers_only_if_all_are(write, tmp_path, texts, expected):
    for name, text in zip("ab", texts, strict=True):
        write(["x,label", *((k, text) for k in range(9))], f"{name}.csv")
    assert from_csv(tmp_path, rate_hz=50, label="label").labels == expected


def test_one_file_of_many_users_and_recordings(write):
    rows = [(user, take, 0.02 * k, k) for user in (3, 1) for take in (0, 1) for k in range(9)]
    interleaved = [rows[i] for i in np.argsort([row[3] for row in rows], kind="stable")]
    path = write(["user,take,t,x", *interleaved])
    data = from_csv(path, time="t", time_unit="s", group="user", recording="take")
    assert data.groups == [3, 3, 1, 1]
    assert all(array[:, 0].tolist() == list(range(9)) for array in data.arrays)


def test_channels_by_name_keep_their_order_in_every_file(write, tmp_path):
    write(["t,x,y", *((0.02 * k, k, -k) for k in range(9))], "a.csv")
    write(["y,t,x,extra", *((-k, 0.02 * k, k, 5) for k in range(9))], "b.csv")
    data = from_csv(tmp_path, time="t", time_unit="s")
    np.testing.assert_array_equal(data.arrays[0], data.arrays[1])
    assert "Columns that a.csv lacks were left out: 'extra' (b.csv)." in data.notes
    data = from_csv(tmp_path, time="t", time_unit="s", channels=["y", "x"])
    assert data.channels == ("y", "x")
    assert data.arrays[1][3].tolist() == [-3, 3]


def test_columns_that_are_no_channels_are_left_out(write):
    path = write([",t,x,remark,empty", *((k, 0.02 * k, k * 0.1, "fine", "") for k in range(9))])
    data = from_csv(path, time="t", time_unit="s")
    assert data.channels == ("x",)
    assert [note for note in data.notes if "left out" in note] == [
        f"Column '' was left out, because it counts rows ({path}).",
        f"Column 'remark' was left out, because it holds text ({path}).",
        f"Column 'empty' was left out, because it is empty ({path}).",
    ]


def test_missing_values_by_any_name(write):
    markers = ["", "NaN", "n/a", "NULL", "-", "?"]
    rows = [(0.02 * k, markers[k // 2 - 1] if k % 2 == 0 and 2 <= k <= 12 else k) for k in range(15)]
    data = from_csv(write(["t,x", *rows]), time="t", time_unit="s")
    np.testing.assert_allclose(data.arrays[0][:, 0], np.arange(15), atol=1e-6)
    assert any(note.startswith("Missing values, interpolated: 6") for note in data.notes)


def test_rates_go_down_with_a_filter_and_up_along_lines(write, tmp_path):
    write(["t_ms,x", *((10 * k, k) for k in range(101))], "fast.csv")
    write(["t_ms,x", *((20 * k, 2 * k) for k in range(51))], "middle.csv")
    write(["t_ms,x", *((40 * k, 4 * k) for k in range(26))], "slow.csv")
    data = from_csv(tmp_path, time="t_ms")
    assert data.rate_hz == 50
    for array in data.arrays:
        np.testing.assert_allclose(array[:, 0], 2 * np.arange(51), atol=1e-4)
    assert "Recordings of about 100 Hz, resampled to an even 50 Hz with a low-pass filter: 1 (fast.csv)." in data.notes
    assert "Recordings of about 25 Hz, resampled to an even 50 Hz by linear interpolation: 1 (slow.csv)." in data.notes


def test_of_two_rates_the_lower_one_is_taken_and_none_between_them(write, tmp_path):
    for place, step in enumerate((5, 10, 5, 10)):
        write(["t_ms,x", *((step * k, k) for k in range(101))], f"{place}.csv")
    data = from_csv(tmp_path, time="t_ms")
    assert data.rate_hz == 100
    assert any("Recordings of about 200 Hz, resampled to an even 100 Hz" in note for note in data.notes)


def test_headers_in_comments_repeated_headers_and_cut_last_lines(write):
    path = write(["# logger 3", "# t_ms,x", (0, 1), (20, 2), (40, 3), (60, 4), "80"])
    data = from_csv(path, time="t_ms")
    assert (data.channels, len(data.arrays[0])) == (("x",), 4)
    assert f"Incomplete last lines, left out: 1 ({path})." in data.notes
    path = write(["t_ms,x", *samples_of_two(9), "t_ms,x", *samples_of_two(9)])
    data = from_csv(path, time="t_ms")
    assert len(data) == 2
    assert f"Headers repeated between the samples, left out: 1 ({path})." in data.notes
    assert f"Clock restarts, at each of which a new recording begins: 1 ({path})." in data.notes


def samples_of_two(count):
    return [(20 * k, k) for k in range(count)]


def test_spreadsheets_say_their_delimiter_and_old_programs_write_latin_1(write):
    path = write(["sep=;", "Zeit_ms;Höhe", *(f"{20 * k};{k},5" for k in range(9))], encoding="latin-1")
    data = from_csv(path, time="Zeit_ms")
    assert data.channels == ("Höhe",)
    assert data.arrays[0][3, 0] == 3.5
    assert f"Text that is not UTF-8 was read as Latin-1 ({path})." in data.notes


def test_windows_go_on_to_a_classifier(write, tmp_path):
    for label in "ab":
        write(["t_ms,x,y,z", *samples(40)], f"{label}/u1.csv")
    data = from_csv(tmp_path, time="t_ms", label_from="folder", group_from="file")
    x, y, groups = data.windows(tsnas.Signal(window=16, stride=8))
    assert x.shape == (8, 16, 3)
    assert y.tolist() == ["a"] * 4 + ["b"] * 4
    assert set(groups) == {"u1"}


HEADER = "t_ms,x,y,z"


@pytest.mark.parametrize(
    ("content", "arguments", "error", "said"),
    [
        ([], {}, TableFileError, "a.csv is empty"),
        ([HEADER], {}, TableFileError, "has a header, but no line of samples"),
        (["# only", "# comments"], {}, TableFileError, "is empty"),
        (
            [HEADER, "0,1,2,3", "1,2", "2,3,4,5"],
            {},
            TableFileError,
            "a.csv, line 3, has 2 fields, but the header has 4",
        ),
        ([HEADER, "0,1,2,3", "1,2,3,4,5"], {}, TableFileError, "line 3, has 5 fields"),
        ([HEADER, *samples(), '20,"1,2,3', *samples(9000)], {}, TableFileError, "look for a quote that is not closed"),
        ([HEADER, "0,1,2,3", "20,abc,2,3", *samples(9)], {}, TableValueError, "line 3, column 'x', holds 'abc'"),
        ([HEADER, "0,1,2,3", "20,1_0,2,3", *samples(9)], {}, TableValueError, "column 'x', holds '1_0'"),
        ([HEADER, *samples()], {"time": "time"}, TableColumnError, "no column 'time' for time; did you mean 't_ms'"),
        ([HEADER, *samples()], {"label": "Y "}, TableColumnError, "for label; did you mean 'y'"),
        ([HEADER, *samples()], {"channels": [4]}, TableColumnError, "has 4 columns, with indices 0 to 3"),
        (
            ["t_ms,x,x", *samples_of_two(0), "0,1,2", "20,1,2"],
            {"channels": "x"},
            TableColumnError,
            "2 columns named 'x'",
        ),
        ([*samples()], {}, TableColumnError, "has no header, so time='t_ms' names no column of it"),
        (["t_ms,a", "0,u", "20,v"], {}, TableColumnError, "has no column of numbers besides those"),
        ([HEADER, *samples()], {"pattern": "(?P<label>z+)"}, TableNameError, "does not match pattern='\\(\\?P<label>z"),
        (
            ["t,x", "2024-05-01T00:00:00,1", "yesterday,2"],
            {"time": "t"},
            TableTimeError,
            "line 3.*'yesterday'.*ISO 8601",
        ),
        (["t,x", "2024-05-01T00:00:00,1", "2024-05-01T00:00:00Z,2"], {"time": "t"}, TableTimeError, "time zone"),
        ([HEADER, *[(0, 1, 2, 3)] * 9], {}, TableTimeError, "never increase"),
        ([HEADER, ("", 1, 2, 3), ("", 1, 2, 3)], {}, TableFileError, "yielded no recording of at least two samples"),
        (["t_ms;x", "0;1,5", "20;1.5"], {}, TableValueError, "line 2, has '1,5' with a decimal comma, but line 3 has"),
        (
            ["t_ms;x", "0;1.500,5", "20;2,5"],
            {},
            TableValueError,
            "'1.500,5', which is not a number with a decimal comma",
        ),
    ],
)
def test_bad_files_are_named_with_their_line(write, content, arguments, error, said):
    with pytest.raises(error, match=said):
        from_csv(write(content), **{"time": "t_ms"} | arguments)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"time": None}, "Neither time nor rate_hz"),
        ({"rate_hz": 0}, "rate_hz=0 must be a number above 0"),
        ({"rate_hz": "50"}, "rate_hz='50'"),
        ({"max_gap_s": float("nan")}, "max_gap_s=nan"),
        ({"time_unit": "min"}, "time_unit='min' is not known; choose 's', 'ms'"),
        ({"label": 1.5}, "label=1.5 must be the name of a column, or its index"),
        ({"channels": []}, r"channels=\[\] must be distinct columns"),
        ({"channels": ["x", "x"]}, "must be distinct columns"),
        ({"label_from": "path"}, "choose 'folder' or 'file'"),
        ({"label": "x", "label_from": "folder"}, "label='x' and label_from='folder' each define the label"),
        ({"group": "x", "pattern": "(?P<group>.)"}, "each define the group"),
        ({"pattern": "("}, "is not a regular expression"),
        ({"pattern": "(a)"}, "has neither"),
        ({"delimiter": "||"}, "must be one character"),
        ({"decimal": "x"}, "decimal='x'"),
    ],
)
def test_bad_arguments_are_named(write, arguments, said):
    with pytest.raises(SettingError, match=said):
        from_csv(write([HEADER, *samples()]), **{"time": "t_ms"} | arguments)


def test_nothing_to_read(tmp_path):
    with pytest.raises(TableFileError, match=r"none.csv cannot be read: No such file"):
        from_csv(tmp_path / "none.csv", time=0)
    with pytest.raises(TableFileError, match=r"hold no .csv file"):
        from_csv(tmp_path, time=0)
    with pytest.raises(TableFileError, match="empty list"):
        from_csv([], time=0)
    (tmp_path / "b.csv").write_bytes(b"PK\x03\x04\0\0\0")
    with pytest.raises(TableFileError, match="holds zero bytes"):
        from_csv(tmp_path / "b.csv", time=0)


def test_a_channel_that_one_file_lacks_is_named(write, tmp_path):
    write(["t_ms,ax,ay", *((20 * k, k, k) for k in range(9))], "a.csv")
    write(["t_ms,ax,AY", *((20 * k, k, k) for k in range(9))], "b.csv")
    with pytest.raises(TableColumnError, match=r"b.csv has no column 'ay' for channels; did you mean 'AY'"):
        from_csv(tmp_path, time="t_ms")


@pytest.mark.parametrize(("unit", "factor"), [("s", 1), ("ms", 1e3), ("us", 1e6)])
def test_stamps_that_are_a_moment_of_today_in_one_unit_need_no_unit(tmp_path, unit, factor):
    rows = [f"{(1_714_554_000 + k / 50) * factor:.3f},{k % 7}.5,{-k % 5}.25" for k in range(100)]
    (tmp_path / "a.csv").write_text("\n".join(["timestamp,x,y", *rows]) + "\n")
    data = from_csv(tmp_path, time="timestamp")
    assert data.rate_hz == 50
    assert any(f"taken to be in {unit}" in note for note in data.notes)
