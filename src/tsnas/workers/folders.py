"""Temporary folders of this process, which its workers remove if it is killed."""

from __future__ import annotations

import contextlib
import glob
import os
import pathlib
import shutil
import tempfile
import uuid

from tsnas.errors import WorkerError

# Where the path of a socket is short enough, whatever TMPDIR says.
SHORT_FOLDER = "/tmp"
# What `sun_path` of Linux holds, without the zero at its end.
MOST_SOCKET_BYTES = 107

# Another process might get the same ID.
_once = uuid.uuid4().hex[:8]


def prefix() -> str:
    """Returns what the names of all temporary folders of this process begin with."""
    return f"tsnas-{os.getpid()}-{_once}-"


def make_socket_folder(name: str) -> pathlib.Path:
    """Makes a temporary folder for a socket, whose path may not be long.

    Args:
        name: str, name of the socket.

    Returns:
        Path of the folder.

    Raises:
        WorkerError: `TMPDIR` is too long, and there is no other place.
    """
    longest = MOST_SOCKET_BYTES - len(f"/{prefix()}12345678/{name}".encode())
    parent = tempfile.gettempdir()
    try:
        return pathlib.Path(
            tempfile.mkdtemp(prefix=prefix(), dir=parent if len(os.fsencode(parent)) <= longest else SHORT_FOLDER)
        )
    except OSError as error:
        raise WorkerError(
            f"Worker processes need a socket, whose path may have {MOST_SOCKET_BYTES} bytes, and none can be made in "
            f"TMPDIR={parent} or {SHORT_FOLDER} ({error.strerror}). Set TMPDIR to a folder that can be written to, "
            f"with a path of at most {longest} bytes."
        ) from None


def remove_folders(names: str) -> None:
    """Removes temporary folders, for a process that can no longer do it.

    Args:
        names: str, what their names begin with, as its `prefix` returns it.
    """
    for parent in {tempfile.gettempdir(), SHORT_FOLDER}:
        for folder in glob.glob(f"{glob.escape(parent)}/{names}*"):
            with contextlib.suppress(OSError):
                shutil.rmtree(folder)
