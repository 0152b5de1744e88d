"""Pieces of files: the right bytes for any view of a memmap, and no map that stays open."""

import pathlib
import pickle

import numpy as np
import pytest

from tsnas.data import Windows, raw_windows
from tsnas.data.mapped import Piece, piece_of
from tsnas.errors import DatasetFileError

ARRAY = np.arange(40 * 100 * 3, dtype=np.int16).reshape(40, 100, 3)


@pytest.fixture
def path(tmp_path):
    np.save(tmp_path / "x.npy", ARRAY)
    return tmp_path / "x.npy"


@pytest.mark.parametrize(
    ("view", "whole"),
    [
        (lambda x: x, True),
        (np.asarray, True),
        (lambda x: x[30:], True),
        (lambda x: np.asarray(x)[10:][5:7], True),
        (lambda x: x.reshape(80, 50, 3)[3:], True),
        (lambda x: x.view(np.uint8), True),
        (lambda x: x[::2], False),
        (lambda x: x[::-1], False),
        (lambda x: x[:, :, :2], False),
        (lambda x: x.transpose(2, 1, 0), False),
        (lambda x: x + 0, False),
        (lambda x: x[[1, 2]], False),
        (lambda x: np.array(x), False),
    ],
)
def test_a_view_in_one_piece_has_its_place_in_the_file(path, view, whole):
    given = view(np.load(path, mmap_mode="r"))
    piece = piece_of(given)
    assert (piece is not None) == whole
    if whole:
        received = pickle.loads(pickle.dumps(piece))
        assert len(received) == len(given)
        assert np.asarray(received).dtype == given.dtype
        np.testing.assert_array_equal(np.asarray(received), given)


def test_offset_order_and_type_are_kept(tmp_path):
    path = tmp_path / "x.bin"
    path.write_bytes(bytes(5001) + ARRAY.astype(">i2").tobytes())
    mapped = np.memmap(path, ">i2", "r", 5001, ARRAY.shape)
    np.testing.assert_array_equal(np.asarray(piece_of(mapped[2:])), ARRAY[2:])
    assert piece_of(np.memmap(path, ">i2", "r", 5001, ARRAY.shape, order="F")) is None


@pytest.mark.parametrize(
    "rows",
    [
        3,
        slice(5, 30, 2),
        [7, 2],
        np.arange(40) % 3 == 0,
        np.array([39, -1, 0, 0]),
        np.arange(24).reshape(2, 3, 4),
        np.zeros((0, 4), int),
        np.array(5),
    ],
)
def test_rows_of_a_piece_are_those_of_its_array(path, rows):
    found = piece_of(np.load(path, mmap_mode="r"))[rows]
    assert found.dtype == ARRAY.dtype
    np.testing.assert_array_equal(found, ARRAY[rows])


def test_rows_here_and_there_are_read_without_a_map(path, monkeypatch):
    windows = Windows(piece_of(np.load(path, mmap_mode="r"))).select(np.arange(1000) % 40)
    monkeypatch.setattr(np, "memmap", None)
    np.testing.assert_array_equal(windows[:], ARRAY[np.arange(1000) % 40])


def test_rows_that_are_not_there_are_refused(path):
    piece = piece_of(np.load(path, mmap_mode="r")[10:])
    for row in (30, -31):
        with pytest.raises(IndexError, match="are not all within 30"):
            piece[np.array([0, row])]
    path.write_bytes(path.read_bytes()[:-600])
    with pytest.raises(DatasetFileError, match="has become shorter than its 30 windows"):
        piece[np.array([0, 29])]


def test_what_may_differ_from_the_file_is_no_piece(path):
    mapped = np.load(path, mmap_mode="c")
    mapped[0] = 7
    assert piece_of(mapped) is None
    gone = np.load(path, mmap_mode="r")
    path.unlink()
    assert piece_of(gone) is None
    assert piece_of(ARRAY) is None


@pytest.mark.skipif(not pathlib.Path("/proc/self/maps").exists(), reason="only Linux lists the maps of a process")
def test_windows_of_a_memmap_are_read_from_its_file_and_leave_no_map_open(path):
    windows = raw_windows(np.load(path, mmap_mode="r")[5:])
    assert isinstance(windows.source, Piece)
    np.testing.assert_array_equal(windows[[3, 0]], ARRAY[[8, 5]])
    assert str(path) not in pathlib.Path("/proc/self/maps").read_text()
