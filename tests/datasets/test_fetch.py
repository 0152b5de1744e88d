"""Finding and downloading data sets: every place they may lie in, and all that can go wrong on the way."""

import dataclasses
import hashlib
import io
import pathlib
import socket
import zipfile

import pytest
from release_copies import nested, zipped

from tsnas.datasets.fetch import Source, download, find
from tsnas.errors import DatasetFileError, DownloadError, OutputDirError

SOURCE = Source("Toy", "part/a file.txt", ("toy.zip", "TOY.zip"), "http://127.0.0.1:9/toy.zip")


@pytest.fixture
def release(tmp_path):
    """The folder of a release, with the marker and another file."""
    folder = tmp_path / "copies/Toy Release"
    (folder / "part").mkdir(parents=True)
    (folder / "part/a file.txt").write_bytes(b"marker")
    (folder / "more.txt").write_bytes(b"more" * 1000)
    return folder


@pytest.fixture
def archive(release):
    return zipped(release)


@pytest.fixture
def served(server, archive):
    """The source of the archive on the server, with its checksum."""
    server.content, server.claimed = archive, len(archive)
    return dataclasses.replace(SOURCE, url=server.url, sha256=hashlib.sha256(archive).hexdigest())


def cached(tmp_path):
    return sorted(path.name for path in (tmp_path / "cache/tsnas").glob("*"))


def test_a_folder_is_found_itself_or_up_to_two_folders_above(release):
    for path in (release, release.parent, release.parent.parent, str(release)):
        found = find(SOURCE, path)
        assert found.read("more.txt") == b"more" * 1000
        assert found.place == release
        assert not found.downloaded
    with pytest.raises(DatasetFileError, match=r"holds neither part/a file.txt, at most two levels deep, nor toy.zip"):
        find(SOURCE, release.parent.parent.parent)


@pytest.mark.parametrize("name", ["toy.zip", "TOY.zip"])
def test_an_archive_is_found_itself_or_in_a_folder_and_is_not_unpacked(archive, tmp_path, name):
    place = tmp_path / "downloads"
    place.mkdir()
    for content in (archive, nested("inner.ZIP", archive)):
        (place / name).write_bytes(content)
        for path in (place / name, place):
            assert find(SOURCE, path).read("more.txt") == b"more" * 1000
            assert find(SOURCE, path).place == place / name
    assert list(place.iterdir()) == [place / name]


def test_an_archive_of_another_name_is_taken_if_it_is_named(archive, tmp_path):
    (tmp_path / "any").write_bytes(archive)
    assert find(SOURCE, tmp_path / "any").read("part/a file.txt") == b"marker"


def test_a_release_of_one_file_can_be_given_as_that_file(tmp_path):
    (tmp_path / "one.mat").write_bytes(b"all")
    source = dataclasses.replace(SOURCE, marker="one.mat")
    assert find(source, tmp_path / "one.mat").read("one.mat") == b"all"


def test_tsnas_data_comes_before_a_download_and_a_path_before_both(release, served, server, monkeypatch, tmp_path):
    monkeypatch.setenv("TSNAS_DATA", str(release.parent))
    assert find(served).place == release
    (tmp_path / "mine/part").mkdir(parents=True)
    (tmp_path / "mine/part/a file.txt").write_bytes(b"mine")
    assert find(served, tmp_path / "mine").read("part/a file.txt") == b"mine"
    assert server.requests == 0


def test_tsnas_data_without_the_set_is_an_error_and_no_reason_to_download(served, server, monkeypatch, tmp_path):
    monkeypatch.setenv("TSNAS_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DatasetFileError, match=r"TSNAS_DATA=.*nowhere is not a folder; set it to the folder"):
        find(served)
    monkeypatch.setenv("TSNAS_DATA", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    with pytest.raises(DatasetFileError, match="put a copy there, or unset TSNAS_DATA to download it"):
        find(served)
    assert server.requests == 0


def test_a_download_is_checked_kept_and_not_made_again(served, server, archive, tmp_path, capsys):
    for _ in range(2):
        found = find(served)
        assert found.downloaded
        assert found.read("more.txt") == b"more" * 1000
    assert server.requests == 1
    assert cached(tmp_path) == ["toy.zip"]
    assert (tmp_path / "cache/tsnas/toy.zip").read_bytes() == archive
    assert "download: 100%" in capsys.readouterr().err


def test_the_cache_of_the_user_is_the_default(served, monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(pathlib.Path, "home", lambda: tmp_path / "home")
    assert download(served) == tmp_path / "home/.cache/tsnas/toy.zip"


@pytest.mark.parametrize(("verbose", "out"), [(0, False), (2, True)])
def test_a_line_or_nothing_instead_of_the_bar(served, capsys, verbose, out):
    find(served, verbose=verbose)
    printed = capsys.readouterr()
    assert printed.err == ""
    assert ("stored as" in printed.out) == out


def test_a_server_that_does_not_say_the_size(served, server, archive):
    server.claimed = None
    assert download(served).read_bytes() == archive


def test_a_file_url(served, archive, tmp_path):
    (tmp_path / "mirror.zip").write_bytes(archive)
    source = dataclasses.replace(served, url=(tmp_path / "mirror.zip").as_uri())
    assert download(source).read_bytes() == archive


def test_a_wrong_checksum_names_both_and_what_to_do_and_keeps_nothing(served, server, archive, tmp_path):
    server.content = archive[:-1] + b"x"
    found = hashlib.sha256(server.content).hexdigest()
    with pytest.raises(
        DownloadError, match=f"have SHA-256 {found}, but {served.sha256} is expected.*path=.*TSNAS_DATA"
    ):
        find(served)
    assert cached(tmp_path) == []


def test_an_interrupted_transfer_keeps_nothing_and_the_next_one_succeeds(served, server, archive, tmp_path):
    server.content = archive[: len(archive) // 2]
    with pytest.raises(DownloadError, match=r"cannot be downloaded from .*: the transfer ended after .*; download the"):
        find(served)
    assert cached(tmp_path) == []
    server.content = archive
    assert find(served).downloaded


def test_what_the_server_answers_is_named(served, server, tmp_path):
    server.status = 404
    with pytest.raises(DownloadError, match="the server answered 404 Not Found"):
        find(served)
    assert cached(tmp_path) == []


def test_no_network_is_one_error(served, tmp_path):
    with socket.socket() as taken:  # Bound, but not listening: a connection is refused.
        taken.bind(("127.0.0.1", 0))
        source = dataclasses.replace(served, url=f"http://127.0.0.1:{taken.getsockname()[1]}/toy.zip")
        with pytest.raises(
            DownloadError, match=r"cannot be reached \(.*refused.*\); download the archive by other means"
        ):
            find(source)
    with pytest.raises(DownloadError, match="cannot be reached"):
        find(dataclasses.replace(served, url="http://no-such-host.invalid/toy.zip"))
    assert cached(tmp_path) == []


@pytest.mark.parametrize("kind", ["page", "half", "other", "damaged"])
def test_without_a_checksum_only_a_whole_archive_of_the_release_is_kept(server, archive, tmp_path, kind):
    damaged = bytearray(archive)
    damaged[archive.index(b"more.txt") + 20] ^= 255
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as file:
        file.writestr("x.txt", b"x")
    contents = {"page": b"<html>Sign in</html>", "half": archive[:300], "other": other.getvalue(), "damaged": damaged}
    server.content = bytes(contents[kind])
    source = dataclasses.replace(SOURCE, url=server.url)
    with pytest.raises(
        DownloadError, match=r"are not a complete archive with part/a file.txt, so they were not stored"
    ):
        find(source)
    assert cached(tmp_path) == []
    server.content = archive
    assert find(source).read("more.txt") == b"more" * 1000


def test_a_kept_archive_that_changed_is_named(served, tmp_path):
    kept = download(served)
    kept.write_bytes(kept.read_bytes()[:-1])
    with pytest.raises(DatasetFileError, match=r"toy.zip has SHA-256 .*is expected; delete it"):
        find(served)


def test_a_cache_that_is_a_file(served, server, tmp_path):
    (tmp_path / "cache").write_bytes(b"")
    with pytest.raises(OutputDirError, match="cache"):
        find(served)
    assert server.requests == 0


def test_places_that_hold_nothing_are_named(tmp_path, archive):
    with pytest.raises(DatasetFileError, match=r"none does not exist; give the folder with part/a file.txt"):
        find(SOURCE, tmp_path / "none")
    with pytest.raises(DatasetFileError, match=r"path is 3 \(int\); give the folder"):
        find(SOURCE, 3)
    (tmp_path / "empty.zip").write_bytes(zipped(tmp_path / "no files"))
    with pytest.raises(DatasetFileError, match=r"empty.zip holds no part/a file.txt"):
        find(SOURCE, tmp_path / "empty.zip")
    with pytest.raises(DatasetFileError, match=r"cannot be read|does not exist"):
        find(SOURCE, tmp_path / "a\0b")


@pytest.mark.parametrize("size", [0, 10, 200, -30])
def test_broken_archives_are_named(tmp_path, archive, size):
    for content in (archive[:size], nested("inner.zip", archive[:size])):
        (tmp_path / "toy.zip").write_bytes(content)
        with pytest.raises(DatasetFileError, match=r"archive .*toy.zip is not a complete .zip file"):
            find(SOURCE, tmp_path / "toy.zip")


def test_damage_inside_an_archive_is_found_when_the_file_is_read(tmp_path, archive):
    damaged = bytearray(archive)
    damaged[archive.index(b"more.txt") + 20] ^= 255
    (tmp_path / "toy.zip").write_bytes(damaged)
    with pytest.raises(DatasetFileError, match=r"file more.txt in .*toy.zip (is not a complete|cannot be read)"):
        find(SOURCE, tmp_path / "toy.zip").read("more.txt")


def test_an_encrypted_archive_is_refused(tmp_path, archive):
    encrypted = bytearray(archive)
    for signature, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        start = 0
        while (start := archive.find(signature, start)) >= 0:
            encrypted[start + flags] |= 1
            start += 4
    (tmp_path / "toy.zip").write_bytes(encrypted)
    with pytest.raises(DatasetFileError, match=r"cannot be read.*encrypted"):
        find(SOURCE, tmp_path / "toy.zip").read("more.txt")


def test_names_that_lead_out_of_an_archive_write_nothing(tmp_path):
    (tmp_path / "in").mkdir()
    with zipfile.ZipFile(tmp_path / "in/toy.zip", "w") as file:
        for name in ("../escaped.txt", "/escaped.txt", "../../part/a file.txt", "Toy/part/a file.txt"):
            file.writestr(name, b"content")
    assert find(SOURCE, tmp_path / "in").read("part/a file.txt") == b"content"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["in", "toy.zip"]
    assert not pathlib.Path("/escaped.txt").exists()


def test_missing_files_of_a_release_are_named(release, archive, tmp_path):
    (tmp_path / "toy.zip").write_bytes(archive)
    for place in (release, tmp_path / "toy.zip"):
        with pytest.raises(DatasetFileError, match=r"Toy: file part/none.txt in .* is missing"):
            find(SOURCE, place).read("part/none.txt")
        with pytest.raises(DatasetFileError, match=r"file part in .* is missing"):
            find(SOURCE, place).read("part")
