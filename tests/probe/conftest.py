"""Emulated boards for tests."""

import fcntl
import os

import pytest

from tsnas.probe.build import build
from tsnas.probe.emulator import Emulator


@pytest.fixture(scope="session")
def firmware(tmp_path_factory):
    """Builds the firmware of a core with further defines, once for each; processes of the same run share them."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "firmware"
    folder.mkdir(exist_ok=True)

    def built(core, *defines, kernels=None):
        with open(folder / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return build(core, defines, cache=folder, kernels=kernels)

    return built


@pytest.fixture(scope="module")
def board(firmware):
    with Emulator("cortex-m4", firmware("cortex-m4")) as running:
        yield running
