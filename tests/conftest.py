"""Fixtures that several test files share: the folder of shared data, and small synthetic windows."""

import os
import pathlib

import numpy as np
import pytest
from toy_data import sines

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_dir() -> pathlib.Path:
    """The folder with reference data: $TSNAS_SHARED, else `shared` beside the repository."""
    folder = pathlib.Path(os.environ.get("TSNAS_SHARED", REPOSITORY.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"reference data not found: no folder {folder} (set TSNAS_SHARED to where it is)")
    return folder


@pytest.fixture
def toy_windows() -> tuple[np.ndarray, np.ndarray]:
    """Ninety windows of shape (32, 3) in three classes that differ in frequency: (x, y)."""
    return sines(90)


@pytest.fixture
def toy_test_windows() -> tuple[np.ndarray, np.ndarray]:
    """Thirty windows drawn as `toy_windows` are, with another seed: (x, y)."""
    return sines(30, seed=1)
