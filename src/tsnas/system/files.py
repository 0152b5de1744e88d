"""File helpers: atomic writes, a check of output folders before a long job, and JSON that may be anything."""

from __future__ import annotations

import json
import os
import pathlib
import struct
import tempfile
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

from tsnas.errors import OutputDirError

# What NumPy, and the reader of zip archives beneath it, raise for a damaged .npz file, beside ValueError.
NPZ_ERRORS = (
    OSError,
    EOFError,
    KeyError,
    TypeError,
    SyntaxError,
    MemoryError,
    RuntimeError,
    OverflowError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)

# Processes that share a folder remove it while it is empty; one of them that is there to stay sees that a few times.
MOST_REMOVALS = 20


def cache_dir() -> pathlib.Path:
    """Returns the folder for what can be built or downloaded again: $XDG_CACHE_HOME/tsnas, else ~/.cache/tsnas."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (pathlib.Path(root) if root else pathlib.Path.home() / ".cache") / "tsnas"


def check_output_dir(path: str | os.PathLike[str]) -> pathlib.Path:
    """Creates a folder if necessary and makes sure that files can be written to it.

    Args:
        path: str or path of the folder.

    Returns:
        `pathlib.Path` of the folder.

    Raises:
        OutputDirError: the folder cannot be created, is a file, or cannot be written to, or `path` is not a path.

    Example:
        >>> folder = check_output_dir("runs/demo")
    """
    if not isinstance(path, str | os.PathLike):
        raise OutputDirError(f"output folder is {path!r} ({type(path).__name__}); give the path of a folder")
    folder = pathlib.Path(path)
    removals = 0
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except (OSError, ValueError) as error:
            # Another process may just have removed it, because it was empty.
            removals += 1
            if not isinstance(error, FileNotFoundError) or removals > MOST_REMOVALS:
                raise _error("output folder", folder, error) from None


def write_file(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Writes a file atomically: a reader sees the old file or the new one, never a part of it.

    Args:
        path: str or path of the file; its folder must exist.
        content: str, written as UTF-8, or bytes.

    Raises:
        OutputDirError: the file cannot be written.

    Example:
        >>> write_file("runs/demo/metrics.json", json.dumps(metrics))
    """
    target = pathlib.Path(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(temporary, target)
    except OSError as error:
        raise _error("file", target, error) from None
    finally:
        temporary.unlink(missing_ok=True)


def write_files(directory: str | os.PathLike[str], files: Mapping[str, str | bytes]) -> list[pathlib.Path]:
    """Writes files into a folder, each atomically; the folders that their names need are created.

    Args:
        directory: str or path of the folder.
        files: mapping of names, which may have folders of their own, to contents, as in `write_file`.

    Returns:
        list of their paths, in the order of `files`.

    Raises:
        OutputDirError: as in `check_output_dir` and `write_file`.

    Example:
        >>> write_files("runs/firmware", {"README.md": "...", "src/main.c": "..."})
    """
    folder = check_output_dir(directory)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, content)
    return [folder / name for name in files]


def parse_json(content: str | bytes) -> Any:
    """Parses JSON that may be anything.

    Args:
        content: str or bytes.

    Returns:
        The value as dict, list, str, int, float, bool or None.

    Raises:
        ValueError: text that is not JSON, or is too deeply nested.

    Example:
        >>> parse_json(b'{"seed": 0}')
        {'seed': 0}
    """
    try:
        return json.loads(content)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _error(what: str, path: pathlib.Path, error: OSError | ValueError) -> OutputDirError:
    # A ValueError is what no file name may hold, such as a null character.
    reason = error.strerror if isinstance(error, OSError) else error
    return OutputDirError(f"{what} {str(path)!r} cannot be written: {reason}; choose a folder that you may write to")
