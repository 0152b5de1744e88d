"""UCI-HAR from its text files: every place and archive it comes in, its layout, and what is said of broken copies."""

import dataclasses
import hashlib
import re

import numpy as np
import pytest
from release_copies import ACTIVITIES, nested, write_uci_har, zipped

from tsnas.datasets import uci_har
from tsnas.errors import DatasetFileError, DownloadError

INERTIAL = "train/Inertial Signals/body_gyro_y_train.txt"


@pytest.fixture
def copy(tmp_path):
    """The folder of a small copy, and what its files hold."""
    folder = tmp_path / "data/UCI HAR Dataset"
    return folder, write_uci_har(folder)


def change_line(file, number, new):
    lines = file.read_text().splitlines()
    lines[number - 1] = new if isinstance(new, str) else new(lines[number - 1])
    file.write_text("\n".join(lines) + "\n")


def test_shapes_types_channels_and_names(copy):
    folder, held = copy
    parts = uci_har.load_data(folder)
    for (x, y, groups), part in zip(parts, ("train", "test"), strict=True):
        assert x.shape == (12, 128, 9)
        assert x.dtype == np.float32
        np.testing.assert_allclose(x, held[f"x_{part}"], rtol=1e-6)
        assert y.tolist() == [ACTIVITIES[code - 1] for code in held[f"y_{part}"]]
        assert y.dtype.kind == "U"
        assert groups.dtype == np.int32
        np.testing.assert_array_equal(groups, held[f"subject_{part}"])
    assert uci_har.CHANNELS[0] == "body_acc_x"
    assert uci_har.CHANNELS[5] == "body_gyro_z"
    assert uci_har.CHANNELS[-1] == "total_acc_z"


def test_every_place_holds_the_same(copy, tmp_path, monkeypatch):
    folder, _ = copy
    archive = zipped(folder)
    (tmp_path / "UCI HAR Dataset.zip").write_bytes(archive)
    served = tmp_path / "served"
    served.mkdir()
    (served / "human+activity+recognition+using+smartphones.zip").write_bytes(nested("UCI HAR Dataset.zip", archive))
    expected = uci_har.load_data(folder)
    monkeypatch.setenv("TSNAS_DATA", str(served))
    for path in (folder.parent, tmp_path / "UCI HAR Dataset.zip", str(served), None):
        for found, wanted in zip(uci_har.load_data(path), expected, strict=True):
            for one, other in zip(found, wanted, strict=True):
                np.testing.assert_array_equal(one, other)


def test_the_names_of_activities_are_those_of_the_file(copy):
    folder, _ = copy
    (folder / "activity_labels.txt").write_text("2 b\r\n1 a\r\n3 c\r\n4 d\r\n\r\n6 f\r\n5 e\r\n")
    (_, y, _), _ = uci_har.load_data(folder)
    assert y.tolist() == list("abcdef" * 2)


@pytest.mark.parametrize(
    ("file", "line", "new", "message"),
    [
        (INERTIAL, 3, lambda line: line[16:], "line 3: expected 128 finite numbers, found 127 words"),
        (INERTIAL, 12, lambda line: line + " 1.0", "line 12: expected 128 finite numbers, found 129 words"),
        (
            INERTIAL,
            5,
            lambda line: line[:-16] + " 0x12",
            "line 5: expected 128 finite numbers, found 128 words, one.*0x12",
        ),
        (INERTIAL, 1, lambda line: line[:-16] + " nan", "line 1: expected 128 finite numbers, found.*'nan'"),
        (INERTIAL, 1, lambda line: line[:-16] + " 1e99", "line 1: expected 128 finite numbers, found.*'1e99'"),
        (INERTIAL, 2, "<html>", "line 2: expected 128 finite numbers, found '<html>'"),
        ("train/y_train.txt", 4, "7", "line 4: expected a whole number from 1 to 6, found '7'"),
        ("train/y_train.txt", 4, "0", "line 4: expected a whole number from 1 to 6, found '0'"),
        ("test/y_test.txt", 12, "2.5", "line 12: expected a whole number from 1 to 6, found '2.5'"),
        ("test/y_test.txt", 1, "1 2", "line 1: expected a whole number from 1 to 6, found '1 2'"),
        ("test/subject_test.txt", 2, "-3", "line 2: expected a whole number of at least 1, found '-3'"),
        ("test/subject_test.txt", 2, "9" * 12, "line 2: expected a whole number of at least 1, found '999"),
        ("activity_labels.txt", 2, "2", "line 2: expected a new number and a name, found '2'"),
        ("activity_labels.txt", 2, "1 AGAIN", "line 2: expected a new number and a name, found '1 AGAIN'"),
        ("activity_labels.txt", 6, "7 LAYING", "must give each number from 1 to 6 a distinct name.* 7 LAYING"),
        ("activity_labels.txt", 6, "6 SITTING", "must give each number from 1 to 6 a distinct name"),
    ],
)
def test_the_file_and_line_of_an_error_are_named(copy, file, line, new, message):
    folder, _ = copy
    change_line(folder / file, line, new)
    with pytest.raises(DatasetFileError, match=f"UCI-HAR: file {file} in .*UCI HAR Dataset.*{message}"):
        uci_har.load_data(folder)


@pytest.mark.parametrize("file", [INERTIAL, "train/y_train.txt", "test/subject_test.txt"])
def test_files_of_other_lengths_are_refused(copy, file):
    folder, _ = copy
    text = (folder / file).read_text()
    (folder / file).write_text("".join(text.splitlines(keepends=True)[:-1]))
    with pytest.raises(DatasetFileError, match=r"has 1[12] lines, but .* has 1[12]; give a complete copy"):
        uci_har.load_data(folder)


@pytest.mark.parametrize("file", [INERTIAL, "test/y_test.txt", "test/subject_test.txt", "activity_labels.txt"])
def test_missing_and_empty_files_are_named(copy, file):
    folder, _ = copy
    (folder / file).write_bytes(b"\n")
    with pytest.raises(DatasetFileError, match=f"{file} in .* is empty"):
        uci_har.load_data(folder)
    (folder / file).unlink()
    with pytest.raises(DatasetFileError, match=f"file {file} in .* is missing"):
        uci_har.load_data(folder)


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(DatasetFileError, match=r"UCI-HAR: folder .* holds neither train/Inertial Signals/body_acc_x"):
        uci_har.load_data(tmp_path)


def test_a_downloaded_archive_must_have_the_windows_of_the_release(copy, server, monkeypatch):
    folder, _ = copy
    server.content = nested("UCI HAR Dataset.zip", zipped(folder))
    source = dataclasses.replace(uci_har.SOURCE, url=server.url, sha256=hashlib.sha256(server.content).hexdigest())
    monkeypatch.setattr(uci_har, "SOURCE", source)
    with pytest.raises(DatasetFileError, match=r"y_train.txt in .* has 12 lines, but the release has 7352"):
        uci_har.load_data(verbose=0)
    monkeypatch.setattr(uci_har, "WINDOWS", {"train": 12, "test": 12})
    (x, _, _), _ = uci_har.load_data(verbose=0)
    assert x.shape == (12, 128, 9)
    assert server.requests == 1


def test_another_archive_than_the_official_one_is_refused(copy, server, monkeypatch):
    folder, _ = copy
    server.content = zipped(folder)
    monkeypatch.setattr(uci_har, "SOURCE", dataclasses.replace(uci_har.SOURCE, url=server.url))
    with pytest.raises(DownloadError, match=f"but {uci_har.SOURCE.sha256} is expected"):
        uci_har.load_data(verbose=0)


def test_where_the_official_archive_is():
    assert uci_har.SOURCE.url.startswith("https://archive.ics.uci.edu/")
    assert re.fullmatch("[0-9a-f]{64}", uci_har.SOURCE.sha256)
