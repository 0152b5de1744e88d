"""Which windows train and which test: users kept apart, windows at random, or the shapes of SkodaR."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from tsnas.datasets import Dataset, load_npz, skoda, uci_har

USERS, RANDOM_WINDOWS, SKODA, SKODA_SYNTHETIC = "users", "random windows", "SkodaR", "SkodaR, synthetic"
# Where users are known, what pays for strangers does not: sensors need not be turned, and more passes remember more.
# Found on folds of the training part (`benchmarks.training --random_windows`); the default makes 22 to 32 passes here.
RANDOM_LONGER = "random windows, 90 passes"
LONGER = {"epochs": 90, "axes": ()}
# Signals that nobody recorded: no training makes their scores mean anything.
HARDLY = {"epochs": 1, "qat_epochs": 1}

# Share of the windows that the second protocol tests on, and the seed of that split.
TEST_SHARE, SPLIT_SEED = 0.3, 0
# In quick runs one of so many windows is used.
THINNED = 12


def load(protocol: str, sources: dict[str, str | None]) -> Dataset:
    """The windows of a protocol.

    Args:
        protocol: str. `"users"`: UCI-HAR, official split, test users are in no training window. `"random windows"`:
            all windows of UCI-HAR, 30% of each class drawn at random for testing, no groups; windows overlap by half,
            and those of a user are on both sides, so that scores are optimistic. `"random windows, 90 passes"`: the
            same windows. `"SkodaR"`: its official archive.
            `"SkodaR, synthetic"`: noise of its shapes, for costs only; networks are hardly trained.
        sources: dict with `"uci_har"` and `"skoda"`: a path, or None for the package's own way to the data. UCI-HAR may
            be a .npz file.

    Returns:
        `Dataset`.

    Raises:
        DatasetFileError: the data are not there.
    """
    if protocol == SKODA:
        return Dataset(*sum(skoda.load_data(sources["skoda"]), ()))
    if protocol == SKODA_SYNTHETIC:
        return _synthetic(windows=600, shape=(64, 30), classes=10)
    path = sources["uci_har"]
    data = (
        load_npz(path) if path and pathlib.Path(path).suffix == ".npz" else Dataset(*sum(uci_har.load_data(path), ()))
    )
    if protocol == USERS:
        return data
    x, y = np.concatenate([data.x_train, data.x_test]), np.concatenate([data.y_train, data.y_test])
    train, test = train_test_split(np.arange(len(x)), test_size=TEST_SHARE, stratify=y, random_state=SPLIT_SEED)
    return Dataset(x[train], y[train], None, x[test], y[test])


def settings(protocol: str) -> dict[str, Any]:
    """What a protocol sets in `AutoClassifier` beside its defaults."""
    return dict({RANDOM_LONGER: LONGER, SKODA_SYNTHETIC: HARDLY}.get(protocol, {}))


def shortened(data: Dataset) -> Dataset:
    """One of twelve windows, for runs that only show that everything works."""
    groups = data.groups_train
    return Dataset(
        data.x_train[::THINNED],
        data.y_train[::THINNED],
        None if groups is None else groups[::THINNED],
        data.x_test[::THINNED],
        data.y_test[::THINNED],
    )


def _synthetic(windows: int, shape: tuple[int, int], classes: int) -> Dataset:
    """Noise with a tone for each class."""
    random = np.random.default_rng(0)
    y = np.arange(windows) % classes
    tones = np.sin(np.outer(y + 1, np.arange(shape[0])) * 2 * np.pi / shape[0])
    x = (random.normal(size=(windows, *shape)) + tones[:, :, np.newaxis]).astype(np.float32)
    part = windows * 4 // 5
    return Dataset(x[:part], y[:part], None, x[part:], y[part:])
