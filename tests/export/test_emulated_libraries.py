"""The sources of the Arduino library and of the ESP-IDF component on emulated cores, byte for byte."""

import functools
import subprocess

import numpy as np
import pytest
from models import converted, firmware, raw_windows

from tsnas.cost.board import load_board
from tsnas.data import Standardizer
from tsnas.datasets import shoulder
from tsnas.export import Firmware, emulate, export_model
from tsnas.probe.build import compile_command, firmware_dir, kernels_dir
from tsnas.space.architecture import Architecture, SensorFusion, TimeReduce
from tsnas.tflite.metadata import embed_metadata

pytestmark = [pytest.mark.emulated, pytest.mark.filterwarnings("ignore:the (model|sketch):UserWarning")]
# The emulated board, and flags for another core than its own. A Cortex-M0+ has a subset of the instructions of a
# Cortex-M4, and no floating-point unit.
CORES = {
    "cortex-m0plus": ("cortex-m4", ("-mcpu=cortex-m0plus", "-mfloat-abi=soft")),
    "cortex-m4": ("cortex-m4", ()),
    "cortex-m33": ("cortex-m33", ()),
}
OF_A_CORE = ("-mcpu=", "-mfpu=", "-mfloat-abi=")
PLATFORMS = {"arduino": "-DARDUINO=10819", "espidf": "-DESP_PLATFORM=1"}
NETWORK = Architecture(128, 6, 7, (TimeReduce(7, 8), TimeReduce(5, 12), SensorFusion(16, (3, 5), 12, True, stride=2)))


@functools.cache
def windows_of_shoulder():
    (x_train, y_train, _), (x_test, _, _) = shoulder.load_data()
    return x_train, sorted(set(y_train)), x_test[:1000]


@functools.cache
def firmware_of_shoulder():
    """A network with random weights for the data's windows, standardised as a search would."""
    x_train, classes, _ = windows_of_shoulder()
    facts = {"classes": classes, "standardization": Standardizer.fit(x_train).to_json(), "board": "nucleo_f446re"}
    return Firmware(embed_metadata(converted(NETWORK), facts), load_board("nucleo_f446re"))


@pytest.fixture
def verify(monkeypatch):
    """A function that verifies a format on a core as `verify_export` does the 'c' format."""

    def verified(found, x, format, core, *flags):
        board, for_core = CORES[core]

        def build(export, name, layers, target, *_):
            files = [*sorted((export / "src").glob("*.c")), emulate.HARNESS / "main.c"]
            folders = [f"-I{export / 'src'}", f"-I{firmware_dir() / 'core'}", f"-DTSNAS_LAYERS={layers}"]
            options = [*folders, PLATFORMS[format], "-include", str(emulate.HARNESS / "layers.h"), *for_core, *flags]
            command = compile_command(name, files, options)
            if for_core:
                # Two cores in one command confuse the compiler's choice of its own libraries.
                command = [word for word in command if word in for_core or not word.startswith(OF_A_CORE)]
            if "-DTSNAS_PORTABLE" in flags:
                command = [word for word in command if not word.startswith(str(kernels_dir() / "cmsis_nn/Source"))]
            subprocess.run([*command, "-lm", "-o", str(target)], check=True)

        def export(found, folder, _, x):
            return export_model(found, folder, format, x)

        monkeypatch.setattr(emulate, "build_image", build)
        monkeypatch.setattr(emulate, "export_model", export)
        return emulate.verify_export(found, x, board)

    return verified


@pytest.mark.parametrize(("format", "core"), [("arduino", "cortex-m0plus"), ("espidf", "cortex-m4")])
def test_every_byte_is_the_reference_s(verify, format, core):
    found = firmware()
    x = raw_windows(found, 10)
    assert verify(found, x, format, core, "-DTSNAS_PORTABLE").windows == 10


@pytest.mark.long
@pytest.mark.parametrize("kernels", ["portable", "cmsis_nn"])
@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("format", PLATFORMS)
def test_every_byte_of_a_thousand_windows_of_recordings(verify, format, core, kernels):
    x = windows_of_shoulder()[2]
    # The include path has CMSIS-NN, which the sources therefore choose without the flag.
    flags = ("-DTSNAS_PORTABLE",) if kernels == "portable" else ()
    verified = verify(firmware_of_shoulder(), x, format, core, *flags)
    assert verified.windows == 1000
    assert f"0 of {1000 * 7} output bytes differ" in str(verified)
    assert len(np.unique(verified.answers.levels, axis=0)) > 100


@pytest.mark.long
def test_arduino_s_small_code_does_not_slow_the_kernels_down(verify):
    """Cores compile with -Os; the kernels ask for -O3 themselves."""
    found = firmware()
    x = raw_windows(found, 2)
    fast, small = (
        verify(found, x, "arduino", "cortex-m4", "-DTSNAS_PORTABLE", level).instructions for level in ("-O3", "-Os")
    )
    assert small < 1.2 * fast
