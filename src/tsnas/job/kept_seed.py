"""Seed of work that can be resumed: the given one, or one that is drawn once and kept in the folder of the work."""

from __future__ import annotations

import json
import pathlib

import numpy as np

from tsnas.system.files import check_output_dir, write_file

SEED_FILE = "seed.json"


def kept_seed(seed: int | None, folder: pathlib.Path | None) -> int:
    """Returns the given seed, or the one in a folder, where it is put if there is none.

    Args:
        seed: int or None, as given.
        folder: path of the folder, created if needed; None keeps nothing.

    Returns:
        int.

    Raises:
        OutputDirError: the folder cannot be written.
    """
    if seed is not None:
        return int(seed)
    drawn = int(np.random.default_rng().integers(2**31))
    if folder is None:
        return drawn
    path = check_output_dir(folder) / SEED_FILE
    if not path.exists():
        write_file(path, json.dumps(drawn))
    return json.loads(path.read_text())
