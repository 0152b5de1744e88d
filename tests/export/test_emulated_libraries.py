"""The sources of the Arduino library and of the ESP-IDF component on emulated cores, byte for byte."""

import functools
import subprocess

import numpy as np
import pytest
from models import firmware, raw_windows

import tsnas
from tsnas.datasets import shoulder
from tsnas.export import Firmware, emulate, export_model
from tsnas.probe.build import compile_command, firmware_dir
from tsnas.probe.cores import CMSIS_NN, CORES, PORTABLE

pytestmark = [pytest.mark.emulated, pytest.mark.filterwarnings("ignore:the (model|sketch):UserWarning")]
PLATFORMS = {"arduino": "-DARDUINO=10819", "espidf": "-DESP_PLATFORM=1"}
SPACE = tsnas.SpaceConfig(time_reduce_filters=8, fusion_filters=16, kernel_sizes=(3, 5), extra_fusion_cells=1)

# Memory of each core's board that programs do not use.
MEMORIES = {
    "cortex-m0plus": 0x21000000,
    "cortex-m4": 0x21000000,
    "cortex-m33": 0x80000000,
    "cortex-m55": 0x60000000,
    "riscv32": 0x81000000,
}
# All kernels that can run on each core; those of the last need another compiler.
RUNS = [(core, kernels) for core in MEMORIES for kernels in CORES[core].kernels if core != "riscv32"]
RUNS.append(pytest.param("riscv32", PORTABLE, marks=pytest.mark.riscv))
# Sends the result of the self-test and then the levels of each window, and ends the emulator.
MAIN = """
#include "port.h"
#include "tsnas_selftest.h"
#include "tsnas_stream.h"
int main(void)
{
    static struct tsnas_stream stream;
    const float *at = (const float *)WINDOWS;
    probe_port_init();
    tsnas_init();
    probe_port_write((uint8_t)tsnas_selftest());
    for (int window = 0; window < COUNT; window++) {
        tsnas_stream_init(&stream, 1);
        for (int time = 0; time < TSNAS_TIME; time++, at += TSNAS_RAW_CHANNELS) {
            tsnas_stream_take(&stream, at);
        }
        for (int i = 0; i < TSNAS_CLASSES; i++) {
            probe_port_write((uint8_t)tsnas_output()[i]);
        }
    }
#ifdef __riscv
    *(volatile uint32_t *)0x00100000u = 0x5555u;
#else
    __asm volatile("mov r0, #0x18\\n ldr r1, =0x20026\\n bkpt 0xab" ::: "r0", "r1", "memory");
#endif
    return 0;
}
"""


def build_library(folder, format, core, main, flags):
    """Compiles the sources of a format with a main program to `model.elf`; warnings are errors."""
    options = [f"-I{folder / 'src'}", f"-I{firmware_dir() / 'core'}", PLATFORMS[format], *flags]
    kernels = PORTABLE if "-DTSNAS_PORTABLE" in flags else CMSIS_NN
    command = compile_command(core, [*sorted((folder / "src").glob("*.c")), main], options, kernels)
    subprocess.run([*command, "-lm", "-o", str(folder / "model.elf")], check=True)


@functools.cache
def windows_of_shoulder():
    (x_train, y_train, _), (x_test, _, _) = shoulder.load_data()
    return x_train, y_train, x_test[:1000]


@functools.cache
def firmware_of_shoulder():
    """A network trained on the data for a moment: one with random weights gives few different answers."""
    x_train, y_train, _ = windows_of_shoulder()
    settings = {"epochs": 1, "search_epochs": 1, "qat_epochs": 1, "finalists": 1, "space": SPACE}
    clf = tsnas.AutoClassifier(max_latency_ms=5, seed=0, verbose=0, **settings).fit(x_train[::4], y_train[::4])
    return Firmware.of(clf.tflite_model_)


@pytest.fixture
def verify(monkeypatch):
    """A function that verifies a format on a core as `verify_export` does the 'c' format."""

    def verified(found, x, format, core, *flags):
        def build(folder, name, layers, target, *_):
            hook = [f"-DTSNAS_LAYERS={layers}", "-include", str(emulate.HARNESS / "layers.h")]
            build_library(folder, format, core, emulate.HARNESS / "main.c", [*hook, *flags])

        def export(found, folder, _, x):
            return export_model(found, folder, format, x)

        monkeypatch.setattr(emulate, "build_image", build)
        monkeypatch.setattr(emulate, "export_model", export)
        return emulate.verify_export(found, x, core)

    return verified


@pytest.mark.parametrize(("format", "core"), [("arduino", "cortex-m0plus"), ("espidf", "cortex-m4")])
def test_every_byte_is_the_reference_s(verify, format, core):
    found = firmware()
    x = raw_windows(found, 10)
    assert verify(found, x, format, core, "-DTSNAS_PORTABLE").windows == 10


@pytest.mark.long
@pytest.mark.parametrize(("core", "kernels"), RUNS)
@pytest.mark.parametrize("format", PLATFORMS)
def test_every_byte_of_a_thousand_windows_of_recordings(tmp_path, format, core, kernels):
    """The windows are put into the memory of the board, since its serial line would take hours."""
    found, x = emulate.with_room_for(firmware_of_shoulder(), core), windows_of_shoulder()[2]
    export_model(found, tmp_path, format, x)
    (tmp_path / "main.c").write_text(MAIN)
    (tmp_path / "windows.bin").write_bytes(x.astype("<f4").tobytes())
    memory, emulator = MEMORIES[core], CORES[core].toolchain
    places = [f"-DWINDOWS={memory:#x}u", f"-DCOUNT={len(x)}"]
    # The include path has CMSIS-NN, which the sources therefore choose without the flag.
    flags = ["-DTSNAS_PORTABLE"] if kernels == PORTABLE else []
    build_library(tmp_path, format, core, tmp_path / "main.c", [*places, *flags])
    command = [emulator.emulator, *emulator.options, "-M", CORES[core].machine, "-kernel", str(tmp_path / "model.elf")]
    command += ["-display", "none", "-monitor", "none", "-serial", f"file:{tmp_path / 'levels.bin'}", "-semihosting"]
    command += ["-device", f"loader,file={tmp_path / 'windows.bin'},addr={memory:#x},force-raw=on"]
    subprocess.run(command, check=True, timeout=1200)
    differing, levels = (tmp_path / "levels.bin").read_bytes()[:1], (tmp_path / "levels.bin").read_bytes()[1:]
    expected = found.model.predict_int8(found.quantise(x))
    assert differing == b"\0"
    assert np.frombuffer(levels, np.int8).reshape(1000, 7).tolist() == expected.tolist()
    assert len(np.unique(expected, axis=0)) > 50


@pytest.mark.long
def test_arduino_s_small_code_does_not_slow_the_kernels_down(verify):
    """Cores compile with -Os; the kernels ask for -O3 themselves."""
    found = firmware()
    x = raw_windows(found, 2)
    fast, small = (
        verify(found, x, "arduino", "cortex-m4", "-DTSNAS_PORTABLE", level).instructions for level in ("-O3", "-Os")
    )
    assert small < 1.2 * fast
