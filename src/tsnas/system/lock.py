"""A lock for one job at a time in a process, and one in a folder, so that two at once do not disturb each other."""

from __future__ import annotations

import contextlib
import errno
import os
import pathlib
import socket
import threading
import warnings
from collections.abc import Iterator

from tsnas.errors import DirectoryInUseError
from tsnas.system.files import check_output_dir

try:
    import fcntl
except ImportError:  # Not on Windows.
    fcntl = None  # type: ignore[assignment]

LOCK_FILE = "in_use.lock"

# Seeds, generators and the log of TensorFlow belong to the process, so jobs in threads take turns.
_PROCESS = threading.RLock()


@contextlib.contextmanager
def exclusive(directory: str | os.PathLike[str] | None) -> Iterator[None]:
    """Keeps jobs of other threads, and other runs in the same folder, out for the length of a block.

    Another thread waits until the block ends; a folder that another run works in is an error. The folder is held by a
    lock on a file in it, which the operating system takes back from a process that is killed. The file is removed at
    the end, and the folder if it is empty then.

    Args:
        directory: path of the folder, made if missing; None for none.

    Raises:
        DirectoryInUseError: another job works in the folder.
        OutputDirError: the folder cannot be written.

    Example:
        >>> with exclusive("runs/demo/phases"):
        ...     checkpoints = Checkpoints("runs/demo/phases", job)
    """
    # The folder first: two threads that were given the same one are a mistake, and to wait would hide it.
    with _held(directory), _PROCESS:
        yield


@contextlib.contextmanager
def _held(directory: str | os.PathLike[str] | None) -> Iterator[None]:
    if directory is None:
        yield
        return
    folder = check_output_dir(directory)
    path = folder / LOCK_FILE
    lock = _locked(folder, path)
    try:
        yield
    finally:
        # Removed before it is let go, so that whoever takes it next can see that it is gone.
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(lock)
        with contextlib.suppress(OSError):
            folder.rmdir()


def _locked(folder: pathlib.Path, path: pathlib.Path) -> int:
    """The descriptor of the lock file, held by this process alone."""
    while True:
        check_output_dir(folder)
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:  # Whoever was here before has just removed the folder.
            continue
        try:
            if _take(lock, folder) and _same_file(lock, path):
                os.ftruncate(lock, 0)
                os.write(lock, f"process {os.getpid()} on {socket.gethostname()}".encode())
                return lock
        except BaseException:
            os.close(lock)
            raise
        os.close(lock)


def _take(lock: int, folder: pathlib.Path) -> bool:
    try:
        if fcntl is None:
            raise OSError(errno.ENOLCK, "no file locks on this system")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 200, 0).decode(errors="replace") or "another process"
        raise DirectoryInUseError(
            f"folder {str(folder)!r} is in use by another run ({holder}); wait until that one has ended, "
            "or give this run a folder of its own"
        ) from None
    except OSError as error:  # Some network file systems have no locks.
        warnings.warn(
            f"folder {str(folder)!r} cannot be locked ({error.strerror}); make sure that no other run uses it",
            stacklevel=2,
        )
    return True


def _same_file(lock: int, path: pathlib.Path) -> bool:
    """Whether the locked file is still the one in the folder, and not one that its last holder has removed."""
    try:
        return os.path.samestat(os.fstat(lock), path.stat())
    except FileNotFoundError:
        return False
