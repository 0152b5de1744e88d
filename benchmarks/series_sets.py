"""Data sets of the studies of series: .npz files in a folder, their training windows, and folds of these."""

from __future__ import annotations

import itertools
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from absl import app
from sklearn.model_selection import StratifiedKFold

from tsnas.data import Standardizer, encode_labels

JUDGED_AT_ONCE = 256


def find_sets(folder: str, names: Sequence[str] | None) -> list[pathlib.Path]:
    """Returns the files of a folder in order, or those of some names; an empty list is an error of usage."""
    paths = sorted(pathlib.Path(folder).glob("*.npz"))
    paths = [path for path in paths if not names or path.stem in names]
    if not paths:
        raise app.UsageError(f"--data={folder}: there is no such data set.")
    return paths


def cases(
    argv: Sequence[str], folder: str, names: Sequence[str] | None, seeds: Sequence[str], **settings: Any
) -> list[tuple[pathlib.Path, dict[str, Any]]]:
    """Returns each set with each seed and the settings, all sets of a seed first; an argument is an error of usage."""
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    each = itertools.product(map(int, seeds), find_sets(folder, names))
    return [(path, {"set": path.stem, "seed": seed} | settings) for seed, path in each]


def answers_of(model: Any, windows: np.ndarray) -> np.ndarray:
    """Returns the probabilities (windows, classes) that a network gives windows, some at a time."""
    batches = np.array_split(windows, -(-len(windows) // JUDGED_AT_ONCE))
    return np.concatenate([model(batch, training=False).numpy() for batch in batches])


def read_training_windows(path: pathlib.Path) -> tuple[np.ndarray, np.ndarray]:
    """Returns the training windows of a file and the codes of their classes."""
    with np.load(path) as content:
        return content["x_train"].astype(np.float32), encode_labels(content["y_train"])[0]


# Sets with more windows are judged by one fold of three.
ALL_FOLDS = 150


def judged_folds(x: np.ndarray, codes: np.ndarray, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Returns those of `folds_of` that a study judges: all, or the first one where there are many windows."""
    folds = folds_of(x, codes, seed)
    return folds if len(x) <= ALL_FOLDS else folds[:1]


def folds_of(x: np.ndarray, codes: np.ndarray, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Returns (training, left out) of three folds, or of two if a class has hardly any windows."""
    count = min(3, max(2, np.bincount(codes).min()))
    return list(StratifiedKFold(count, shuffle=True, random_state=seed).split(x, codes))


# Of sets with many training windows a few are kept, at least so many of each class, and the others judge.
KEPT, FEWEST_OF_A_CLASS = 32, 4


def keep_few(codes: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the rows of about 32 windows, as many of each class, and those of all others."""
    classes = int(codes.max()) + 1
    rng = np.random.default_rng(seed)
    each = max(FEWEST_OF_A_CLASS, KEPT // classes)
    kept = np.concatenate([rng.permutation(np.flatnonzero(codes == code))[:each] for code in range(classes)])
    return kept, np.setdiff1d(np.arange(len(codes)), kept)


# Windows (windows, time, channels, 1) and the codes of their classes.
Part = tuple[np.ndarray, np.ndarray]


def few_and_judges(path: pathlib.Path, seed: int, least: int) -> tuple[Part, Part] | None:
    """Returns the few training windows of a file that `keep_few` keeps, and all others, both standardised by the few.

    None if there are fewer than `least` others.
    """
    x, codes = read_training_windows(path)
    kept, judging = keep_few(codes, seed)
    if len(judging) < least:
        return None
    windows = Standardizer.fit(x[kept])(x)[..., np.newaxis]
    return (windows[kept], codes[kept]), (windows[judging], codes[judging])
