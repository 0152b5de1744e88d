"""Emulated boards for tests; tests that need them say why they are skipped where they cannot be had."""

import os
import shutil

import pytest

from tsnas.probe.emulator import EMULATOR, Emulator
from tsnas.probe.firmware import COMPILER, INSTALL, build

TOOLS = all(shutil.which(tool) for tool in (COMPILER, EMULATOR))


def pytest_collection_modifyitems(items):
    # The project's own test command installs them as root; there, their lack is an error and no reason to skip.
    if TOOLS or os.environ.get("CI"):
        return
    skip = pytest.mark.skip(reason=f"{COMPILER} and {EMULATOR} are not installed: {INSTALL}")
    for item in items:
        if "emulated" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def firmware(tmp_path_factory):
    """Builds the firmware of a core with further defines, once for each."""
    folder = tmp_path_factory.mktemp("firmware")
    return lambda core, *defines: build(core, defines, cache=folder)


@pytest.fixture(scope="module")
def board(firmware):
    with Emulator("cortex-m4", firmware("cortex-m4")) as running:
        yield running
