"""Fixtures that several test files share: the folder of shared data, and small synthetic windows."""

import os
import pathlib

import numpy as np
import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_dir() -> pathlib.Path:
    """The folder with reference data: $TSNAS_SHARED, else `shared` beside the repository."""
    folder = pathlib.Path(os.environ.get("TSNAS_SHARED", REPOSITORY.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"reference data not found: no folder {folder} (set TSNAS_SHARED to where it is)")
    return folder


def sines(windows: int, length: int = 32, channels: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Sines of random phase plus noise; the class (0, 1 or 2) is the frequency."""
    rng = np.random.default_rng(seed)
    labels = np.arange(windows) % 3
    cycles = np.array([1.0, 3.0, 6.0])[labels]
    phase = rng.uniform(0, 2 * np.pi, size=(windows, 1, channels))
    time = np.arange(length)[None, :, None] / length
    x = np.sin(2 * np.pi * cycles[:, None, None] * time + phase)
    x += 0.1 * rng.standard_normal(x.shape)
    return x.astype(np.float32), labels


@pytest.fixture
def toy_windows() -> tuple[np.ndarray, np.ndarray]:
    """Ninety windows of shape (32, 3) in three classes that differ in frequency: (x, y)."""
    return sines(90)


@pytest.fixture
def toy_test_windows() -> tuple[np.ndarray, np.ndarray]:
    """Thirty windows drawn as `toy_windows` are, with another seed: (x, y)."""
    return sines(30, seed=1)
