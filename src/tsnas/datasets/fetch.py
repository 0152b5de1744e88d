"""Finds the files of a data set: at a path, in the folder of local copies, or by one checked download."""

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

LOCAL = "TSNAS_DATA"
BY_HAND = f"fetch the archive by other means, and give it as path= or put it into the folder that {LOCAL} names"
TIMEOUT_S = 30
CHUNK_BYTES = 1 << 18
DEPTHS = ("", "*/", "*/*/")


@dataclasses.dataclass(frozen=True)
class Source:
    """Where a data set comes from, and how its files are known.

    Args:
        name: str, as messages call it.
        marker: str, a file of the release, as a path inside its folder: where it lies, the release is.
        archives: tuple of str, names under which the archive is looked for in a folder.
        url: str, where the official archive is; it is kept under the first of `archives`.
        sha256: str, checksum of that archive. Defaults to None: none is known, and it is only tested for being whole.
    """

    name: str
    marker: str
    archives: tuple[str, ...]
    url: str
    sha256: str | None = None


@dataclasses.dataclass(frozen=True)
class Release:
    """The files of a data set, in a folder, or in an archive that is read where it lies and never unpacked.

    Args:
        source: `Source`.
        place: path of the folder or of the archive.
        root: the folder of the release, on disk or inside the archive.
        downloaded: bool, whether it is the official archive, and no copy of the caller's. Defaults to False.
    """

    source: Source
    place: pathlib.Path
    root: pathlib.Path | zipfile.Path
    downloaded: bool = False

    def read(self, name: str) -> bytes:
        """The bytes of a file; `name` is its path inside the release.

        Raises:
            DatasetFileError: the file is missing, or the archive is damaged.
        """
        with _readable(self.label(name)):
            file = self.root / name
            if not file.is_file():
                raise DatasetFileError(f"{self.label(name)} is missing; give a complete copy of the release")
            return file.read_bytes()

    def label(self, name: str) -> str:
        """How messages call a file."""
        return f"{self.source.name}: file {name} in {self.place}"


def find(source: Source, path: str | os.PathLike[str] | None = None, verbose: int = 1) -> Release:
    """The files of a data set: at `path`, else in the folder that TSNAS_DATA names, else downloaded once.

    Args:
        source: `Source`.
        path: str or path of the release's folder, of a folder that holds it (at most two folders deep) or its archive,
            or of the archive, which may lie in another. Defaults to None.
        verbose: int, 1 for a bar while downloading, 2 for a line, 0 for neither. Defaults to 1.

    Returns:
        `Release`.

    Raises:
        DatasetFileError: `path`, TSNAS_DATA or the archive does not hold the data set.
        DownloadError: the archive cannot be downloaded, or is not the one that is expected.
        OutputDirError: it cannot be kept, because the cache folder cannot be written to.

    Example:
        >>> find(uci_har.SOURCE, "UCI HAR Dataset.zip").read("README.txt")
    """
    if path is not None:
        if not isinstance(path, str | os.PathLike):
            raise DatasetFileError(f"{source.name}: path is {path!r} ({type(path).__name__}); {_wanted(source)}")
        return _at(source, pathlib.Path(path), _wanted(source))
    if local := os.environ.get(LOCAL):
        if not os.path.isdir(local):
            raise DatasetFileError(
                f"{source.name}: {LOCAL}={local} is no folder; set it to the folder with your copies of data sets, or "
                "unset it to download them"
            )
        return _at(source, pathlib.Path(local), f"put a copy there, or unset {LOCAL} to download it")
    archive = download(source, verbose)
    return dataclasses.replace(_in_archive(source, archive), downloaded=True)


def download(source: Source, verbose: int = 1) -> pathlib.Path:
    """The official archive in the cache folder ($XDG_CACHE_HOME/tsnas, else ~/.cache/tsnas), fetched if need be.

    It is written whole and only if it is the expected one, or not at all.

    Args:
        source: `Source`.
        verbose: int, 1 for a bar, 2 for a line, 0 for neither. Defaults to 1.

    Returns:
        Its path.

    Raises:
        DownloadError: no network, an interrupted transfer, or another file than the expected one.
        DatasetFileError: the kept archive has changed.
        OutputDirError: the cache folder cannot be written to.
    """
    target = cache_dir() / source.archives[0]
    if target.is_file():
        with _readable(f"{source.name}: archive {target}"):
            found = _sha256(target.read_bytes())
        if source.sha256 not in (None, found):
            raise DatasetFileError(
                f"{source.name}: archive {target} has SHA-256 {found}, but {source.sha256} is expected; delete it, and "
                "it is downloaded again"
            )
        return target
    check_output_dir(target.parent)
    content = _transfer(source, verbose)
    problem = ""
    if source.sha256 is None:
        problem = "" if _is_whole(content, source.marker) else f"are no whole archive with {source.marker}"
    elif (found := _sha256(content)) != source.sha256:
        problem = f"have SHA-256 {found}, but {source.sha256} is expected"
    if problem:
        raise DownloadError(
            f"{source.name}: the {len(content):,} bytes from {source.url} {problem}, so they were not kept; {BY_HAND}"
        )
    write_file(target, content)
    if verbose == 2:
        print(f"{source.name}: {len(content):,} bytes from {source.url} kept as {target}")
    return target


def _transfer(source: Source, verbose: int) -> bytes:
    import http.client
    import urllib.error
    import urllib.request

    from tqdm.auto import tqdm

    content = bytearray()
    try:
        request = urllib.request.Request(source.url, headers={"User-Agent": "tsnas"})
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            size = int(response.headers.get("Content-Length") or 0) or None
            bar = tqdm(total=size, desc="download", unit="B", unit_scale=True, disable=verbose != 1, dynamic_ncols=True)
            with bar:
                while chunk := response.read(CHUNK_BYTES):
                    content += chunk
                    bar.update(len(chunk))
        reason = f"the transfer ended after {len(content):,} of {size:,} bytes" if size and len(content) < size else ""
    except urllib.error.HTTPError as error:
        reason = f"the server answers {error.code} {error.reason}"
    except urllib.error.URLError as error:
        reason = f"the server cannot be reached ({error.reason})"
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = f"the transfer ended after {len(content):,} bytes ({error or type(error).__name__})"
    if reason:
        raise DownloadError(f"{source.name} cannot be downloaded from {source.url}: {reason}; {BY_HAND}")
    return bytes(content)


def _at(source: Source, place: pathlib.Path, advice: str) -> Release:
    """The release in a folder or an archive of the caller's."""
    with _readable(f"{source.name}: {place}"):
        if place.name == source.marker and place.is_file():
            return Release(source, place.parent, place.parent)
        if place.is_file():
            return _in_archive(source, place)
        if not place.is_dir():
            raise DatasetFileError(f"{source.name}: {place} does not exist; {advice}")
        for depth in DEPTHS:
            for file in sorted(place.glob(depth + source.marker)):
                root = file.parents[source.marker.count("/")]
                return Release(source, root, root)
        for name in source.archives:
            if (place / name).is_file():
                return _in_archive(source, place / name)
    raise DatasetFileError(
        f"{source.name}: folder {place} holds neither {source.marker}, at most two folders deep, nor "
        f"{' nor '.join(source.archives)}; {advice}"
    )


def _in_archive(source: Source, place: pathlib.Path) -> Release:
    with _readable(f"{source.name}: archive {place}"):
        root = _root_in(place.read_bytes(), source.marker)
    if root is None:
        raise DatasetFileError(f"{source.name}: archive {place} holds no {source.marker}; {_wanted(source)}")
    return Release(source, place, root)


def _root_in(content: bytes, marker: str, nested: bool = True) -> zipfile.Path | None:
    """The folder of the release inside an archive, or inside an archive in it."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    # macOS adds a shadow of each file under this name.
    names = [name for name in archive.namelist() if not name.startswith("__MACOSX/")]
    roots = [name.removesuffix(marker) for name in names if name == marker or name.endswith(f"/{marker}")]
    if roots:
        return zipfile.Path(archive, min(roots, key=len))
    for name in names:
        if nested and name.lower().endswith(".zip"):
            root = _root_in(archive.read(name), marker, nested=False)
            if root is not None:
                return root
    return None


def _is_whole(content: bytes, marker: str) -> bool:
    try:
        with _readable("archive"):
            return _root_in(content, marker) is not None and zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    except DatasetFileError:
        return False


@contextlib.contextmanager
def _readable(what: str) -> Iterator[None]:
    """Turns what damaged archives and unreadable files raise into one error that names them."""
    try:
        yield
    except DatasetFileError:
        raise
    except zipfile.BadZipFile as error:
        raise DatasetFileError(f"{what} is no whole .zip file: {error}; fetch it again") from None
    except (OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DatasetFileError(f"{what} cannot be read: {reason}; give a copy that can be") from None


def _wanted(source: Source) -> str:
    return (
        f"give the folder with {source.marker}, a folder that holds it, or the archive {' or '.join(source.archives)}"
    )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
