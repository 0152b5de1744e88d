"""Checks what processes that share the work of one search must agree on: a seed and a folder."""

from __future__ import annotations

import json
import os
import pathlib
from typing import Any

import numpy as np

from tsnas.errors import SettingError
from tsnas.system.files import check_output_dir, write_file
from tsnas.tuning.tuner import find_role

SEED_FILE = "seed.json"


def check_team(seed: int | None, directory: str | os.PathLike[str] | None) -> str:
    """Returns the role of this process, after a check that it has everything that the role requires.

    Args:
        seed: int or None, as given.
        directory: path of the folder or None, as given.

    Returns:
        `"local"`, `"chief"` or `"worker"`.

    Raises:
        SettingError: there are several processes, but no seed or no folder.
        WorkerError: some of the environment variables are set, but not all.
    """
    own_role = find_role()
    if own_role != "local" and (seed is None or directory is None):
        raise SettingError(
            f"Several processes need one seed and one shared folder, but seed={seed!r} and directory={directory!r}; "
            "give both, the same in each process."
        )
    return own_role


def resolve_seed(seed: Any, folder: pathlib.Path) -> int:
    """Returns the given seed, or one that is drawn once and stored in a folder, so that resumed work has the same.

    Args:
        seed: int or None, as given.
        folder: path of the folder.
    """
    if seed is not None:
        return int(seed)
    path = check_output_dir(folder) / SEED_FILE
    if not path.exists():
        write_file(path, json.dumps(int(np.random.default_rng().integers(2**31))))
    return json.loads(path.read_text())
