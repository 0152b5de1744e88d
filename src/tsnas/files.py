"""Writes files whole or not at all, and checks a folder before a long job needs it."""

from __future__ import annotations

import os
import pathlib
import tempfile

from tsnas.errors import OutputDirError


def check_output_dir(path: str | os.PathLike[str]) -> pathlib.Path:
    """Creates a folder if need be and makes sure that files can be written to it.

    Args:
        path: str or path of the folder.

    Returns:
        The folder as a pathlib.Path.

    Raises:
        OutputDirError: the folder cannot be created, is a file, or cannot be written to.

    Example:
        >>> folder = check_output_dir("runs/demo")
    """
    folder = pathlib.Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _error("output folder", folder, error) from None
    return folder


def write_file(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Writes a file whole or not at all: a reader sees the old file or the new one, never a part.

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


def _error(what: str, path: pathlib.Path, error: OSError) -> OutputDirError:
    return OutputDirError(f"{what} {path} cannot be written: {error.strerror}; choose a folder that you may write to")
