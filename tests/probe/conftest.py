"""Emulated boards for tests."""

import pytest

from tsnas.probe.build import build
from tsnas.probe.emulator import Emulator


@pytest.fixture(scope="session")
def firmware(tmp_path_factory):
    """Builds the firmware of a core with further defines, once for each."""
    folder = tmp_path_factory.mktemp("firmware")
    return lambda core, *defines: build(core, defines, cache=folder)


@pytest.fixture(scope="module")
def board(firmware):
    with Emulator("cortex-m4", firmware("cortex-m4")) as running:
        yield running
