"""Temporary folders have names that say whose they are, and sockets in them paths that are short enough."""

import os
import socket
import tempfile

import pytest

from tsnas.errors import WorkerError
from tsnas.workers import folders


@pytest.fixture
def temporary(monkeypatch):
    """Sets the folder of temporary files."""
    return lambda path: monkeypatch.setattr(tempfile, "tempdir", str(path))


@pytest.mark.parametrize("length", [60, 62, 63, 65, 200])
def test_a_socket_fits_whatever_the_length_of_the_path_of_temporary_files(temporary, monkeypatch, length):
    parent = tempfile.mkdtemp(dir="/tmp")
    long = os.path.join(parent, "x" * (length - len(parent) - 1))
    os.mkdir(long)
    temporary(long)
    # The workers of other tests have theirs.
    monkeypatch.setattr(folders, "_once", "alone")
    folder = folders.make_socket_folder("server")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "server"))
    assert folder.name.startswith(folders.prefix())
    folders.remove_folders(folders.prefix())
    assert not folder.exists()


def test_no_place_for_a_socket_is_an_error_with_a_way_out(tmp_path, temporary, monkeypatch):
    monkeypatch.setattr(folders, "SHORT_FOLDER", str(tmp_path / "none"))
    temporary(tmp_path / ("x" * 100))
    with pytest.raises(WorkerError, match=r"at most \d\d bytes"):
        folders.make_socket_folder("server")
