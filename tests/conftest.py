"""What test files share: the folder of shared data, small synthetic windows, and why emulated tests are skipped."""

import os
import pathlib
import shutil

import hypothesis
import numpy as np
import pytest
from toy_data import sines

from tsnas.probe.build import COMPILER, INSTALL
from tsnas.probe.emulator import EMULATOR

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
TOOLS = all(shutil.which(tool) for tool in (COMPILER, EMULATOR))


# How many examples a property is tried with; how long one takes is nobody's business.
hypothesis.settings.register_profile("fast", max_examples=20, deadline=None)
hypothesis.settings.register_profile("long", max_examples=100, deadline=None)


def pytest_configure(config):
    hypothesis.settings.load_profile("fast" if "not long" in config.option.markexpr else "long")


def pytest_collection_modifyitems(items):
    # The project's own test command installs them as root; there, their lack is an error and no reason to skip.
    if TOOLS or os.environ.get("CI"):
        return
    skip = pytest.mark.skip(reason=f"{COMPILER} and {EMULATOR} are not installed: {INSTALL}")
    for item in items:
        if "emulated" in item.keywords:
            item.add_marker(skip)


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


@pytest.fixture(scope="session")
def trained():
    """A small network, trained, quantised and converted once: a `trained_net.Trained`."""
    from trained_net import trained_net  # It loads TensorFlow, which most tests do without.

    return trained_net()
