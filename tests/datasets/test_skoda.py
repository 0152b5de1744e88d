"""SkodaR from its MATLAB file: layout, windows, split by repetition, and what is said of broken copies."""

import collections
import dataclasses
import io

import numpy as np
import pytest
import scipy.io
from hypothesis import given, settings
from hypothesis import strategies as st
from release_copies import GESTURE_LABELS, NULL_LABEL, skoda_table, write_skoda, zipped
from scale import scaled

from tsnas.datasets import skoda
from tsnas.errors import DatasetFileError, DownloadError, SettingError


@pytest.fixture
def copy(tmp_path):
    """The folder of a small copy, and the table in it."""
    folder = tmp_path / "data/SkodaMiniCP_2015_08"
    return folder, write_skoda(folder)


def save(folder, table, name="right_classall_clean"):
    scipy.io.savemat(folder / "right_classall_clean.mat", {name: table})


def slow_windows(table, window, step, null=False, share=0.1):
    """Row by row: the windows of each part, as (label, repetition, first row), in the order of time."""
    runs, rows = [], []
    for row in range(len(table) + 1):
        if row == len(table) or (rows and table[row, 0] != table[rows[-1], 0]):
            runs.append(rows)
            rows = []
        rows.append(row)
    parts = {"train": [], "test": []}
    for label in [*([NULL_LABEL] if null else []), *GESTURE_LABELS]:
        usable = [(n, rows) for n, rows in enumerate(runs, 1) if table[rows[0], 0] == label and len(rows) >= window]
        tests = max(1, round(len(usable) * share))
        for place, (number, rows) in enumerate(usable):
            part = "test" if place >= len(usable) - tests else "train"
            first = rows[0]
            while first + window - 1 <= rows[-1]:
                parts[part].append((label, number, first))
                first += step
    return {part: sorted(windows, key=lambda one: one[2]) for part, windows in parts.items()}


def check_against_slow(loaded, table, window, step, null):
    expected = slow_windows(table, window, step, null)
    for (x, y, groups), part in zip(loaded, ("train", "test"), strict=True):
        assert y.tolist() == [skoda.GESTURES[label] for label, _, _ in expected[part]]
        assert groups.tolist() == [number for _, number, _ in expected[part]]
        for index, (_, _, first) in enumerate(expected[part]):
            for sensor in range(10):
                columns = slice(1 + 7 * sensor + 1, 1 + 7 * sensor + 4)
                np.testing.assert_array_equal(
                    x[index, :, 3 * sensor : 3 * sensor + 3], table[first : first + window, columns].astype(np.float32)
                )


def test_shapes_types_and_labels(copy):
    folder, _ = copy
    for x, y, groups in skoda.load_data(folder):
        assert x.shape[1:] == (64, 30)
        assert x.dtype == np.float32
        assert len(x) == len(y) == len(groups)
        assert set(y.tolist()) == set(skoda.GESTURES.values()) - {"null"}
        assert len(set(y.tolist())) == 10
        assert groups.dtype == np.int32


@pytest.mark.parametrize("null", [False, True])
def test_windows_channels_and_split_as_in_a_slow_version(copy, null):
    folder, table = copy
    loaded = skoda.load_data(folder, null=null)
    check_against_slow(loaded, table, 64, 32, null)
    assert ("null" in loaded[0][1]) == ("null" in loaded[1][1]) == null


@settings(max_examples=scaled(15), deadline=None)
@given(
    window=st.integers(8, 70),
    step=st.integers(1, 90),
    repetitions=st.integers(2, 6),
    null=st.booleans(),
    seed=st.integers(0, 9),
)
def test_any_window_and_step(tmp_path_factory, window, step, repetitions, null, seed):
    folder = tmp_path_factory.mktemp("skoda") / "copy"
    table = write_skoda(folder, repetitions=repetitions, length=70, seed=seed)
    check_against_slow(skoda.load_data(folder, window, step, null), table, window, step, null)


def test_the_last_tenth_of_the_repetitions_is_for_testing_and_none_is_on_both_sides(tmp_path):
    write_skoda(tmp_path / "copy", repetitions=20, length=64)
    (_, y_train, train), (_, y_test, test) = skoda.load_data(tmp_path / "copy")
    assert not set(train.tolist()) & set(test.tolist())
    of_gesture = collections.defaultdict(lambda: (set(), set()))
    for side, (labels, groups) in enumerate(((y_train, train), (y_test, test))):
        for label, group in zip(labels, groups, strict=True):
            of_gesture[label][side].add(group)
    for earlier, last in of_gesture.values():
        assert (len(earlier), len(last)) == (18, 2)
        assert max(earlier) < min(last)


def test_short_repetitions_are_left_out_before_the_split(tmp_path):
    table = skoda_table(repetitions=3)
    last = np.flatnonzero(table[:, 0] == 57)[-1]
    table[last - 10 : last + 1, 0] = 50  # Eleven rows of another gesture at the end of the last.
    (tmp_path / "copy").mkdir()
    save(tmp_path / "copy", table)
    check_against_slow(skoda.load_data(tmp_path / "copy"), table, 64, 32, False)


def test_every_place_holds_the_same(copy, tmp_path, monkeypatch):
    folder, _ = copy
    served = tmp_path / "served"
    served.mkdir()
    (served / "skodaminicp_2015_08.zip").write_bytes(zipped(folder))
    (expected, *_), _ = skoda.load_data(folder)
    monkeypatch.setenv("TSNAS_DATA", str(served))
    for path in (folder / "right_classall_clean.mat", folder.parent, served, served / "skodaminicp_2015_08.zip", None):
        (x, *_), _ = skoda.load_data(path)
        np.testing.assert_array_equal(x, expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"window": 0}, "window must be a whole number of time steps, at least 1, not 0"),
        ({"step": 1.5}, "step must be a whole number of time steps, at least 1, not 1.5"),
        ({"window": 4}, "at least 8"),
        ({"window": 119}, r"window must be at most \d+ time steps, not 119: 'write on notepad' needs one repetition"),
    ],
)
def test_bad_windows_are_refused(copy, arguments, message):
    folder, _ = copy
    with pytest.raises(SettingError, match=message):
        skoda.load_data(folder, **arguments)


def test_the_longest_window_named_is_possible(copy):
    folder, _ = copy
    bound = 119
    while True:
        try:
            skoda.load_data(folder, window=bound)
            break
        except SettingError as error:
            named = int(str(error).split("at most ")[1].split()[0])
            assert named < bound
            bound = named
    assert bound >= 80


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda table: table[:, :70],
            r"of shape \(\d+, 70\) and type float64, but must hold numbers of shape \(samples, 71\)",
        ),
        (lambda table: table[0], r"has 0 repetitions of label 48"),
        (lambda table: table[:0], r"of shape \(0, 71\)"),
        (lambda table: np.full((3, 71), "a"), "but must hold numbers"),
        (
            lambda table: np.where(np.arange(len(table))[:, None] == 7, 33, table),
            "label 33 in row 8; labels are 32, 48, 49",
        ),
        (lambda table: np.where(np.arange(len(table))[:, None] == 2, np.nan, table), "label nan in row 3"),
        (lambda table: np.where(np.arange(71) == 3, np.inf, table), "acceleration that is not finite in row 1"),
        (
            lambda table: table[table[:, 0] != 53],
            r"has 0 repetitions of label 53 \(close left front door\), but at least 2",
        ),
    ],
)
def test_tables_of_another_layout_are_refused(copy, change, message):
    folder, table = copy
    save(folder, change(table))
    with pytest.raises(DatasetFileError, match=f"SkodaR: file right_classall_clean.mat in .*{message}"):
        skoda.load_data(folder)


def test_raw_columns_and_sensor_numbers_are_not_looked_at(copy):
    folder, table = copy
    (expected, *_), _ = skoda.load_data(folder)
    table[:, [1, 5, 70]] = np.nan
    save(folder, table)
    (x, *_), _ = skoda.load_data(folder)
    np.testing.assert_array_equal(x, expected)


@pytest.mark.parametrize("kind", ["empty", "half", "text", "hdf5", "other"])
def test_files_that_are_no_such_table_are_refused(copy, kind):
    folder, table = copy
    file = folder / "right_classall_clean.mat"
    whole = file.read_bytes()
    other = io.BytesIO()
    scipy.io.savemat(other, {"left_classall_clean": table})
    contents = {
        "empty": b"",
        "half": whole[: len(whole) // 2],
        "text": b"label x y z\n" * 100,
        "hdf5": whole[:124] + b"\0\2IM" + whole[128:],
        "other": other.getvalue(),
    }
    file.write_bytes(contents[kind])
    with pytest.raises(DatasetFileError, match=r"is not a complete MATLAB 5 file|holds no variable right_classall"):
        skoda.load_data(folder)


def test_a_download_without_a_known_checksum(copy, server, monkeypatch):
    folder, _ = copy
    assert skoda.SOURCE.sha256 is None
    monkeypatch.setattr(skoda, "SOURCE", dataclasses.replace(skoda.SOURCE, url=server.url))
    server.content = b"<html>moved</html>"
    with pytest.raises(
        DownloadError, match=r"18 bytes from .* are not a complete archive with right_classall_clean.mat"
    ):
        skoda.load_data(verbose=0)
    server.content = zipped(folder)
    (x, *_), _ = skoda.load_data(verbose=0)
    np.testing.assert_array_equal(x, skoda.load_data(folder)[0][0])
    skoda.load_data(verbose=0)
    assert server.requests == 2
