"""Finds the files of a data set: at a path, in the folder of local copies, or by a one-time verified download."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import os
import pathlib
import zipfile
import zlib
from collections.abc import Iterator

from tsnas.errors import DatasetFileError, DownloadError
from tsnas.system.files import cache_dir, check_output_dir, write_file
from tsnas.system.terminal import say

LOCAL = "TSNAS_DATA"
BY_HAND = f"download the archive by other means, and pass it as path= or put it into the folder that {LOCAL} names"
TIMEOUT_S = 30
CHUNK_BYTES = 1 << 18
DEPTHS = ("", "*/", "*/*/")


@dataclasses.dataclass(frozen=True)
class Source:
    """The origin of a data set, and the names by which its files are recognised.

    Args:
        name: str, name of the data set in messages.
        marker: str, path of one file inside the release's folder, by which that folder is recognised.
        archives: tuple of str, file names under which the archive is searched for in a folder.
        url: str, address of the official archive, which is stored under the first of `archives`.
        sha256: str, checksum of that archive. Defaults to None: no checksum is known, and the archive is only checked
            for completeness.
    """

    name: str
    marker: str
    archives: tuple[str, ...]
    url: str
    sha256: str | None = None


@dataclasses.dataclass(frozen=True)
class Release:
    """The files of a data set, in a folder or in an archive, which is read in place and never unpacked.

    Args:
        source: `Source`.
        place: path of the folder or of the archive.
        root: path of the release's folder, on disk or inside the archive.
        downloaded: bool, True for the official archive, False for the caller's own copy. Defaults to False.
    """

    source: Source
    place: pathlib.Path
    root: pathlib.Path | zipfile.Path
    downloaded: bool = False

    def read(self, name: str) -> bytes:
        """Reads a file as bytes; `name` is its path inside the release.

        Raises:
            DatasetFileError: the file is missing, or the archive is damaged.
        """
        with _name_file_in_errors(self.label(name)):
            file = self.root / name
            if not file.is_file():
                raise DatasetFileError(f"{self.label(name)} is missing; give a complete copy of the release")
            return file.read_bytes()

    def label(self, name: str) -> str:
        """Returns the description of a file for messages."""
        return f"{self.source.name}: file {name} in {self.place}"


def find(source: Source, path: str | os.PathLike[str] | None = None, verbose: int = 1) -> Release:
    """Finds the files of a data set at `path`, else in the folder that TSNAS_DATA names, else downloads them once.

    Args:
        source: `Source`.
        path: str or path of the release's folder, of a folder that holds it (at most two levels deep) or its archive,
            or of the archive, which may be inside another archive. Defaults to None.
        verbose: int, 1 for a progress bar while downloading, 2 for a line, 0 for neither. Defaults to 1.

    Returns:
        `Release`.

    Raises:
        DatasetFileError: `path`, TSNAS_DATA or the archive does not hold the data set.
        DownloadError: the archive cannot be downloaded, or is not the expected one.
        OutputDirError: the archive cannot be stored, because the cache folder cannot be written to.

    Example:
        >>> find(uci_har.SOURCE, "UCI HAR Dataset.zip").read("README.txt")
    """
    if path is not None:
        if not isinstance(path, str | os.PathLike):
            raise DatasetFileError(
                f"{source.name}: path is {path!r} ({type(path).__name__}); {_describe_wanted(source)}"
            )
        return _find_at(source, pathlib.Path(path), _describe_wanted(source))
    if local := os.environ.get(LOCAL):
        if not os.path.isdir(local):
            raise DatasetFileError(
                f"{source.name}: {LOCAL}={local} is not a folder; set it to the folder with your copies of data sets, "
                "or unset it to download them"
            )
        return _find_at(source, pathlib.Path(local), f"put a copy there, or unset {LOCAL} to download it")
    archive = download(source, verbose)
    return dataclasses.replace(_open_archive(source, archive), downloaded=True)


def download(source: Source, verbose: int = 1) -> pathlib.Path:
    """Downloads the official archive, unless the cache folder ($XDG_CACHE_HOME/tsnas, else ~/.cache/tsnas) has it.

    The archive is stored only if it is complete and the expected one.

    Args:
        source: `Source`.
        verbose: int, 1 for a progress bar, 2 for a line, 0 for neither. Defaults to 1.

    Returns:
        Path of the archive in the cache folder.

    Raises:
        DownloadError: there is no network, the transfer was interrupted, or the file is not the expected one.
        DatasetFileError: the stored archive has changed.
        OutputDirError: the cache folder cannot be written to.
    """
    target = cache_dir() / source.archives[0]
    if target.is_file():
        with _name_file_in_errors(f"{source.name}: archive {target}"):
            found = _sha256(target.read_bytes())
        if source.sha256 not in (None, found):
            raise DatasetFileError(
                f"{source.name}: archive {target} has SHA-256 {found}, but {source.sha256} is expected; delete it to "
                "have it downloaded again"
            )
        return target
    check_output_dir(target.parent)
    content = _transfer(source, verbose)
    problem = ""
    if source.sha256 is None:
        problem = "" if _is_complete(content, source.marker) else f"are not a complete archive with {source.marker}"
    elif (found := _sha256(content)) != source.sha256:
        problem = f"have SHA-256 {found}, but {source.sha256} is expected"
    if problem:
        raise DownloadError(
            f"{source.name}: the {len(content):,} bytes from {source.url} {problem}, so they were not stored; {BY_HAND}"
        )
    write_file(target, content)
    if verbose == 2:
        say(f"{source.name}: {len(content):,} bytes from {source.url} stored as {target}")
    return target


def _transfer(source: Source, verbose: int) -> bytes:
    import http.client
    import urllib.error
    import urllib.request

    from tsnas.system.bars import progress_bar

    content = bytearray()
    try:
        request = urllib.request.Request(source.url, headers={"User-Agent": "tsnas"})
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            size = int(response.headers.get("Content-Length") or 0) or None
            bar = progress_bar("download", size, "B", silent=verbose != 1, unit_scale=True)
            with bar:
                while chunk := response.read(CHUNK_BYTES):
                    content += chunk
                    bar.update(len(chunk))
        reason = f"the transfer ended after {len(content):,} of {size:,} bytes" if size and len(content) < size else ""
    except urllib.error.HTTPError as error:
        reason = f"the server answered {error.code} {error.reason}"
    except urllib.error.URLError as error:
        reason = f"the server cannot be reached ({error.reason})"
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = f"the transfer ended after {len(content):,} bytes ({error or type(error).__name__})"
    if reason:
        raise DownloadError(f"{source.name} cannot be downloaded from {source.url}: {reason}; {BY_HAND}")
    return bytes(content)


def _find_at(source: Source, place: pathlib.Path, advice: str) -> Release:
    """Finds the release in the caller's own folder or archive."""
    with _name_file_in_errors(f"{source.name}: {place}"):
        if place.name == source.marker and place.is_file():
            return Release(source, place.parent, place.parent)
        if place.is_file():
            return _open_archive(source, place)
        if not place.is_dir():
            raise DatasetFileError(f"{source.name}: {place} does not exist; {advice}")
        for depth in DEPTHS:
            for file in sorted(place.glob(depth + source.marker)):
                root = file.parents[source.marker.count("/")]
                return Release(source, root, root)
        for name in source.archives:
            if (place / name).is_file():
                return _open_archive(source, place / name)
    raise DatasetFileError(
        f"{source.name}: folder {place} holds neither {source.marker}, at most two levels deep, nor "
        f"{' nor '.join(source.archives)}; {advice}"
    )


def _open_archive(source: Source, place: pathlib.Path) -> Release:
    with _name_file_in_errors(f"{source.name}: archive {place}"):
        root = _find_root(place.read_bytes(), source.marker)
    if root is None:
        raise DatasetFileError(f"{source.name}: archive {place} holds no {source.marker}; {_describe_wanted(source)}")
    return Release(source, place, root)


def _find_root(content: bytes, marker: str, nested: bool = True) -> zipfile.Path | None:
    """Finds the release's folder inside an archive, or inside an archive nested in it."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    # macOS adds a shadow of each file under this name.
    names = [name for name in archive.namelist() if not name.startswith("__MACOSX/")]
    roots = [name.removesuffix(marker) for name in names if name == marker or name.endswith(f"/{marker}")]
    if roots:
        return zipfile.Path(archive, min(roots, key=len))
    for name in names:
        if nested and name.lower().endswith(".zip"):
            root = _find_root(archive.read(name), marker, nested=False)
            if root is not None:
                return root
    return None


def _is_complete(content: bytes, marker: str) -> bool:
    try:
        with _name_file_in_errors("archive"):
            return _find_root(content, marker) is not None and zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    except DatasetFileError:
        return False


@contextlib.contextmanager
def _name_file_in_errors(what: str) -> Iterator[None]:
    """Converts the exceptions of damaged archives and unreadable files to one error that names the file."""
    try:
        yield
    except DatasetFileError:
        raise
    except zipfile.BadZipFile as error:
        raise DatasetFileError(f"{what} is not a complete .zip file: {error}; download it again") from None
    except (OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DatasetFileError(f"{what} cannot be read: {reason}; give a readable copy") from None


def _describe_wanted(source: Source) -> str:
    return (
        f"give the folder with {source.marker}, a folder that holds it, or the archive {' or '.join(source.archives)}"
    )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
