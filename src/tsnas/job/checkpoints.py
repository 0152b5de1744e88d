"""Checkpoints: finished phases of a job in a folder, so that an interrupted job can resume."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from tsnas.data import Windows
from tsnas.system.files import NPZ_ERRORS, check_output_dir, write_file


class Checkpoints:
    """Results of the phases of one job.

    A phase of another job (other data, settings or version), or a damaged one, is ignored, and replaced when this job
    reaches it.

    Args:
        directory: path of the folder, created if missing; None keeps nothing.
        job: sequence of arrays, `Windows`, None, and JSON values that together define the job.

    Example:
        >>> checkpoints = Checkpoints("runs/demo/phases", [x, y, {"seed": 0}])
        >>> checkpoints.save("search", {"seed": 0}, [weights])
        >>> values, arrays = checkpoints.load("search")
    """

    def __init__(self, directory: str | os.PathLike[str] | None, job: Sequence[Any] = ()):
        # Tried now rather than at the end of a long phase, but removed again if nothing is in it.
        self._folder = None if directory is None else check_output_dir(directory)
        self.fingerprint = "" if directory is None else _digest(job)
        self._remove_if_empty()

    def load(self, phase: str) -> tuple[dict[str, Any], list[np.ndarray]] | None:
        """Returns the values and arrays of a finished phase of this job; None if they are missing or unreadable."""
        path = self._path(phase)
        if path is None or not path.exists():
            return None
        try:
            with np.load(path, allow_pickle=False) as content:
                text, digest = str(content["values"]), str(content["digest"])
                arrays = [content[f"array_{index}"] for index in range(len(content.files) - 2)]
        except (ValueError, *NPZ_ERRORS):
            return None
        # The digest covers the job and everything that was written, so altered files are ignored.
        return (json.loads(text), arrays) if digest == _digest([self.fingerprint, text, *arrays]) else None

    def save(self, phase: str, values: dict[str, Any], arrays: Sequence[np.ndarray] = ()) -> None:
        """Saves the outcome of a phase; the file is written whole or not at all."""
        path = self._path(phase)
        if path is None:
            return
        buffer = io.BytesIO()
        named: dict[str, Any] = {f"array_{index}": array for index, array in enumerate(arrays)}
        text = json.dumps(values)
        named |= {"values": np.array(text), "digest": np.array(_digest([self.fingerprint, text, *arrays]))}
        np.savez(buffer, **named)
        check_output_dir(path.parent)
        write_file(path, buffer.getvalue())

    def clear(self) -> None:
        """Removes the files, and the folder if nothing else is in it."""
        if self._folder is None:
            return
        for path in self._folder.glob("phase_*.npz"):
            path.unlink()
        self._remove_if_empty()

    def _remove_if_empty(self) -> None:
        if self._folder is not None:
            # Other processes may work in it, so it may not be empty, or already be gone.
            with contextlib.suppress(OSError):
                self._folder.rmdir()

    def _path(self, phase: str) -> pathlib.Path | None:
        return None if self._folder is None else self._folder / f"phase_{phase}.npz"


def _digest(job: Sequence[Any]) -> str:
    digest = hashlib.sha256()
    for part in job:
        if isinstance(part, np.ndarray):
            digest.update(f"{part.dtype} {part.shape}".encode())
            digest.update(np.ascontiguousarray(part).data)
        elif isinstance(part, Windows):
            digest.update(part.digest.encode())
        else:
            digest.update(json.dumps(part, sort_keys=True).encode())
    return digest.hexdigest()
