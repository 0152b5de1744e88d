"""Files are written whole or not at all, and a folder that cannot be written to is found out early."""

import os

import pytest

from tsnas.errors import OutputDirError
from tsnas.system import files


def test_folders_are_created_and_left_empty(tmp_path):
    folder = files.check_output_dir(tmp_path / "a/b")
    assert folder.is_dir()
    assert not list(folder.iterdir())
    assert files.check_output_dir(str(folder)) == folder


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "a").write_text("")
    for path in (tmp_path / "a", tmp_path / "a/b"):
        with pytest.raises(OutputDirError, match=r"a.* cannot be written: (File exists|Not a directory)"):
            files.check_output_dir(path)


def test_a_folder_that_another_process_removes_meanwhile_is_made_again(tmp_path, monkeypatch):
    folder, real, removals = tmp_path / "a", files.tempfile.TemporaryFile, []

    def removed_first(dir):
        if len(removals) < most:
            removals.append(dir.rmdir())
        return real(dir=dir)

    monkeypatch.setattr(files.tempfile, "TemporaryFile", removed_first)
    most = 3
    assert files.check_output_dir(folder).is_dir()
    assert len(removals) == 3
    # Never without end.
    most = 1000
    with pytest.raises(OutputDirError, match="cannot be written: No such file or directory"):
        files.check_output_dir(folder)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_write_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputDirError, match="Permission denied"):
        files.check_output_dir(tmp_path)


@pytest.mark.parametrize("content", ["text with ü", b"\x00bytes"])
def test_files_are_replaced_whole(tmp_path, content):
    path = tmp_path / "f"
    path.write_text("something older and longer than the new content")
    files.write_file(path, content)
    assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "f"
    path.write_text("old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "replace", fail)
    with pytest.raises(OutputDirError, match="f' cannot be written: No space left"):
        files.write_file(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_files_of_a_folder_are_written_with_the_folders_of_their_names(tmp_path):
    written = files.write_files(tmp_path / "new", {"a.txt": "one", "b/c/d.bin": b"two"})
    assert written == [tmp_path / "new/a.txt", tmp_path / "new/b/c/d.bin"]
    assert [path.read_bytes() for path in written] == [b"one", b"two"]
    with pytest.raises(OutputDirError, match="output folder"):
        files.write_files(tmp_path / "new/a.txt", {"b": "three"})


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(OutputDirError, match="No such file"):
        files.write_file(tmp_path / "none/f", "x")
