"""What processes that share the work of one search must agree on: a seed and a folder."""

from __future__ import annotations

import json
import os
import pathlib
from typing import Any

import numpy as np

from tsnas.errors import SettingError
from tsnas.system.files import check_output_dir, write_file
from tsnas.tuning.tuner import role

SEED_FILE = "seed.json"


def check_team(seed: int | None, directory: str | os.PathLike[str] | None) -> str:
    """The role of this process, if it has what it needs for that.

    Args:
        seed: int or None, as it was given.
        directory: path of the folder, or None, as it was given.

    Returns:
        `"local"`, `"chief"` or `"worker"`.

    Raises:
        SettingError: several processes, but no seed or no folder.
        WorkerError: variables that do not fit together.
    """
    own_role = role()
    if own_role != "local" and (seed is None or directory is None):
        raise SettingError(
            f"Several processes need one seed and one shared folder, but seed={seed!r} and directory={directory!r}; "
            "give both, the same in each process."
        )
    return own_role


def kept_seed(seed: Any, folder: pathlib.Path) -> int:
    """The given seed, or one that is drawn once and kept in a folder, so that interrupted work goes on with it."""
    if seed is not None:
        return int(seed)
    path = check_output_dir(folder) / SEED_FILE
    if not path.exists():
        write_file(path, json.dumps(int(np.random.default_rng().integers(2**31))))
    return json.loads(path.read_text())
