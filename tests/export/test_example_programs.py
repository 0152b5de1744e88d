"""The main programs of the other formats, run on this machine against stand-ins of their platforms."""

import pathlib
import subprocess

import pytest
from models import firmware
from on_pc import FLAGS, compile_export, compile_program

from tsnas.data import Signal
from tsnas.export import FORMATS, export_model
from tsnas.export.rate import LEAST_HZ, MOST_HZ

HERE = pathlib.Path(__file__).parent
# Stand-in, folder of the sources, main program.
PLATFORMS = {
    "mbed": ("mbed_stub", "tsnas", "main.cpp"),
    "zephyr": ("zephyr_stub", "src", "samples/classify/src/main.c"),
    "espidf": ("idf_stub", "src", "examples/classify/main/main.c"),
}
TIMER = """
#include <stdio.h>
#include <stdlib.h>
#include "tsnas_timer.h"
/* Of a clock that is looked at every `step` microseconds, prints when samples are taken, and how many are due then. */
int main(int count, char **arguments)
{
    const uint32_t step = (uint32_t)atoi(arguments[count - 1]);
    struct tsnas_timer timer;
    uint32_t now_us = 0xfff00000u;
    tsnas_timer_start(&timer, now_us);
    for (uint32_t past_us = 0; past_us < 2000000; past_us += step, now_us += step) {
        const uint32_t due = tsnas_timer_due(&timer, now_us);
        if (due) {
            printf("%u %u\\n", (unsigned)past_us, (unsigned)due);
        }
    }
    return 0;
}
"""


def run_example(folder, format, *defines):
    stub, sources, program = PLATFORMS[format]
    # mbed.h is found in the stand-in, and its program names the folder of the sources.
    flags = ("-DTSNAS_PORTABLE", *defines, f"-I{folder}")
    path = compile_program(folder, sources, program, HERE / stub, flags)
    return subprocess.run([path], capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()


@pytest.mark.parametrize("rate_hz", [100, 12.5])
@pytest.mark.parametrize("format", PLATFORMS)
def test_it_samples_at_the_rate_of_the_model(tmp_path, format, rate_hz):
    found = firmware(signal=Signal(window=32, stride=1, rate_hz=rate_hz))
    export_model(found, tmp_path, format)
    lines = run_example(tmp_path, format, "-DLIMIT_US=10000000")
    assert lines[0] == "Kernels: portable"
    assert lines[1] == "Self-test: every level is that of the reference."
    # A class for each sample, once the first window is full.
    assert len([line for line in lines if line in found.classes]) + 31 == pytest.approx(10 * rate_hz, abs=1)


@pytest.mark.parametrize("format", PLATFORMS)
def test_without_a_rate_it_says_what_is_missing(tmp_path, capfd, format):
    with pytest.warns(UserWarning, match="does not say how many raw samples per second"):
        export_model(firmware(), tmp_path, format)
    with pytest.raises(subprocess.CalledProcessError):
        run_example(tmp_path, format, "-DLIMIT_US=1")
    assert "export it again with --rate_hz=RATE" in capfd.readouterr().err


@pytest.mark.parametrize("format", [name for name in FORMATS if name != "tflite"])
def test_every_format_has_the_rate_in_its_header(tmp_path, format):
    export_model(firmware(), tmp_path, format, rate_hz=100, **({"units": ["g"]} if format == "arduino" else {}))
    (header,) = tmp_path.glob("*/tsnas.h")
    assert "#define TSNAS_RATE_HZ 100.0f" in header.read_text()
    assert "#define TSNAS_PERIOD_NS 10000000LL" in header.read_text()


def timer_program(folder, rate_hz):
    with pytest.warns(UserWarning, match="Nano33BLESense"):
        export_model(firmware(), folder, "arduino", rate_hz=rate_hz)
    return compile_export(folder, TIMER, folder / "timer", sources="src")


@pytest.mark.parametrize(("rate_hz", "step_us"), [(100, 7), (104, 3), (6400, 5), (0.8, 100)])
def test_the_timer_keeps_the_rate_through_the_wrap_of_the_clock(tmp_path, rate_hz, step_us):
    program = timer_program(tmp_path, rate_hz)
    lines = subprocess.run([program, str(step_us)], capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(lines) == pytest.approx(2 * rate_hz, abs=1)
    for number, line in enumerate(lines):
        past_us, due = map(int, line.split())
        # Whole microseconds, rounded down.
        assert -1 < past_us - number * 1e6 / rate_hz <= step_us
        assert due == 1


def test_samples_that_came_due_meanwhile_follow_at_once(tmp_path):
    program = timer_program(tmp_path, 100)
    lines = subprocess.run([program, "25000"], capture_output=True, text=True, check=True).stdout.splitlines()
    # Every 25 ms, 2.5 samples are due, of which one is taken: it falls behind by 1.5 each time.
    assert [int(line.split()[1]) for line in lines[:5]] == [1, 2, 4, 5, 7]


@pytest.mark.parametrize("rate_hz", [LEAST_HZ, MOST_HZ])
def test_sources_compile_at_either_end_of_the_range(tmp_path, rate_hz):
    assert timer_program(tmp_path, rate_hz).exists()
    assert "-Wextra" in FLAGS
